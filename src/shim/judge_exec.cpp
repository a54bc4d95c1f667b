#include "shim/judge_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "core/settings.h"
#include "core/sys.h"
#include "shim/descriptor_link.h"
#include "shim/exec_memory.h"
#include "shim/exec_target.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"
#include "shim/search_path.h"

namespace hfoffline::shim {
namespace {

// EACCES and not ENOEXEC: shells would read the program as a script.
constexpr int kRefusedExec = EACCES;

Reason reachable_or(Reason reason) {
  return reason == Reason::none && !shim_is_reachable() ? Reason::exec_shim_unreachable : reason;
}

}  // namespace

int answer_unshimmed(const char* operation, const char* target, Reason reason) {
  if (reason == Reason::none) return 0;
  const Unshimmed choice = policy().header().unshimmed;
  // Without its file the shim is lost and the loader would merely print a warning: never on a
  // "warn".
  const bool refuse = choice == Unshimmed::kRefuse ||
                      (choice == Unshimmed::kWarn && reason == Reason::exec_shim_unreachable);
  Refusal refusal;
  refusal.reason = reason;
  refusal.operation = operation;
  refusal.target = target;
  refusal.error = refuse ? kRefusedExec : 0;
  refusal.verdict = refuse ? "refuse" : choice == Unshimmed::kAllow ? "allow" : "warn";
  refusal.rule = policy().text(policy().header().unshimmed_rule);
  report(refusal);
  return refuse ? kRefusedExec : 0;
}

int judge_exec(const char* operation, int directory, const char* path, char* const* arguments) {
  if (path == nullptr) return 0;
  return answer_unshimmed(operation, path,
                          reachable_or(inspect_target(directory, path, arguments)));
}

bool names_descriptor(const char* path, int flags) {
  return (flags & kEmptyPathFlag) != 0 && path != nullptr &&
         is_readable_memory(reinterpret_cast<std::uintptr_t>(path)) && path[0] == '\0';
}

int judge_exec_of_descriptor(const char* operation, int descriptor, char* const* arguments) {
  return answer_unshimmed(operation, DescriptorLink(descriptor).text,
                          reachable_or(inspect_open_target(descriptor, arguments)));
}

int judge_exec_in_path(const char* operation, const char* file, char* const* arguments) {
  if (file == nullptr) return 0;
  const char* search_path = find_in_environment(environ, "PATH");
  // One directory of the path is never longer than all of them.
  std::size_t size = std::string_view(file).size() + 32;
  if (search_path != nullptr) size += std::string_view(search_path).size();
  constexpr std::size_t kMostBytes = 4096;  // PATH_MAX
  if (size > kMostBytes) size = kMostBytes;
  auto* found = static_cast<char*>(__builtin_alloca(size));
  return find_in_path(file, search_path, found, size)
             ? judge_exec(operation, AT_FDCWD, found, arguments)
             : 0;
}

int judge_shell(const char* operation) {
  return judge_exec(operation, AT_FDCWD, "/bin/sh", nullptr);
}

}  // namespace hfoffline::shim
