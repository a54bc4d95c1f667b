// Where a path leads, as the macOS library finds it out. The kernel here is Linux's; what they have
// in common is POSIX.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "catch.h"
#include "policy_test_support.h"
#include "shim/locate.h"
#include "shim/policy_source.h"
#include "temporary_directory.h"

namespace hfoffline::shim {
Policy current_policy;
Policy find_policy_once() { std::abort(); }  // there is one before anything asks
}  // namespace hfoffline::shim

using namespace hfoffline;
using namespace hfoffline::shim;
using namespace hfoffline::test;

namespace {

namespace fs = std::filesystem;

// T/tree is protected; T/outside is not.
class Scene {
 public:
  Scene() : root(directory_.path()), tree(root / "tree") {
    fs::create_directories(tree / "deep/deeper");
    fs::create_directories(root / "outside/sub");
    fs::create_directories(root / "treeX");
    make_file(tree / "file");
    make_file(root / "outside/file");
    fs::create_symlink(tree, root / "outside/to-tree");
    fs::create_symlink("../tree/file", root / "outside/to-file");
    fs::create_symlink("to-file", root / "outside/to-link");
    fs::create_symlink("../tree/missing", root / "outside/dangling");
    fs::create_symlink("loop", root / "outside/loop");
    fs::create_symlink(root / "outside", tree / "out");
    sys::Stat status = {};
    REQUIRE(sys::stat(tree.c_str(), &status) == 0);
    maker_.trees.push_back(
        {path_text(), sys::id_of(status), {Source::Origin::kFlag, "--models-dir"}});
    REQUIRE(maker_.build());
    REQUIRE(current_policy.attach(maker_.made.data(), maker_.made.size()) == PolicyProblem::kNone);
  }

  bool is_in(const fs::path& path, FinalLink link = FinalLink::kFollow, int base = AT_FDCWD) const {
    const Located located = locate(base, path.c_str(), link);
    CHECK((located.tree == kOutside || located.tree == 0));
    return located.tree == 0;
  }

  static void make_file(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT, 0644);
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
  }

 private:
  std::string_view path_text() {
    text_ = tree.string();
    return text_;
  }

  TemporaryDirectory directory_;
  PolicyMaker maker_;
  std::string text_;

 public:
  const fs::path root, tree;
};

}  // namespace

TEST_CASE("locate for macOS: by name") {
  const Scene scene;
  CHECK(scene.is_in(scene.tree));
  CHECK(scene.is_in(scene.tree / "file"));
  CHECK(scene.is_in(scene.tree / "missing"));
  CHECK(scene.is_in(scene.tree / "deep/deeper/missing"));
  CHECK(scene.is_in(scene.tree / "deep/../file"));
  CHECK(scene.is_in(scene.root / "outside/../tree/file"));
  CHECK(scene.is_in(scene.root / "outside/.." / "tree" / "."));
  CHECK(scene.is_in(scene.tree / "deep/deeper/.."));
  CHECK_FALSE(scene.is_in(scene.root));
  CHECK_FALSE(scene.is_in(scene.root / "outside/file"));
  CHECK_FALSE(scene.is_in(scene.root / "outside/missing"));
  CHECK_FALSE(scene.is_in(scene.root / "treeX"));
  CHECK_FALSE(scene.is_in(scene.root / "treeX/missing"));
  CHECK_FALSE(scene.is_in(scene.tree / ".."));
  CHECK_FALSE(scene.is_in("/"));
  CHECK_FALSE(scene.is_in(""));
}

TEST_CASE("locate for macOS: symbolic links") {
  const Scene scene;
  const fs::path outside = scene.root / "outside";
  CHECK(scene.is_in(outside / "to-tree/file"));
  CHECK(scene.is_in(outside / "to-tree/deep/missing"));
  CHECK(scene.is_in(outside / "to-file"));
  CHECK(scene.is_in(outside / "to-link"));
  CHECK(scene.is_in(outside / "dangling"));
  // The link itself lies outside; what is behind a slash does not.
  CHECK_FALSE(scene.is_in(outside / "to-tree", FinalLink::kNameOnly));
  CHECK_FALSE(scene.is_in(outside / "to-file", FinalLink::kKeep));
  CHECK(scene.is_in(outside.string() + "/to-tree/", FinalLink::kKeep));
  // And the other way round.
  CHECK_FALSE(scene.is_in(scene.tree / "out/file"));
  CHECK(scene.is_in(scene.tree / "out", FinalLink::kNameOnly));

  const Located loop = locate(AT_FDCWD, (outside / "loop").c_str(), FinalLink::kFollow);
  CHECK(loop.tree == kOutside);
  CHECK(loop.facts.lookup_error == ELOOP);
}

