#include "layers/cache_clients.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "cli/string_tools.h"
#include "core/text.h"
#include "layers/child_output.h"
#include "layers/python_facts.h"

namespace hfoffline::layers {
namespace {

using cli::cat;
using FoundAs = CacheClient::FoundAs;

constexpr CacheClient kClients[] = {
#define CACHE_CLIENT(preset, found_as, name, holds, default_location, asked_by, ask)  \
  {#preset,          CacheClient::FoundAs::found_as, name, CacheClient::Holds::holds, \
   default_location, CacheClient::AskedBy::asked_by, ask},
#define LINKED_CLIENT_PROGRAM(name)
#define CACHE_VARIABLE(name)
#include "layers/cache_clients.def"
#undef CACHE_CLIENT
#undef LINKED_CLIENT_PROGRAM
#undef CACHE_VARIABLE
};

constexpr std::string_view kLinkedClientPrograms[] = {
#define CACHE_CLIENT(preset, found_as, name, holds, default_location, asked_by, ask)
#define LINKED_CLIENT_PROGRAM(name) name,
#define CACHE_VARIABLE(name)
#include "layers/cache_clients.def"
#undef CACHE_CLIENT
#undef LINKED_CLIENT_PROGRAM
#undef CACHE_VARIABLE
};

constexpr std::string_view kCacheVariables[] = {
#define CACHE_CLIENT(preset, found_as, name, holds, default_location, asked_by, ask)
#define LINKED_CLIENT_PROGRAM(name)
#define CACHE_VARIABLE(name) name,
#include "layers/cache_clients.def"
#undef CACHE_CLIENT
#undef LINKED_CLIENT_PROGRAM
#undef CACHE_VARIABLE
};

constexpr char kWhichModules[] =
    "import importlib.util, sys\n"
    "for name in sys.argv[1:]:\n"
    "    try:\n"
    "        found = importlib.util.find_spec(name) is not None\n"
    "    except Exception:\n"
    "        found = True  # it is there, and broken: what is asked of it later says how\n"
    "    if found:\n"
    "        print('hfoffline-found:' + name)\n"
    "print('hfoffline-found:')\n";
constexpr char kWhichPackages[] =
    "const find = require('module').createRequire(process.cwd() + '/');\n"
    "for (const name of process.argv.slice(1)) {\n"
    "  try { find.resolve(name); } catch (error) {\n"
    "    if (error.code === 'MODULE_NOT_FOUND') continue;\n"
    "  }\n"
    "  console.log('hfoffline-found:' + name);\n"
    "}\n"
    "console.log('hfoffline-found:');\n";

// The names that the interpreter, started with these arguments and the names, says it has.
absl::StatusOr<std::set<std::string>> found_by(const std::string& program,
                                               std::vector<std::string> arguments, FoundAs kind) {
  arguments.insert(arguments.begin(), program);
  for (const CacheClient& client : kClients) {
    if (client.found_as == kind) arguments.emplace_back(client.name);
  }
  const ChildOutput output = run_child(
      {.program = program, .arguments = arguments, .environment = environment_without({})});
  std::set<std::string> found;
  constexpr std::string_view kMark = "hfoffline-found:";
  for (const std::string_view line : cli::split(output.out, "\n")) {
    if (line.starts_with(kMark)) found.emplace(line.substr(kMark.size()));
  }
  // The last one is empty: it has come to its end.
  if (found.erase("") == 0) {
    return absl::InternalError(cat(program,
                                   " does not say what is installed for it: ", describe_end(output),
                                   " ", cli::strip_blanks(output.diagnostics)));
  }
  return found;
}

// "0.4.1" of "hf-hub-0.4.1/src", "" if no version follows.
std::string version_after(std::string_view text) {
  if (!text.starts_with('-') && !text.starts_with('/')) return "";
  text.remove_prefix(1);
  std::size_t length = 0;
  while (length < text.size() && (is_ascii_digit(text[length]) || text[length] == '.')) ++length;
  while (length > 0 && text[length - 1] == '.') --length;
  const std::string_view version = text.substr(0, length);
  return version.find('.') == version.npos ? "" : std::string(version);
}

}  // namespace

std::string InstalledCacheClient::title() const {
  if (client->found_as != FoundAs::linked) return std::string(client->name);
  return cat(client->name, " ", version, " in ", program);
}

std::span<const CacheClient> cache_clients() { return kClients; }
std::span<const std::string_view> cache_variables() { return kCacheVariables; }

std::string linked_version(const std::string& program, std::string_view name) {
  const int descriptor = open(program.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  // A match may lie across two pieces: the end of one stands before the next.
  constexpr std::size_t kPiece = 1 << 20;
  constexpr std::size_t kOverlap = 64;
  std::string text;
  std::string version;
  for (;;) {
    const std::size_t kept = std::min(text.size(), kOverlap);
    text.erase(0, text.size() - kept);
    text.resize(kept + kPiece);
    const ssize_t count = read(descriptor, text.data() + kept, kPiece);
    if (count <= 0) break;
    text.resize(kept + static_cast<std::size_t>(count));
    for (std::size_t at = text.find(name); at != text.npos && version.empty();
         at = text.find(name, at + 1)) {
      version = version_after(std::string_view(text).substr(at + name.size(), kOverlap / 2));
    }
    if (!version.empty()) break;
  }
  close(descriptor);
  return version;
}

absl::StatusOr<FoundCacheClients> find_cache_clients(const ShadowRequest& request) {
  FoundCacheClients result;
  const std::string python = find_python(request.python.empty() ? "python3" : request.python);
  const std::string node = find_python("node");
  std::set<std::string> modules;
  std::set<std::string> packages;
  if (!python.empty()) {
    absl::StatusOr<std::set<std::string>> found =
        found_by(python, {"-B", "-c", kWhichModules}, FoundAs::module);
    if (!found.ok()) return found.status();
    modules = *std::move(found);
  } else if (!request.python.empty()) {
    return absl::InvalidArgumentError(
        cat("the interpreter ", request.python, " is not there\n  --python FILE names another"));
  } else {
    result.facts.emplace_back("no python3 in PATH: its modules were not looked for");
  }
  // Nobody asked for node: that it is broken is no reason to stop.
  if (!node.empty()) {
    absl::StatusOr<std::set<std::string>> found =
        found_by(node, {"-e", kWhichPackages}, FoundAs::package);
    if (found.ok()) {
      packages = *std::move(found);
    } else {
      result.facts.push_back(std::string(found.status().message()));
    }
  }
  const std::string given = request.program.empty() ? "" : find_python(request.program);
  if (!request.program.empty() && given.empty()) {
    return absl::InvalidArgumentError(
        cat("the program ", request.program, " is not there\n  --program FILE names it"));
  }
  bool something_in_given = false;
  for (const CacheClient& client : kClients) {
    const std::string name(client.name);
    switch (client.found_as) {
      case FoundAs::module:
        if (modules.count(name) != 0) result.installed.push_back({&client, python, ""});
        break;
      case FoundAs::package:
        if (packages.count(name) != 0) result.installed.push_back({&client, node, ""});
        break;
      case FoundAs::program:
        if (const std::string program = find_python(name); !program.empty())
          result.installed.push_back({&client, program, ""});
        break;
      case FoundAs::linked: {
        std::set<std::string> programs;
        if (!given.empty()) programs.insert(given);
        for (const std::string_view candidate : kLinkedClientPrograms) {
          if (const std::string program = find_python(candidate); !program.empty())
            programs.insert(program);
        }
        for (const std::string& program : programs) {
          const std::string version = linked_version(program, client.name);
          if (version.empty()) continue;
          result.installed.push_back({&client, program, version});
          something_in_given = something_in_given || program == given;
        }
        break;
      }
    }
  }
  if (!given.empty() && !something_in_given)
    result.facts.push_back(cat("no client that is known is inside ", given));
  return result;
}

}  // namespace hfoffline::layers
