#include "core/run_plan.h"

#include <errno.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/redirect.h"
#include "core/sys.h"

namespace hfoffline {
namespace {

constexpr std::size_t kMaximumPathBytes = 4096;
// In a message; what comes behind the path must still fit.
constexpr std::size_t kMaximumShownPathBytes = 300;
#if defined(O_PATH)
constexpr int kPathOnly = O_PATH;
#elif defined(__APPLE__)
constexpr int kPathOnly = O_RDONLY;
#else
constexpr int kPathOnly = 010000000;
#endif

bool complain(const Source& source, std::string_view what, std::string_view path,
              std::string_view why, std::string_view hint, Diagnostic& error) {
  if (source.origin == Source::Origin::kFile) {
    DiagnosticText(error.file).add_input(source.name, sizeof error.file);
    error.line = source.line;
    error.column = source.column;
  }
  DiagnosticText message(error.message);
  message.add(what).add(" \"").add_input(path, kMaximumShownPathBytes).add("\" ").add(why);
  if (source.origin != Source::Origin::kFile) {
    // A flag or a variable: their names are short, and ours.
    char array[64];
    Appender name(array);
    append_source(source, name);
    message.add(" (given by ").add(name.view()).add(")");
  }
  DiagnosticText(error.hint).add(hint);
  return false;
}

std::string_view clause(int failure) {
  switch (failure) {
    case ENOENT:
      return "does not exist";
    case ENOTDIR:
      return "is not a directory";
    case EACCES:
    case EPERM:
      return "cannot be read (permission denied)";
    case ELOOP:
      return "is a loop of symbolic links";
    case EMFILE:
      return "cannot be opened: too many files are open (EMFILE)";
    default:
      return "cannot be opened";
  }
}

bool complain_about_memory(const Source& source, std::string_view what, std::string_view path,
                           Diagnostic& error) {
  return complain(source, what, path, "does not fit into the memory for settings",
                  "use shorter paths, or fewer of them", error);
}

#if defined(__APPLE__)
std::string_view canonical_path(long descriptor, std::string_view, Arena& arena) {
  char path[kMaximumPathBytes];  // more than MAXPATHLEN
  const bool told = sys::path_of(static_cast<int>(descriptor), path, sizeof(path)) > 0;
  return told ? arena.copy(path) : std::string_view("");
}
#else
// Whether `path` (absolute, modifiable, NUL-terminated) is what the kernel would call the
// directory: no component is empty, ".", ".." or a symbolic link.
bool is_canonical(char* path) {
  if (path[1] == '\0') return true;
  char* start = path + 1;
  for (char* at = start;; ++at) {
    const char here = *at;
    if (here != '/' && here != '\0') continue;
    const std::string_view component(start, static_cast<std::size_t>(at - start));
    if (component.empty() || component == "." || component == "..") return false;
    *at = '\0';
    sys::Stat status;
    const bool found = sys::fstatat(sys::kCurrentDirectory, path, &status, sys::kNoFollow) == 0;
    *at = here;
    if (!found || S_ISLNK(status.mode)) return false;
    if (here == '\0') return true;
    start = at + 1;
  }
}

// The canonical path of an open directory, or "" if nobody can tell: /proc is not mounted, and
// `given` is not canonical itself.
std::string_view canonical_path(long descriptor, std::string_view given, Arena& arena) {
  char text[kMaximumPathBytes];
  Appender(text).add("/proc/self/fd/").add_signed(descriptor).c_str();
  char path[kMaximumPathBytes];
  const long length = sys::readlinkat(sys::kCurrentDirectory, text, path, sizeof(path));
  // "(unreachable)/..." is what the kernel says of a directory that is not below "/".
  if (length > 0 && path[0] == '/') return arena.copy({path, static_cast<std::size_t>(length)});
  while (given.size() > 1 && given.back() == '/') given.remove_suffix(1);
  Appender(text).add(given).c_str();
  return is_canonical(text) ? arena.copy(given) : std::string_view("");
}
#endif

// Resolves a directory to its canonical path and identity.
bool resolve_tree(std::string_view what, std::string_view path, const Source& source, Arena& arena,
                  ProtectedTree* tree, Diagnostic& error) {
  const std::string_view terminated = arena.copy(path);
  if (terminated.data() == nullptr) return complain_about_memory(source, what, path, error);
  const long descriptor = sys::open(terminated.data(), kPathOnly | O_DIRECTORY | O_CLOEXEC);
  sys::Stat status;
  long result = descriptor;
  if (descriptor >= 0) result = sys::fstat(static_cast<int>(descriptor), &status);
  // Searching and listing it is what a client does first; better said now than by each of them.
  if (result >= 0) result = sys::faccessat(static_cast<int>(descriptor), ".", 4 | 1, 0);
  if (result < 0) {
    if (descriptor >= 0) sys::close(static_cast<int>(descriptor));
    return complain(source, what, path, clause(static_cast<int>(-result)),
                    result == -ENOENT
                        ? "create or mount it before the run; it is never made for you"
                    : result == -EMFILE ? "raise the limit of open files (ulimit -n)"
                                        : "give a directory that this user can list",
                    error);
  }
  tree->path = canonical_path(descriptor, path, arena);
  tree->id = sys::id_of(status);
  tree->source = source;
  sys::close(static_cast<int>(descriptor));
  if (tree->path.data() == nullptr) return complain_about_memory(source, what, path, error);
  if (!tree->path.empty()) return true;
  return complain(source, what, path, "cannot be resolved, because /proc is not mounted",
                  "mount /proc, or give the path without symbolic links and \"..\"", error);
}

Layout chosen_layout(std::string_view setting, const LayoutFinding& finding) {
  if (setting == "hf-home") return Layout::kHfHome;
  if (setting == "hub-cache") return Layout::kHubCache;
  // Nothing recognised: a bare hub cache makes no assumption about directories that are not there.
  return finding.layout == Layout::kUnknown ? Layout::kHubCache : finding.layout;
}

}  // namespace

bool plan_run(const Config& config, const Presets& presets, std::string_view scratch_dir,
              std::string_view version, Arena& arena, RunPlan& plan, Diagnostic& error) {
  plan.config = &config;
  plan.tree_count = 0;
  sys::Stat root;
  if (sys::stat("/", &root) == 0) plan.root = sys::id_of(root);

  const Setting& models_dir = config.at(Key::cache_models_dir);
  if (!models_dir.text.empty()) {
    ProtectedTree& tree = plan.trees[plan.tree_count++];
    if (!resolve_tree("models dir", models_dir.text, models_dir.source, arena, &tree, error))
      return false;
    plan.models_dir = tree.path;
    plan.finding = detect_layout(tree.path.data());
    plan.layout = chosen_layout(config.text(Key::cache_layout), plan.finding);
  }
  for (const ListItem* item = config.items(Key::cache_protect); item != nullptr;
       item = item->next) {
    if (plan.tree_count == kMaximumTrees) {
      return complain(item->source, "protected tree", item->text,
                      "is one too many (64 at the most)", "protect a common parent instead", error);
    }
    ProtectedTree& tree = plan.trees[plan.tree_count++];
    if (!resolve_tree("protected tree", item->text, item->source, arena, &tree, error))
      return false;
  }
  const std::string_view configured_scratch = config.text(Key::cache_scratch);
  plan.scratch_dir = arena.copy(configured_scratch.empty() ? scratch_dir : configured_scratch);
  if (plan.scratch_dir.data() == nullptr) {
    return complain_about_memory(config.at(Key::cache_scratch).source, "scratch directory",
                                 configured_scratch.empty() ? scratch_dir : configured_scratch,
                                 error);
  }

  EnvironmentInputs inputs;
  inputs.models_dir = plan.models_dir;
  inputs.layout = plan.layout;
  inputs.scratch_dir = plan.scratch_dir;
  inputs.version = version;
  return plan_environment(presets, config, inputs, arena, plan.environment, error);
}

namespace {

bool is_below_tree(const RunPlan& plan, std::string_view path) {
  for (std::size_t i = 0; i < plan.tree_count; ++i) {
    if (is_at_or_below(path, plan.trees[i].path)) return true;
  }
  return false;
}

// "~/x" or "/x//y/" as programs will name it.
std::string_view plain_from(std::string_view from, const char* home, Arena& arena) {
  char given[kMaximumPathBytes];
  char plain[kMaximumPathBytes];
  Appender text(given);
  if (from.starts_with("~/")) {
    text.add(home);
    from.remove_prefix(1);
  }
  text.add(from);
  while (text.size() > 1 && text.view().back() == '/') text.truncate(text.size() - 1);
  Appender out(plain);
  append_plain_path(text.view(), out);
  return text.overflowed() || out.overflowed() ? std::string_view() : arena.copy(out.view());
}

// A directory becomes a tree, unless it is in one; a file has to be in one.
bool resolve_target(std::string_view to, const Source& source, Arena& arena, RunPlan& plan,
                    std::string_view* canonical, Diagnostic& error) {
  constexpr std::string_view kWhat = "[cache] redirect:";
  const std::string_view terminated = arena.copy(to);
  if (terminated.data() == nullptr) return complain_about_memory(source, kWhat, to, error);
  const long descriptor = sys::open(terminated.data(), kPathOnly | O_CLOEXEC);
  sys::Stat status;
  const bool found = descriptor >= 0 && sys::fstat(static_cast<int>(descriptor), &status) == 0;
  if (found) *canonical = canonical_path(descriptor, to, arena);
  if (descriptor >= 0) sys::close(static_cast<int>(descriptor));
  if (!found || canonical->empty() || !(S_ISDIR(status.mode) || S_ISREG(status.mode))) {
    return complain(source, kWhat, to, "is not there, or is neither a directory nor a file",
                    "give what programs are to find instead", error);
  }
  if (is_below_tree(plan, *canonical)) return true;
  if (!S_ISDIR(status.mode)) {
    return complain(source, kWhat, to, "is a file that is in no protected tree",
                    "protect its directory, or let the redirect be a mount (redirect_way)", error);
  }
  if (plan.tree_count == kMaximumTrees) {
    return complain(source, kWhat, to, "is one tree too many (64 at the most)",
                    "lead to directories of the models dir", error);
  }
  return resolve_tree(kWhat, to, source, arena, &plan.trees[plan.tree_count++], error);
}

}  // namespace

bool plan_redirects(const char* home, Arena& arena, RunPlan& plan, Diagnostic& error) {
  for (const ListItem* item = plan.config->items(Key::cache_redirect); item != nullptr;
       item = item->next) {
    Redirect given;
    parse_redirect(item->text, &given);  // checked with the settings
    if (given.from.starts_with("~/") && (home == nullptr || home[0] != '/')) {
      return complain(item->source, "[cache] redirect:", given.from,
                      "cannot be told: HOME names no directory", "write the whole path", error);
    }
    if (plan.redirect_count == kMaximumRedirects) {
      return complain(item->source, "[cache] redirect:", given.from,
                      "is one too many (32 at the most)", "redirect a common parent", error);
    }
    PlannedRedirect redirect;
    redirect.from = plain_from(given.from, home, arena);
    redirect.source = item->source;
    if (redirect.from.size() < 2) {
      return complain(item->source, "[cache] redirect:", given.from, "is no path to lead elsewhere",
                      "use a shorter path, below /", error);
    }
    if (!resolve_target(given.to, item->source, arena, plan, &redirect.to, error)) return false;
    // The longest comes first; of equal ones, the one that was given last.
    std::size_t at = plan.redirect_count++;
    for (; at > 0 && plan.redirects[at - 1].from.size() <= redirect.from.size(); --at)
      plan.redirects[at] = plan.redirects[at - 1];
    plan.redirects[at] = redirect;
  }
  return true;
}

bool build_policy(const RunPlan& plan, const RunFiles& files, std::uint8_t* buffer,
                  std::size_t capacity, std::size_t* size, Diagnostic& error) {
  PolicyInputs inputs;
  inputs.config = plan.config;
  inputs.environment = &plan.environment;
  inputs.trees = plan.trees;
  inputs.tree_count = plan.tree_count;
  inputs.redirects = plan.redirects;
  inputs.redirect_count = plan.redirect_count;
  inputs.root = plan.root;
  inputs.models_dir = plan.models_dir;
  inputs.run = files.run;
  inputs.record_file = files.record_file;
  inputs.run_state_file = files.run_state_file;
  inputs.shim_file = files.shim_file;
  return build_policy(inputs, buffer, capacity, size, error);
}

}  // namespace hfoffline
