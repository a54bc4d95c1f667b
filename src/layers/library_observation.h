// What the dynamic loader really picks: it is asked, or a start is watched.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "layers/loader_rules.h"

namespace hfoffline::layers {

// Path by the name that was asked for; "" where the loader says that it is not found.
using LoadedLibraries = std::map<std::string, std::string, std::less<>>;

// Starts the loader in place of the program and has it list what it maps (LD_TRACE_LOADED_OBJECTS
// for glibc, the name `ldd` for musl). The program itself does not run, nor does any constructor.
// `environment`: NAME=VALUE, what the program would be started with.
absl::StatusOr<LoadedLibraries> list_libraries(const LoaderRules& rules, const std::string& program,
                                               const std::vector<std::string>& environment);

// Starts the interpreter `python`, has it load the extension module as an import would, short of
// calling its init function, and looks at what is mapped then. Constructors of libraries run. The
// names are the sonames of what is mapped, and file names where there is none.
absl::StatusOr<LoadedLibraries> watch_extension(const std::string& python,
                                                const std::string& extension,
                                                const std::vector<std::string>& environment);

// What the loaders print.
LoadedLibraries parse_library_list(std::string_view out, std::string_view diagnostics);

}  // namespace hfoffline::layers
