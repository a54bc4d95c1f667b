#include "core/run_plan.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "catch.h"
#include "core/policy.h"
#include "policy_test_support.h"
#include "presets/presets.h"
#include "temporary_directory.h"

using namespace hfoffline;
using namespace hfoffline::test;

namespace {

// What plan_run made of settings.
class Planned {
 public:
  explicit Planned(const std::vector<std::pair<Key, std::string>>& flags,
                   std::string_view scratch = "/tmp/scratch", std::size_t arena_bytes = 1 << 20)
      : memory_(arena_bytes),
        settings_memory_(1 << 20),
        arena_(memory_.data(), memory_.size()),
        settings_(settings_memory_.data(), settings_memory_.size()),
        flags_(flags) {
    set_defaults(config);
    for (const auto& [key, value] : flags_) {
      names_.push_back("--" + std::string(key_info(key).flag));
    }
    for (std::size_t i = 0; i < flags_.size(); ++i) {
      REQUIRE(apply_override(flags_[i].first, flags_[i].second, {Source::Origin::kFlag, names_[i]},
                             known_preset_names(), settings_, config, error));
    }
    plan_with(scratch);
  }
  // From the text of a config file.
  Planned(std::string_view text, std::string_view file)
      : memory_(1 << 20),
        settings_memory_(1 << 20),
        arena_(memory_.data(), memory_.size()),
        settings_(settings_memory_.data(), settings_memory_.size()) {
    set_defaults(config);
    REQUIRE(read_config(file, text, known_preset_names(), settings_, config, error));
    plan_with("/tmp/scratch");
  }
  Planned(const Planned&) = delete;

  std::string message() const {
    char array[4096];
    Appender out(array);
    append_diagnostic(error, out);
    return std::string(out.view());
  }
  // The value a variable is given, or a text in brackets.
  std::string variable(std::string_view name) const {
    for (std::size_t i = 0; i < plan.environment.count; ++i) {
      const PlannedVariable& planned = plan.environment.variables[i];
      if (planned.name == name) return planned.set ? std::string(planned.value) : "<removed>";
    }
    return "<left alone>";
  }

  bool redirect(const char* home) { return plan_redirects(home, arena_, plan, error); }

  bool ok = false;
  Config config;
  RunPlan plan;
  Diagnostic error;

 private:
  void plan_with(std::string_view scratch) {
    ok = plan_run(config, known_presets(), scratch, "1.2.3", arena_, plan, error);
    CHECK(ok == error.empty());
  }

  std::vector<char> memory_;
  std::vector<char> settings_memory_;
  Arena arena_;
  Arena settings_;
  std::vector<std::pair<Key, std::string>> flags_;
  std::vector<std::string> names_;
};

std::vector<std::pair<Key, std::string>> models_dir(const std::string& path) {
  return {{Key::cache_models_dir, path}};
}

sys::FileId id_of_path(const std::string& path) {
  struct stat status;
  REQUIRE(stat(path.c_str(), &status) == 0);
  return {status.st_dev, status.st_ino};
}

std::string hub_cache(const TemporaryDirectory& directory, std::string_view name) {
  directory.directory(std::string(name) + "/models--org--name/snapshots");
  return directory / name;
}

constexpr const char* kMissingHint =
    "  create or mount it before the run; it is never made for you\n";
constexpr const char* kUnreadableHint = "  give a directory that this user can list\n";

}  // namespace

TEST_CASE("run plan: without a models dir nothing is protected, and the environment is planned") {
  const Planned planned({});
  REQUIRE(planned.ok);
  CHECK(planned.plan.models_dir.empty());
  CHECK(planned.plan.tree_count == 0);
  CHECK(planned.plan.root == id_of_path("/"));
  CHECK(planned.variable("HFOFFLINE_ACTIVE") == "1.2.3");
  CHECK(planned.variable("HFOFFLINE_MODELS_DIR") == "<removed>");
  CHECK(planned.variable("HF_HUB_OFFLINE") == "1");
}

TEST_CASE("run plan: the models dir is a protected tree, by its path and its identity") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "models");
  const Planned planned(models_dir(cache));
  REQUIRE(planned.ok);
  CHECK(planned.plan.models_dir == cache);
  REQUIRE(planned.plan.tree_count == 1);
  const ProtectedTree& tree = planned.plan.trees[0];
  CHECK(tree.path == cache);
  CHECK(tree.id == id_of_path(cache));
  CHECK(text_of(tree.source) == "--models-dir");
  CHECK(planned.variable("HFOFFLINE_MODELS_DIR") == cache);
  CHECK(planned.variable("HF_HUB_CACHE") == cache);
}

