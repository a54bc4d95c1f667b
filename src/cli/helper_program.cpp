#include "cli/helper_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/run_directory.h"
#include "cli/shim_file.h"
#include "cli/string_tools.h"

namespace hfoffline::cli {

std::string find_helper(std::string_view name) {
  const std::string directory = executable_directory();
  for (const std::string_view place : {"/", "/../libexec/hfoffline/", "/../lib/hfoffline/"}) {
    const std::string path = cat(directory, place, name);
    if (access(path.c_str(), X_OK) == 0) return canonical_path(path);
  }
  error(cat("the helper program ", name, " is missing: looked beside ", printable(directory),
            " and in its ../libexec/hfoffline\n  install hfoffline again"));
  return "";
}

int run_layers_helper(const Context& context, std::string_view command,
                      const Arguments& arguments) {
  const std::string helper = find_helper("hfoffline-layers");
  if (helper.empty()) return kOurFailure;
  std::vector<std::string> texts = {helper, canonical_path("/proc/self/exe"), std::string(command)};
  for (const GivenFlag& flag : arguments.flags)
    texts.push_back(cat("--", flag.name, "=", flag.value));
  texts.emplace_back("--");
  texts.insert(texts.end(), arguments.positionals.begin(), arguments.positionals.end());
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  execve(helper.c_str(), pointers.data(), const_cast<char* const*>(context.environment));
  error(cat(printable(helper), " cannot be started: ", std::strerror(errno)));
  return kOurFailure;
}

}  // namespace hfoffline::cli
