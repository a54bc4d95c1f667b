// What happens when something is refused: counted at once, written to the record at the 1st, 2nd,
// 4th, 8th ... time, said on stderr the first time.
//
// Everything here is async-signal-safe, takes no lock, allocates nothing and keeps errno.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/policy.h"
#include "core/reasons.h"

namespace hfoffline::shim {

struct Refusal {
  Reason reason = Reason::none;
  std::string_view operation;
  std::string_view target;
  std::string_view host;
  std::int32_t port = -1;
  int error = 0;
  std::string_view error_text;          // for what is not an errno
  std::string_view verdict = "refuse";  // core/record.h
  std::string_view rule;
};

// Identifies a repeated refusal without formatting it: any 64 bits that the same operation on the
// same target share.
std::uint64_t refusal_key(std::string_view operation, const void* target, std::size_t size,
                          std::uint64_t extra = 0);

// Counts one more of a refusal that was reported before under this key in the running test. True:
// that is all there is to do. False: it is new, or due to be written; call report().
bool count_repeated(std::uint64_t key, Reason reason);

void report(std::uint64_t key, const Refusal& refusal);
inline void report(const Refusal& refusal) {
  report(refusal_key(refusal.operation, refusal.target.data(), refusal.target.size()), refusal);
}

// A managed variable that the program or its parent wanted otherwise. Recorded once per process and
// variable.
void report_environment(Reason reason, std::string_view operation, std::string_view name,
                        const VariableRow& row);

// Writes the final counts of refusals whose last line does not tell them. Before exec and at exit;
// does nothing in a vfork child, whose parent goes on.
void flush_counts();
// The same for our destructor, after which nobody calls again: later counts are written at once.
void flush_counts_at_end();

// Since this process was started.
std::uint64_t own_refusal_count(Kind kind);

}  // namespace hfoffline::shim