TEST_CASE("run plan: a path with links, dots and slashes becomes the one the kernel names") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "disk/models");
  directory.link("link", "disk/models");
  directory.link("chain", directory / "link");
  directory.link("above", "disk");
  directory.directory("side");
  for (const std::string& given :
       {directory / "link", directory / "chain", directory / "above/models",
        directory / "side/../link", cache + "/", cache + "//", directory / "./disk//models/.",
        directory / "disk/models/models--org--name/..", directory / "link/"}) {
    CAPTURE(given);
    const Planned planned(models_dir(given));
    REQUIRE(planned.ok);
    CHECK(planned.plan.models_dir == cache);
    CHECK(planned.plan.trees[0].path == cache);
    CHECK(planned.plan.trees[0].path.data()[cache.size()] == '\0');
    CHECK(planned.plan.trees[0].id == id_of_path(cache));
    CHECK(planned.variable("HF_HUB_CACHE") == cache);
  }
}

TEST_CASE("run plan: a models dir that is not there, as a flag and as a line of a file") {
  TemporaryDirectory directory;
  const std::string path = directory / "missing";
  const Planned by_flag(models_dir(path));
  CHECK_FALSE(by_flag.ok);
  CHECK(by_flag.message() ==
        "models dir \"" + path + "\" does not exist (given by --models-dir)\n" + kMissingHint);
  const Planned by_file("[cache]\nmodels_dir = \"" + path + "\"\n", "/etc/hf/hfoffline.toml");
  CHECK_FALSE(by_file.ok);
  CHECK(by_file.message() ==
        "/etc/hf/hfoffline.toml:2:14: models dir \"" + path + "\" does not exist\n" + kMissingHint);
  directory.link("dangling", "missing");
  CHECK(Planned(models_dir(directory / "dangling")).message() ==
        "models dir \"" + (directory / "dangling") + "\" does not exist (given by --models-dir)\n" +
            kMissingHint);
}

TEST_CASE("run plan: a models dir that is no directory") {
  TemporaryDirectory directory;
  const std::string file = directory.file("file", "x");
  directory.link("link", "file");
  for (const std::string& path : {file, directory / "link", directory / "file/below"}) {
    CAPTURE(path);
    const Planned planned(models_dir(path));
    CHECK_FALSE(planned.ok);
    CHECK(planned.message() == "models dir \"" + path +
                                   "\" is not a directory (given by --models-dir)\n" +
                                   kUnreadableHint);
  }
  directory.link("loop", "loop");
  CHECK(Planned(models_dir(directory / "loop")).message() ==
        "models dir \"" + (directory / "loop") +
            "\" is a loop of symbolic links (given by --models-dir)\n" + kUnreadableHint);
  CHECK(Planned(models_dir("/" + std::string(300, 'n'))).message() ==
        "models dir \"/" + std::string(299, 'n') +
            "...\" cannot be opened (given by --models-dir)\n" + kUnreadableHint);
}

TEST_CASE("run plan: a models dir that may not be listed, searched or reached") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "closed/models");
  struct Case {
    const char* closed;
    mode_t mode;
  };
  for (const Case& c : {Case{"closed/models", 0}, Case{"closed/models", 0311},
                        Case{"closed/models", 0644}, Case{"closed", 0}}) {
    CAPTURE(c.closed, c.mode);
    REQUIRE(chmod((directory / c.closed).c_str(), c.mode) == 0);
    struct Message {
      char text[2048] = "";
    };
    const Message message = without_privileges([&] {
      Message result;
      Appender(result.text).add(Planned(models_dir(cache)).message()).c_str();
      return result;
    });
    REQUIRE(chmod((directory / c.closed).c_str(), 0755) == 0);
    CHECK(std::string(message.text) ==
          "models dir \"" + cache +
              "\" cannot be read (permission denied) (given by --models-dir)\n" + kUnreadableHint);
  }
  CHECK(without_privileges([&] { return Planned(models_dir(cache)).ok; }));
  // Nor does a refusal leave the directory open.
  REQUIRE(chmod(cache.c_str(), 0311) == 0);
  CHECK(without_privileges([&] {
    const int first = dup(0);
    close(first);
    const bool refused = !Planned(models_dir(cache)).ok;
    const int second = dup(0);
    close(second);
    return refused && first == second;
  }));
}

