#include "layers/run_program.h"

#include "absl/status/status.h"
#include "layers/child_output.h"

namespace hfoffline::layers {

absl::StatusOr<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                          const std::vector<std::string>& environment,
                                          const std::string& input, int seconds) {
  ChildOutput output = run_child({.program = arguments[0],
                                  .arguments = arguments,
                                  .environment = environment,
                                  .input = input,
                                  .limit = std::chrono::seconds(seconds)});
  if (output.error == ETIMEDOUT) {
    return absl::DeadlineExceededError(arguments[0] + " has not ended after " +
                                       std::to_string(seconds) + " s");
  }
  if (output.error != 0)
    return absl::InternalError(arguments[0] + " cannot be started: " + describe_end(output));
  return ProgramResult{output.wait_status, std::move(output.out), std::move(output.diagnostics)};
}

}  // namespace hfoffline::layers
