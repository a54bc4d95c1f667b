#include "core/scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "presets/presets.h"
#include "temporary_directory.h"

using namespace hfoffline;

namespace {

namespace fs = std::filesystem;

struct Prepared {
  ScratchFailure failure;
  std::vector<std::string> directories;  // the values of the plan's scratch variables
};

Prepared prepare(const std::string& models_dir, const std::string& scratch_dir,
                 Layout layout = Layout::kHubCache, const Config& config = {}) {
  std::vector<char> memory(64 * 1024);
  Arena arena(memory.data(), memory.size());
  EnvironmentInputs inputs;
  inputs.models_dir = models_dir;
  inputs.layout = layout;
  inputs.scratch_dir = scratch_dir;
  EnvironmentPlan plan;
  Diagnostic error;
  REQUIRE(plan_environment(known_presets(), config, inputs, arena, plan, error));
  Prepared result;
  result.failure = prepare_scratch(plan, scratch_dir, models_dir, layout);
  for (std::size_t i = 0; i < plan.count; ++i) {
    if (plan.variables[i].scratch) result.directories.emplace_back(plan.variables[i].value);
  }
  return result;
}

mode_t mode_of(const std::string& path) {
  struct stat status;
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("scratch is for this user only, and the clients' directories are below it") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  const std::string scratch = directory / "scratch";
  const Prepared prepared = prepare(models, scratch);
  REQUIRE_FALSE(prepared.failure);
  CHECK(prepared.directories.size() >= 7);
  for (const std::string& path : prepared.directories) {
    CAPTURE(path);
    CHECK(path.starts_with(scratch + "/"));
    CHECK_FALSE(fs::exists(path));  // made by the client that writes first
  }
  CHECK(mode_of(scratch) == 0700);
}

TEST_CASE("for a bare hub cache, HF_HOME's hub leads to the models dir") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  directory.file("models/models--org--name/refs/main", "x");
  const std::string scratch = directory / "scratch";
  REQUIRE_FALSE(prepare(models, scratch).failure);
  CHECK(fs::read_symlink(scratch + "/hf-home/hub") == models);
  CHECK(fs::exists(scratch + "/hf-home/hub/models--org--name/refs/main"));
}

TEST_CASE("an HF_HOME layout needs no second home") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  const std::string scratch = directory / "scratch";
  REQUIRE_FALSE(prepare(models, scratch, Layout::kHfHome).failure);
  CHECK(fs::is_empty(scratch));
  CHECK_FALSE(fs::exists(fs::symlink_status(scratch + "/hf-home")));
}

TEST_CASE("without a models dir nothing is made") {
  TemporaryDirectory directory;
  const std::string scratch = directory / "scratch";
  CHECK_FALSE(prepare("", scratch).failure);
  CHECK_FALSE(fs::exists(scratch));
}

TEST_CASE("a home that the config set elsewhere is not made") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  Config config;
  ListItem modules{"HF_MODULES_CACHE=/nonexistent/modules", {}, nullptr};
  ListItem home{"HF_HOME=/nonexistent/home", {}, &modules};
  config.at(Key::env_set).items = &home;
  CHECK_FALSE(prepare(models, directory / "scratch", Layout::kHubCache, config).failure);
  CHECK(fs::is_empty(directory / "scratch"));
}

TEST_CASE("preparing again keeps what is there") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  const std::string scratch = directory / "scratch";
  REQUIRE_FALSE(prepare(models, scratch).failure);
  directory.file("scratch/modules/kept", "data");
  CHECK_FALSE(prepare(models, scratch).failure);
  CHECK_FALSE(prepare(models, scratch + "/").failure);
  CHECK(fs::exists(scratch + "/modules/kept"));
}