TEST_CASE("locate for macOS: a link whose path is too long when joined") {
  const Scene scene;
  // A long directory outside, with a relative link of nearly the longest text.
  fs::path at = scene.root / "outside";
  while (at.string().size() < 3000) {
    at /= std::string(200, 'd');
    fs::create_directory(at);
  }
  std::string text;
  const std::size_t levels =
      1 + static_cast<std::size_t>(std::distance(at.begin(), at.end()) -
                                   std::distance(scene.root.begin(), scene.root.end()) - 1);
  while (text.size() < 2000) text += "./";
  for (std::size_t i = 0; i < levels; ++i) text += "../";
  text += "tree/file";
  fs::create_symlink(text, at / "link");
  CHECK(fs::exists(at / "link"));
  CHECK(scene.is_in(at / "link"));
}

TEST_CASE("locate for macOS: relative to a directory") {
  const Scene scene;
  const int tree = ::open(scene.tree.c_str(), O_RDONLY | O_DIRECTORY);
  const int outside = ::open((scene.root / "outside").c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(tree >= 0);
  REQUIRE(outside >= 0);
  CHECK(scene.is_in("missing", FinalLink::kNameOnly, tree));
  CHECK(scene.is_in("deep/file", FinalLink::kFollow, tree));
  CHECK(scene.is_in(".", FinalLink::kFollow, tree));
  CHECK(scene.is_in("../tree/file", FinalLink::kFollow, outside));
  CHECK(scene.is_in("to-file", FinalLink::kFollow, outside));
  CHECK_FALSE(scene.is_in("..", FinalLink::kFollow, tree));
  CHECK_FALSE(scene.is_in("../outside/file", FinalLink::kFollow, tree));
  CHECK_FALSE(scene.is_in("file", FinalLink::kFollow, outside));
  CHECK(locate_descriptor(tree) == 0);
  CHECK(locate_descriptor(outside) == kOutside);
  ::close(tree);
  ::close(outside);
}

TEST_CASE("locate for macOS: open files") {
  const Scene scene;
  const int inside = ::open((scene.tree / "file").c_str(), O_RDONLY);
  const int outside = ::open((scene.root / "outside/file").c_str(), O_RDONLY);
  REQUIRE(inside >= 0);
  REQUIRE(outside >= 0);
  CHECK(locate_descriptor(inside) == 0);
  CHECK(locate_descriptor(outside) == kOutside);
  CHECK(locate_descriptor(-1) == kOutside);
  ::close(inside);
  ::close(outside);
}

TEST_CASE("locate for macOS: what is found is told") {
  const Scene scene;
  const Located tree = locate(AT_FDCWD, scene.tree.c_str(), FinalLink::kNameOnly);
  CHECK(tree.facts.is_tree_root);
  CHECK(tree.resolved);
  const Located missing = locate(AT_FDCWD, (scene.tree / "no").c_str(), FinalLink::kNameOnly);
  CHECK(missing.resolved);
  CHECK(missing.facts.lookup_error == ENOENT);
  const Located nowhere = locate(AT_FDCWD, (scene.tree / "no/no").c_str(), FinalLink::kNameOnly);
  CHECK_FALSE(nowhere.resolved);
  CHECK(nowhere.tree == kOutside);
  const Located slash =
      locate(AT_FDCWD, (scene.tree.string() + "/file/").c_str(), FinalLink::kFollow);
  CHECK(slash.facts.lookup_error == ENOTDIR);
  const Located wild =
      locate(AT_FDCWD, reinterpret_cast<const char*>(std::uintptr_t{16}), FinalLink::kFollow);
  CHECK_FALSE(wild.resolved);
}

TEST_CASE("locate for macOS: directories above a tree") {
  const Scene scene;
  const auto id = [](const fs::path& path) {
    sys::Stat status = {};
    REQUIRE(sys::stat(path.c_str(), &status) == 0);
    return sys::id_of(status);
  };
  CHECK(tree_below(id(scene.root)) == 0);
  CHECK(tree_below(id("/")) == 0);
  CHECK(tree_below(id(scene.root / "outside")) == kOutside);
  CHECK(tree_below(id(scene.tree / "deep")) == kOutside);
}
