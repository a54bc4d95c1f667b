#include "cli/nested_run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/child_environment.h"
#include "cli/command_line.h"
#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/shim_file.h"
#include "cli/string_tools.h"
#include "cli/target.h"
#include "core/policy.h"
#include "core/policy_transport.h"
#include "core/settings.h"

namespace hfoffline::cli {
namespace {

// A shim under whatever name exports this; nothing else does.
bool is_shim(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  constexpr std::string_view kExport = "hfoffline_run_refusal_count";
  struct stat status;
  bool found = false;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory != MAP_FAILED) {
      found = memmem(memory, size, kExport.data(), kExport.size()) != nullptr;
      munmap(memory, size);
    }
  }
  close(descriptor);
  return found;
}

// "" or what is wrong with the policy in the environment; `shim` is where it says the shim is.
std::string policy_problem(const char* encoded, std::string* shim) {
  std::vector<std::uint64_t> storage(kMaximumPolicyBytes / 8);
  auto* bytes = reinterpret_cast<std::uint8_t*>(storage.data());
  const std::size_t size = decode_policy(encoded, bytes, kMaximumPolicyBytes);
  Policy policy;
  const PolicyProblem problem = size == 0 ? PolicyProblem::kNotAPolicy : policy.attach(bytes, size);
  if (problem != PolicyProblem::kNone) return std::string(describe(problem));
  *shim = policy.text(policy.header().shim_file);
  return "";
}

bool changes_policy(const GivenFlag& flag) { return flag.name != key_info(Key::record_quiet).flag; }

}  // namespace

bool is_nested(const Context& context) {
  if (find_in_environment(context.environment, kPolicyVariable) != nullptr) return true;
  // `hfoffline env --shell` exports HFOFFLINE_ACTIVE too, without any shim.
  const char* preload = find_in_environment(context.environment, "LD_PRELOAD");
  if (preload == nullptr || find_in_environment(context.environment, "HFOFFLINE_ACTIVE") == nullptr)
    return false;
  for (const std::string_view entry : split_skipping_empty(preload, " :")) {
    if (is_shim(std::string(entry))) return true;
  }
  return false;
}

int run_nested(const Context& context, const Arguments& arguments) {
  for (const GivenFlag& flag : arguments.flags) {
    if (!changes_policy(flag)) continue;
    error(cat("--", flag.name,
              " cannot be given here: this is inside a run, whose policy stays in force",
              "\n  give it to the outer `hfoffline run`, or start the command without it"));
    return kWrongUse;
  }
  const EnvironmentPlan nothing;
  ChildEnvironment environment(context.environment, nothing);
  if (const char* encoded = find_in_environment(context.environment, kPolicyVariable)) {
    std::string shim;
    const std::string problem = policy_problem(encoded, &shim);
    if (!problem.empty()) {
      error(cat("the policy in ", kPolicyVariable, " cannot be used: ", problem,
                "\n  nothing was run; unset ", kPolicyVariable, " to start a run of its own"));
      return kOurFailure;
    }
    environment.set(kPolicyVariable, encoded);
    if (shim.empty()) shim = find_shim(context).path;
    const char* preload = environment.get("LD_PRELOAD");
    if (preload == nullptr || !preload_names(preload, shim)) environment.preload(shim);
  }
  if (!arguments.has(key_info(Key::record_quiet).flag)) {
    note("inside a run already: its policy stays in force");
  }
  const Target target = find_target(arguments.positionals[0], environment.get("PATH"));
  if (target.error != 0) return report_start_failure(arguments.positionals[0], target.error, false);
  CommandLine command(target, arguments.positionals);
  execve(command.path(), command.arguments(), environment.entries());
  return report_start_failure(arguments.positionals[0], errno, true);
}

}  // namespace hfoffline::cli