TEST_CASE("several at once all succeed") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  for (int round = 0; round < 20; ++round) {
    const std::string scratch = directory / ("scratch" + std::to_string(round));
    std::vector<int> errors(8, -1);
    std::vector<std::thread> threads;
    // Catch2's assertions are not for threads: only the results are looked at.
    for (std::size_t i = 0; i < errors.size(); ++i) {
      threads.emplace_back([&, i] {
        std::vector<char> memory(64 * 1024);
        Arena arena(memory.data(), memory.size());
        EnvironmentInputs inputs;
        inputs.models_dir = models;
        inputs.layout = Layout::kHubCache;
        inputs.scratch_dir = scratch;
        EnvironmentPlan plan;
        Diagnostic error;
        if (!plan_environment(known_presets(), Config(), inputs, arena, plan, error)) return;
        errors[i] = prepare_scratch(plan, scratch, models, Layout::kHubCache).error;
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int error : errors) CHECK(error == 0);
    CHECK(fs::is_symlink(scratch + "/hf-home/hub"));
  }
}

TEST_CASE("a scratch directory that others can write to is refused") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  const std::string scratch = directory.directory("scratch");
  for (const mode_t mode : {0777, 01777, 0770, 0702}) {
    CAPTURE(mode);
    REQUIRE(chmod(scratch.c_str(), mode) == 0);
    const Prepared prepared = prepare(models, scratch);
    CHECK(prepared.failure.error == EACCES);
    CHECK(prepared.failure.path == scratch);
    CHECK(prepared.failure.why == "can be written by other users");
    CHECK(fs::is_empty(scratch));
  }
  REQUIRE(chmod(scratch.c_str(), 0755) == 0);
  CHECK_FALSE(prepare(models, scratch).failure);
}

TEST_CASE("a scratch directory that belongs to somebody else is refused") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  const std::string scratch = directory.directory("scratch");
  if (geteuid() != 0) {
    WARN("only root can give a directory away: checked with / instead");
    const Prepared prepared = prepare(models, "/");
    CHECK(prepared.failure.error == EPERM);
    return;
  }
  REQUIRE(chown(scratch.c_str(), 65534, 65534) == 0);
  CHECK(prepare(models, scratch).failure.error == EPERM);
  // The same directory is fine for its owner.
  CHECK(without_privileges([&] { return prepare(models, scratch).failure.error; }) == 0);
}

TEST_CASE("a link in the place of scratch is refused") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  directory.directory("real");
  CHECK(prepare(models, directory.link("scratch", "real")).failure.error == ELOOP);
  CHECK(fs::is_empty(directory / "real"));
}

TEST_CASE("scratch inside the sealed tree is refused") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  CHECK(prepare(models, models + "/scratch").failure.error == EROFS);
  CHECK(prepare(models, models).failure.error == EROFS);
  CHECK(fs::is_empty(models));
  CHECK_FALSE(prepare(models, models + "-scratch").failure);
}

TEST_CASE("scratch that was used with another models dir is refused") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  REQUIRE_FALSE(prepare(directory.directory("before"), directory / "scratch").failure);
  const Prepared prepared = prepare(models, directory / "scratch");
  CHECK(prepared.failure.error == EEXIST);
  CHECK(prepared.failure.path == directory / "scratch/hf-home/hub");
  CHECK(prepared.failure.why == "leads to another models dir");
}

TEST_CASE("what is in the way is named") {
  TemporaryDirectory directory;
  const std::string models = directory.directory("models");
  SECTION("the scratch directory's parent is missing") {
    const Prepared prepared = prepare(models, directory / "missing/scratch");
    CHECK(prepared.failure.error == ENOENT);
    CHECK(prepared.failure.path == directory / "missing/scratch");
  }
  SECTION("scratch is a file") {
    const Prepared prepared = prepare(models, directory.file("scratch"));
    CHECK(prepared.failure.error == ENOTDIR);
  }
  SECTION("its home is a file") {
    directory.directory("scratch");
    directory.file("scratch/hf-home");
    REQUIRE(chmod((directory / "scratch").c_str(), 0700) == 0);
    const Prepared prepared = prepare(models, directory / "scratch");
    CHECK(prepared.failure.error == ENOTDIR);
    CHECK(prepared.failure.path == directory / "scratch/hf-home");
  }
  SECTION("hub is a directory") {
    directory.directory("scratch/hf-home/hub");
    REQUIRE(chmod((directory / "scratch").c_str(), 0700) == 0);
    const Prepared prepared = prepare(models, directory / "scratch");
    CHECK(prepared.failure.error == EEXIST);
    CHECK(prepared.failure.path == directory / "scratch/hf-home/hub");
  }
  SECTION("no right to make it") {
    const std::string closed = directory.directory("closed");
    // Not even for its owner, who runs the test where that is not root.
    REQUIRE(chmod(closed.c_str(), 0555) == 0);
    const int error =
        without_privileges([&] { return prepare(models, closed + "/scratch").failure.error; });
    CHECK(error == EACCES);
  }
  SECTION("a path that is too long") {
    const std::string scratch = "/" + std::string(4095, 'x');
    EnvironmentPlan plan;
    PlannedVariable variable;
    variable.scratch = true;
    plan.variables = &variable;
    plan.count = 1;
    CHECK(prepare_scratch(plan, scratch, models, Layout::kHubCache).error == ENAMETOOLONG);
  }
}