TEST_CASE("run plan: layouts are detected, and may be overridden") {
  TemporaryDirectory directory;
  const std::string home = directory / "home";
  directory.directory("home/hub/models--org--name/snapshots");
  const std::string cache = hub_cache(directory, "cache");
  const std::string empty = directory.directory("empty");

  struct Case {
    const char* what;
    std::string path;
    const char* setting;
    Layout layout;
    ModelsDirProblem problem;
    std::string hub_cache;
    std::string hf_home;
  };
  const std::string scratch_home = "/tmp/scratch/hf-home";
  const Case cases[] = {
      {"home", home, "auto", Layout::kHfHome, ModelsDirProblem::kNone, home + "/hub", home},
      {"cache", cache, "auto", Layout::kHubCache, ModelsDirProblem::kNone, cache, scratch_home},
      {"nothing in it", empty, "auto", Layout::kHubCache, ModelsDirProblem::kEmpty, empty,
       scratch_home},
      {"home, said to be a cache", home, "hub-cache", Layout::kHubCache, ModelsDirProblem::kNone,
       home, scratch_home},
      {"cache, said to be a home", cache, "hf-home", Layout::kHfHome, ModelsDirProblem::kNone,
       cache + "/hub", cache},
      {"empty, said to be a home", empty, "hf-home", Layout::kHfHome, ModelsDirProblem::kEmpty,
       empty + "/hub", empty},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const Planned planned({{Key::cache_models_dir, c.path}, {Key::cache_layout, c.setting}});
    REQUIRE(planned.ok);
    CHECK(planned.plan.layout == c.layout);
    CHECK(planned.plan.finding.problem == c.problem);
    CHECK(planned.variable("HF_HUB_CACHE") == c.hub_cache);
    CHECK(planned.variable("HF_HOME") == c.hf_home);
  }
}

TEST_CASE("run plan: the scratch directory that was asked for, and that of the caller") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "models");
  const Planned planned(models_dir(cache), "/tmp/of-the-caller");
  REQUIRE(planned.ok);
  CHECK(planned.plan.scratch_dir == "/tmp/of-the-caller");
  CHECK(planned.variable("HF_HOME") == "/tmp/of-the-caller/hf-home");
  const Planned asked({{Key::cache_models_dir, cache}, {Key::cache_scratch, "/var/mine"}},
                      "/tmp/of-the-caller");
  REQUIRE(asked.ok);
  CHECK(asked.plan.scratch_dir == "/var/mine");
  CHECK(asked.variable("HF_HOME") == "/var/mine/hf-home");
}

TEST_CASE("run plan: further trees follow the models dir, each with its source") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "models");
  const std::string core = directory.directory("core");
  const std::string data = directory.directory("data");
  directory.link("link", "data");
  const Planned planned({{Key::cache_protect, core},
                         {Key::cache_models_dir, cache},
                         {Key::cache_protect, directory / "link"},
                         {Key::cache_protect, "/"}});
  REQUIRE(planned.ok);
  REQUIRE(planned.plan.tree_count == 4);
  const std::vector<std::string> paths = {cache, core, data, "/"};
  for (std::size_t i = 0; i < paths.size(); ++i) {
    CAPTURE(i);
    CHECK(planned.plan.trees[i].path == paths[i]);
    CHECK(planned.plan.trees[i].id == id_of_path(paths[i]));
    CHECK(text_of(planned.plan.trees[i].source) == (i == 0 ? "--models-dir" : "--protect"));
  }
}

TEST_CASE("run plan: a further tree that is missing or no directory") {
  TemporaryDirectory directory;
  const std::string file = directory.file("file", "x");
  CHECK(Planned({{Key::cache_protect, directory / "missing"}}).message() ==
        "protected tree \"" + (directory / "missing") + "\" does not exist (given by --protect)\n" +
            kMissingHint);
  CHECK(Planned({{Key::cache_protect, file}}).message() ==
        "protected tree \"" + file + "\" is not a directory (given by --protect)\n" +
            kUnreadableHint);
  const Planned in_file("[cache]\nprotect = [\n  \"/\",\n  \"" + file + "\",\n]\n",
                        "hfoffline.toml");
  CHECK(in_file.message().find("hfoffline.toml:4:3: protected tree \"" + file +
                               "\" is not a directory\n") == 0);
}

