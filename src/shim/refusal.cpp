#include "shim/refusal.h"

#include "core/diagnostic.h"
#include "core/errnos.h"
#include "core/hash.h"
#include "core/record.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/current_test.h"
#include "shim/mapping.h"
#include "shim/message.h"
#include "shim/policy_source.h"
#include "shim/process_facts.h"
#include "shim/quiet_write.h"
#include "shim/refusal_table.h"
#include "shim/shared_state.h"
#include "shim/start_data.h"

namespace hfoffline::shim {
namespace {

constexpr std::size_t kCountBytes = 32;  // what comes behind the kept part of a line
START_DATA std::uint64_t own_counts[static_cast<std::size_t>(Reason::count)];

constexpr std::string_view kTimeStart = "\"time\":\"";
constexpr std::size_t kTimeBytes = 24;

std::uint64_t with_test(std::uint64_t key) {
  const std::uint64_t result = key ^ current_test_hash();
  return result != 0 ? result : 1;
}

// Other libraries' destructors may come after ours: from then on each count is written at once.
START_DATA bool no_later_flush;

constexpr bool is_power_of_two(std::uint64_t value) { return (value & (value - 1)) == 0; }

bool is_network(Kind kind) {
  return kind == Kind::egress || kind == Kind::name || kind == Kind::probe;
}

// What is allowed and recorded all the same: it counts, and is no violation.
bool is_let_through(Kind kind) {
  if (kind == Kind::allow) return true;
  if (kind == Kind::exec) return policy().header().unshimmed == Unshimmed::kAllow;
  return kind == Kind::write ? policy().audits_writes() : policy().audit() && is_network(kind);
}

void count_totals(Reason reason) {
  RunState& state = run_state();
  auto& counters = is_let_through(reason_info(reason).kind) ? state.audited : state.refused;
  __atomic_fetch_add(&counters[static_cast<std::size_t>(reason)], 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&own_counts[static_cast<std::size_t>(reason)], 1, __ATOMIC_RELAXED);
}

void now(std::uint64_t* seconds, std::uint32_t* milliseconds) {
  std::int64_t clock[2] = {};
  sys::clock_realtime(clock);
  *seconds = static_cast<std::uint64_t>(clock[0]);
  *milliseconds = static_cast<std::uint32_t>(clock[1] / 1000000);
}

void lose_record() {
  __atomic_fetch_add(&run_state().lost_records, 1, __ATOMIC_RELAXED);
  static std::uint32_t said;
  if (__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED) == 0 && !policy().quiet()) {
    char text[512];
    Appender message(text);
    message.add("hfoffline: the record ")
        .add(slice(policy().text(policy().header().record_file), 0, 400));
    message.add(" cannot be written; refusals go on, but lines are lost\n");
    write_message(message.view());
  }
}

// One open, one write, one close: no descriptor stays behind, and a line is whole or counted as
// lost.
void write_line(std::string_view line) {
  const std::string_view file = policy().text(policy().header().record_file);
  if (file.empty()) return;
  const long descriptor = sys::open(
      file.data(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
  if (descriptor < 0) return lose_record();
  RunState& state = run_state();
  // A full disk cut the line before: start afresh, in the same write.
  const bool torn = __atomic_exchange_n(&state.torn_record, 0, __ATOMIC_RELAXED) != 0;
  const WritePart parts[2] = {{"\n", torn ? 1UL : 0UL}, {line.data(), line.size()}};
  long written = write_quietly(static_cast<int>(descriptor), parts, 2);
  if (torn && written > 0) --written;
  sys::close(static_cast<int>(descriptor));
  if (written != static_cast<long>(line.size())) {
    if (written > 0) __atomic_store_n(&state.torn_record, 1, __ATOMIC_RELAXED);
    lose_record();
  }
}

// The kept line with the present time and count.
void write_entry(RefusalEntry& entry, std::uint64_t count, char* text, std::size_t size) {
  Appender line(text, size);
  line.add({entry.line, entry.length});
  const std::size_t time_at = std::string_view("{\"schema\":1,").size() + kTimeStart.size();
  std::uint64_t seconds = 0;
  std::uint32_t milliseconds = 0;
  now(&seconds, &milliseconds);
  Appender time(text + time_at, kTimeBytes);
  append_time(seconds, milliseconds, time);
  line.add_number(count).add("}\n");
  __atomic_store_n(&entry.written, count, __ATOMIC_RELAXED);
  write_line(line.view());
}

void write_entry(RefusalEntry& entry, std::uint64_t count) {
  struct Text {
    char line[kMaximumRecordBytes + kCountBytes];
  };
  const Mapped<Text> memory;
  if (!memory) return lose_record();
  write_entry(entry, count, memory->line, sizeof(memory->line));
}

std::string_view base_name(std::string_view path) {
  std::size_t start = path.size();
  while (start > 0 && path[start - 1] != '/') --start;
  return slice(path, start);
}

// "192.0.2.1:443" and "[2001:db8::1]:443" say the host already.
bool names_host(std::string_view target, std::string_view host) {
  return target.starts_with(host) ||
         (target.starts_with("[") && slice(target, 1).starts_with(host));
}

void say(const Record& record, const Refusal& refusal, char* text, std::size_t size) {
  Appender line(text, size);
  const bool audited = refusal.verdict == "audit";
  line.add("hfoffline: ")
      .add(audited                       ? "let through: "
           : refusal.verdict == "refuse" ? "refused: "
                                         : "note: ");
  line.add(refusal.operation).add(" ");
  append_printable(slice(refusal.target, 0, 600), line);
  if (!refusal.host.empty() && !names_host(refusal.target, refusal.host) &&
      find_byte(refusal.target, '/') == std::string_view::npos) {
    line.add(" (");
    append_printable(refusal.host, line);
    line.add(")");
  }
  if (!audited) {
    if (!refusal.error_text.empty()) {
      line.add(" -> ").add(refusal.error_text);
    } else if (refusal.error != 0) {
      line.add(" -> ").add(errno_name(refusal.error));
    }
  }
  line.add(": ").add(reason_info(refusal.reason).text);
  line.add("; by ");
  append_printable(base_name(record.exe), line);
  line.add_byte('[').add_signed(record.pid).add_byte(']');
  if (!record.test.empty()) append_printable(slice(record.test, 0, 300), line.add(" in "));
  append_printable(refusal.rule, line.add("; rule: "));
  line.truncate(size - 1);
  line.add_byte('\n');
  write_message(line.view());
}

// Said once in a process that was refused more targets than it can remember.
void say_that_all_is_full() {
  static std::uint32_t said;
  if (__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED) == 0) {
    write_message(
        "hfoffline: too many different targets were refused in this process; further ones are "
        "counted and recorded, but not said here\n");
  }
}

bool first_for_target(const Refusal& refusal) {
  std::uint64_t key = hash_bytes(0x7461726765740000, refusal.target.data(), refusal.target.size());
  if (!refusal.host.empty()) key = hash_bytes(key, refusal.host.data(), refusal.host.size());
  bool full = false;
  const bool first = is_first_of(key, &full);
  if (full) say_that_all_is_full();
  return first;
}

// The texts of one report: too much for a small stack.
struct ReportMemory {
  char exe[1024];
  char argv0[1024];
  char line[kMaximumRecordBytes];
  char said[2048];
};

void describe_process(Record& record, ReportMemory& memory) {
  record.run = policy().text(policy().header().run);
  record.pid = sys::getpid();
  record.ppid = sys::getppid();
  record.tid = sys::gettid();
  record.exe = executable_path(memory.exe, sizeof(memory.exe));
  record.argv0 = first_argument(memory.argv0, sizeof(memory.argv0));
  record.test = current_test();
  now(&record.time_seconds, &record.time_milliseconds);
}

}  // namespace

std::uint64_t refusal_key(std::string_view operation, const void* target, std::size_t size,
                          std::uint64_t extra) {
  return hash_bytes(hash_bytes(extra + 0x68666f66, operation.data(), operation.size()), target,
                    size);
}

bool count_repeated(std::uint64_t key, Reason reason) {
  RefusalEntry* entry = find_refusal(with_test(key), false);
  if (entry == nullptr || __atomic_load_n(&entry->ready, __ATOMIC_ACQUIRE) == 0) return false;
  const std::uint64_t count = __atomic_add_fetch(&entry->count, 1, __ATOMIC_RELAXED);
  count_totals(reason);
  if ((is_power_of_two(count) || no_later_flush) && entry->length != 0) write_entry(*entry, count);
  return true;
}

void report(std::uint64_t key, const Refusal& refusal) {
  if (count_repeated(key, refusal.reason)) return;
  RefusalEntry* entry = find_refusal(with_test(key), true);
  count_totals(refusal.reason);
  const std::uint64_t count =
      entry != nullptr ? __atomic_add_fetch(&entry->count, 1, __ATOMIC_RELAXED) : 1;
  // Another thread is about to make the entry ready; the last count is written at the end.
  if (!is_power_of_two(count) && !no_later_flush) return;

  const Mapped<ReportMemory> memory;
  if (!memory) return lose_record();
  Record record;
  describe_process(record, *memory);
  record.reason = refusal.reason;
  record.operation = refusal.operation;
  record.target = refusal.target;
  record.host = refusal.host;
  record.port = refusal.port;
  record.error = refusal.error;
  record.error_text = refusal.error_text;
  record.verdict = refusal.verdict;
  record.rule = refusal.rule;
  record.count = count;
  Appender line(memory->line);
  append_record(record, line);
  if (entry != nullptr && count == 1) {
    // A managed variable is recorded once: programs set it over and over.
    // Kept is what comes before the number of `"count":1}\n`.
    if (reason_info(refusal.reason).kind != Kind::environment)
      keep_refusal_line(*entry, slice(line.view(), 0, line.size() - 3));
    entry->written = 1;
    __atomic_store_n(&entry->ready, 1, __ATOMIC_RELEASE);
  }
  write_line(line.view());
  // What the settings allow is not worth a line to a person.
  if (!policy().quiet() && refusal.verdict != "allow" && first_for_target(refusal))
    say(record, refusal, memory->said, sizeof(memory->said));
}

void report_environment(Reason reason, std::string_view operation, std::string_view name,
                        const VariableRow& row) {
  Refusal refusal;
  refusal.reason = reason;
  refusal.operation = operation;
  refusal.target = name;
  refusal.verdict = "ignore";
  refusal.rule = policy().text(row.rule);
  report(refusal_key(operation, name.data(), name.size()), refusal);
}

void flush_counts() {
  if (!refusals_are_own()) return;
  std::size_t position = 0;
  while (RefusalEntry* entry = next_refusal(&position)) {
    if (entry->length == 0) continue;
    const std::uint64_t count = __atomic_load_n(&entry->count, __ATOMIC_RELAXED);
    if (count != __atomic_load_n(&entry->written, __ATOMIC_RELAXED)) write_entry(*entry, count);
  }
}

void flush_counts_at_end() {
  no_later_flush = true;
  flush_counts();
}

std::uint64_t own_refusal_count(Kind kind) {
  std::uint64_t total = 0;
  for (std::size_t i = 1; i < static_cast<std::size_t>(Reason::count); ++i) {
    if (reason_info(static_cast<Reason>(i)).kind == kind) {
      total += __atomic_load_n(&own_counts[i], __ATOMIC_RELAXED);
    }
  }
  return total;
}

}  // namespace hfoffline::shim
