#include "layers/library_observation.h"

#include "layers/child_output.h"
#include "layers/elf_dynamic.h"

namespace hfoffline::layers {
namespace {

// A module of a name that the file does not define: everything is mapped and relocated, then the
// interpreter finds no init function and says so. Whether the file could be loaded is told apart by
// the mapping.
constexpr char kLoadExtension[] = R"(import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec
path = sys.argv[1]
name = "hfoffline_looks_at_libraries"
import _imp
problem = ""
try:
    _imp.create_dynamic(ModuleSpec(name, ExtensionFileLoader(name, path), origin=path))
except Exception as error:
    problem = str(error)
with open("/proc/self/maps", "rb") as maps:
    sys.stdout.buffer.write(maps.read())
sys.stderr.write(problem)
)";

template <class Function>
void for_each_line(std::string_view text, const Function& function) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    function(text.substr(0, end));
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

void set_variable(std::vector<std::string>& environment, std::string_view name,
                  std::string_view value) {
  std::erase_if(environment, [&](const std::string& entry) {
    return entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=';
  });
  environment.push_back(std::string(name) + "=" + std::string(value));
}

std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

}  // namespace

LoadedLibraries parse_library_list(std::string_view out, std::string_view diagnostics) {
  LoadedLibraries result;
  for_each_line(out, [&](std::string_view line) {
    constexpr std::string_view kArrow = " => ";
    if (!line.starts_with('\t')) return;
    line.remove_prefix(1);
    const std::size_t arrow = line.find(kArrow);
    if (arrow == line.npos) {
      // What was asked for by its path stands alone, as does the loader; the kernel's own object
      // has no path.
      const std::string path(line.substr(0, line.rfind(" (0x")));
      if (path.starts_with('/')) {
        result[path] = path;
        result.emplace(path.substr(path.rfind('/') + 1), path);
      }
      return;
    }
    std::string_view path = line.substr(arrow + kArrow.size());
    const std::size_t address = path.rfind(" (0x");
    result[std::string(line.substr(0, arrow))] =
        address == path.npos ? "" : std::string(path.substr(0, address));
  });
  // musl: "Error loading shared library NAME: No such file or directory (needed by FILE)".
  for_each_line(diagnostics, [&](std::string_view line) {
    constexpr std::string_view kStart = "Error loading shared library ";
    if (!line.starts_with(kStart)) return;
    line.remove_prefix(kStart.size());
    result[std::string(line.substr(0, line.find(": ")))] = "";
  });
  return result;
}

absl::StatusOr<LoadedLibraries> list_libraries(const LoaderRules& rules, const std::string& program,
                                               const std::vector<std::string>& environment) {
  ChildCommand command;
  command.program = rules.loader;
  command.environment = environment;
  if (rules.libc == Libc::kMusl) {
    command.arguments = {"ldd", program};
  } else {
    command.arguments = {rules.loader, program};
    set_variable(command.environment, "LD_TRACE_LOADED_OBJECTS", "1");
    // Both change what is printed, or where.
    set_variable(command.environment, "LD_DEBUG", "");
    set_variable(command.environment, "LD_WARN", "");
  }
  const ChildOutput output = run_child(command);
  LoadedLibraries result = parse_library_list(output.out, output.diagnostics);
  // musl ends with 127 where something is missing, and has said what.
  const bool incomplete = rules.libc == Libc::kMusl && output.error == 0 && !result.empty();
  if (!output.succeeded() && !incomplete) {
    return absl::FailedPreconditionError(rules.loader + " cannot list the libraries of " + program +
                                         ": " + describe_end(output) + ": " +
                                         last_line(output.diagnostics));
  }
  return result;
}

absl::StatusOr<LoadedLibraries> watch_extension(const std::string& python,
                                                const std::string& extension,
                                                const std::vector<std::string>& environment) {
  // -I and -S: nobody's site-packages may get in between, and no directory but the standard library
  // is looked into.
  const ChildOutput output =
      run_child({.program = python,
                 .arguments = {python, "-I", "-S", "-B", "-c", kLoadExtension, extension},
                 .environment = environment});
  if (!output.succeeded()) {
    return absl::FailedPreconditionError(python + " cannot be watched: " + describe_end(output) +
                                         ": " + last_line(output.diagnostics));
  }
  LoadedLibraries result;
  bool loaded = false;
  for_each_line(output.out, [&](std::string_view line) {
    const std::size_t slash = line.find('/');
    if (slash == line.npos) return;
    const std::string path(line.substr(slash));
    loaded = loaded || path == extension;
    const std::optional<ElfDynamic> elf = read_elf_dynamic(path);
    if (!elf || !elf->native || !elf->has_dynamic_section) return;
    result.emplace(elf->soname.empty() ? path.substr(path.rfind('/') + 1) : elf->soname, path);
  });
  if (!loaded) {
    return absl::FailedPreconditionError(python + " cannot load " + extension + ": " +
                                         last_line(output.diagnostics));
  }
  return result;
}

}  // namespace hfoffline::layers