TEST_CASE("run plan: 64 trees fit, and the models dir is one of them") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "models");
  std::vector<std::pair<Key, std::string>> flags;
  for (int i = 0; i < 64; ++i) {
    flags.emplace_back(Key::cache_protect, directory.directory("tree" + std::to_string(i)));
  }
  const Planned all(flags);
  REQUIRE(all.ok);
  CHECK(all.plan.tree_count == 64);
  CHECK(all.plan.trees[63].path == flags[63].second);
  const std::string complaint =
      "\" is one too many (64 at the most) (given by --protect)\n"
      "  protect a common parent instead\n";

  flags.emplace_back(Key::cache_models_dir, cache);
  const Planned with_models(flags);
  CHECK_FALSE(with_models.ok);
  CHECK(with_models.message() == "protected tree \"" + flags[63].second + complaint);

  flags.back() = {Key::cache_protect, directory.directory("tree64")};
  const Planned many(flags);
  CHECK_FALSE(many.ok);
  CHECK(many.message() == "protected tree \"" + flags[64].second + complaint);
}

TEST_CASE("run plan: names of directories are printed so that a terminal does not act on them") {
  TemporaryDirectory directory;
  const Planned planned(models_dir(directory / "a\x1b[31m\n\xff"));
  CHECK_FALSE(planned.ok);
  CHECK(planned.message() == "models dir \"" + (directory / "a\\x1B[31m\\x0A\\xFF") +
                                 "\" does not exist (given by --models-dir)\n" + kMissingHint);
}

TEST_CASE("run plan: memory that is too small is an error at every size, and never a crash") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "models");
  const std::vector<std::pair<Key, std::string>> flags = {{Key::cache_models_dir, cache},
                                                          {Key::cache_protect, "/tmp"}};
  bool fitted = false;
  for (std::size_t bytes = 0; bytes < 64 * 1024 && !fitted; bytes += bytes < 600 ? 1 : 97) {
    const Planned planned(flags, "/tmp/scratch", bytes);
    if (!planned.ok && planned.message().find("memory") == std::string::npos) {
      CAPTURE(bytes, planned.message());
      REQUIRE(planned.ok);
    }
    fitted = planned.ok;
  }
  CHECK(fitted);
}

TEST_CASE("run plan: no descriptor stays open") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "models");
  const int first = dup(0);
  close(first);
  CHECK(Planned({{Key::cache_models_dir, cache}, {Key::cache_protect, "/tmp"}}).ok);
  CHECK_FALSE(Planned({{Key::cache_models_dir, cache}, {Key::cache_protect, "/missing"}}).ok);
  CHECK_FALSE(Planned(models_dir(directory.file("file", ""))).ok);
  const int second = dup(0);
  close(second);
  CHECK(first == second);
}

namespace {

// What a plan says in a root directory without /proc, which chroot needs root for.
struct WithoutProc {
  bool entered = false;
  bool ok = false;
  char path[256] = "";
  char message[1024] = "";
};

WithoutProc plan_without_proc(const std::string& root, const std::string& path) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    WithoutProc result;
    const uid_t uid = geteuid();
    result.entered = (uid == 0 || unshare(CLONE_NEWUSER) == 0) && chroot(root.c_str()) == 0 &&
                     chdir("/") == 0 && access("/proc", F_OK) != 0;
    const Planned planned(models_dir(path));
    result.ok = planned.ok;
    Appender(result.path).add(planned.plan.models_dir).c_str();
    Appender(result.message).add(planned.message()).c_str();
    _exit(write(ends[1], &result, sizeof(result)) == sizeof(result) ? 0 : 1);
  }
  close(ends[1]);
  WithoutProc result;
  REQUIRE(read(ends[0], &result, sizeof(result)) == sizeof(result));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  REQUIRE(result.entered);
  return result;
}

}  // namespace

TEST_CASE("run plan: without /proc a canonical path is taken, and any other is an error") {
  TemporaryDirectory directory;
  directory.directory("mnt/.cache/models/models--org--name");
  directory.link("mnt/link", ".cache/models");
  directory.link("above", "mnt");
  const std::string root = directory.path();
  // The slash at the end would keep "/mnt/.cache/models/x" from being recognised as below it.
  for (const char* path : {"/mnt/.cache/models", "/mnt/.cache/models/", "/mnt/.cache/models///"}) {
    CAPTURE(path);
    const WithoutProc result = plan_without_proc(root, path);
    CHECK(result.ok);
    CHECK(std::string(result.path) == "/mnt/.cache/models");
  }
  CHECK(std::string(plan_without_proc(root, "/").path) == "/");
  for (const std::string path :
       {"/mnt/link", "/above/.cache/models", "/mnt/./.cache/models", "/mnt//.cache/models",
        "/mnt/../mnt/.cache/models", "/mnt/.cache/models/."}) {
    CAPTURE(path);
    const WithoutProc result = plan_without_proc(root, path);
    CHECK_FALSE(result.ok);
    CHECK(std::string(result.message) ==
          "models dir \"" + path +
              "\" cannot be resolved, because /proc is not mounted (given by --models-dir)\n"
              "  mount /proc, or give the path without symbolic links and \"..\"\n");
  }
}

