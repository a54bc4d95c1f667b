#include "core/run_plan.h"

#include <errno.h>
#include <sys/stat.h>

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

bool build_policy(const RunPlan& plan, const RunFiles& files, std::uint8_t* buffer,
                  std::size_t capacity, std::size_t* size, Diagnostic& error) {
  PolicyInputs inputs;
  inputs.config = plan.config;
  inputs.environment = &plan.environment;
  inputs.trees = plan.trees;
  inputs.tree_count = plan.tree_count;
  inputs.root = plan.root;
  inputs.models_dir = plan.models_dir;
  inputs.run = files.run;
  inputs.record_file = files.record_file;
  inputs.run_state_file = files.run_state_file;
  inputs.shim_file = files.shim_file;
  return build_policy(inputs, buffer, capacity, size, error);
}

}  // namespace hfoffline