TEST_CASE("run plan: its policy holds everything of it") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "models");
  const std::string core = directory.directory("core");
  const Planned planned({{Key::cache_models_dir, cache},
                         {Key::cache_protect, core},
                         {Key::egress_allow, "minio.ci:9000"},
                         {Key::egress_mode, "audit"}});
  REQUIRE(planned.ok);
  RunFiles files;
  files.run = "the-run";
  files.record_file = "/tmp/record.jsonl";
  files.run_state_file = "/tmp/run-state";
  files.shim_file = "/usr/lib/libhfoffline.so";
  std::vector<std::uint64_t> buffer(kMaximumPolicyBytes / 8);
  auto* bytes = reinterpret_cast<std::uint8_t*>(buffer.data());
  std::size_t size = 0;
  Diagnostic error;
  REQUIRE(build_policy(planned.plan, files, bytes, kMaximumPolicyBytes, &size, error));
  Policy policy;
  REQUIRE(policy.attach(bytes, size) == PolicyProblem::kNone);
  const PolicyHeader& header = policy.header();
  CHECK(policy.text(header.models_dir) == cache);
  CHECK(policy.text(header.run) == "the-run");
  CHECK(policy.text(header.record_file) == "/tmp/record.jsonl");
  CHECK(policy.text(header.run_state_file) == "/tmp/run-state");
  CHECK(policy.text(header.shim_file) == "/usr/lib/libhfoffline.so");
  CHECK(header.root_inode == id_of_path("/").ino);
  CHECK(header.root_device == id_of_path("/").dev);
  CHECK(policy.audit());
  REQUIRE(policy.tree_count() == 2);
  CHECK(policy.text(policy.tree(0).path) == cache);
  CHECK(policy.tree(0).inode == id_of_path(cache).ino);
  CHECK(policy.text(policy.tree(1).path) == core);
  CHECK(policy.tree(1).device == id_of_path(core).dev);
  CHECK(policy.name_count() == 1);
  CHECK(policy.variable_count() == planned.plan.environment.count);
}

TEST_CASE("run plan: redirects of each process lead to protected trees, the longest FROM first") {
  TemporaryDirectory directory;
  const std::string cache = hub_cache(directory, "disk/models");
  const std::string other = directory.directory("other");
  const std::string file = directory.file("disk/models/file");
  directory.link("link", "disk/models");
  const std::string short_one = "~/x=" + directory / "link";
  const std::string long_one = "/a//longer/./path/=" + other;
  const std::string single = "/single=" + file;
  Planned planned({{Key::cache_models_dir, cache},
                   {Key::cache_redirect, short_one},
                   {Key::cache_redirect, long_one},
                   {Key::cache_redirect, single}});
  REQUIRE(planned.ok);
  REQUIRE(planned.redirect("/home/u"));
  REQUIRE(planned.plan.redirect_count == 3);
  CHECK(planned.plan.redirects[0].from == "/a/longer/path");
  CHECK(planned.plan.redirects[0].to == other);
  CHECK(planned.plan.redirects[1].from == "/home/u/x");
  CHECK(planned.plan.redirects[1].to == cache);
  CHECK(text_of(planned.plan.redirects[1].source) == "--redirect");
  CHECK(planned.plan.redirects[2].to == file);
  // The models dir is a tree already; the other became one.
  REQUIRE(planned.plan.tree_count == 2);
  CHECK(planned.plan.trees[1].path == other);
}

TEST_CASE("run plan: redirects that no process could do") {
  TemporaryDirectory directory;
  const std::string file = directory.file("file");
  const struct {
    std::string redirect;
    const char* home;
    std::string_view why;
  } rows[] = {
      {"~/x=" + directory.path().string(), nullptr, "HOME names no directory"},
      {"~/x=" + directory.path().string(), "here", "HOME names no directory"},
      {"/x=" + directory / "none", "/", "is not there"},
      {"/x=" + file, "/", "is in no protected tree"},
      {"/x=/dev/null", "/", "is not there, or is neither"},
      {"/x/..=" + directory.path().string(), "/", "is no path to lead elsewhere"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.redirect);
    Planned planned({{Key::cache_redirect, row.redirect}});
    REQUIRE(planned.ok);
    CHECK_FALSE(planned.redirect(row.home));
    CHECK(planned.message().find(row.why) != std::string::npos);
    CHECK(planned.message().find("--redirect") != std::string::npos);
  }
}
