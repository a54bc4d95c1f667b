#include "core/layout.h"

#include <string>

#include "catch.h"
#include "temporary_directory.h"

using namespace hfoffline;

namespace {

constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";

bool mentions(const LayoutFinding& finding, std::string_view text) {
  return std::string_view(finding.detail).find(text) != std::string_view::npos;
}

LayoutFinding detect(const std::string& path) { return detect_layout(path.c_str()); }
LayoutFinding detect(const TemporaryDirectory& directory) {
  return detect(directory.path().string());
}

}  // namespace

TEST_CASE("a hub/ with a repository means an HF_HOME layout") {
  TemporaryDirectory home;
  home.directory("hub/models--org--name");
  const LayoutFinding finding = detect(home);
  CHECK(finding.layout == Layout::kHfHome);
  CHECK(finding.problem == ModelsDirProblem::kNone);
  CHECK(std::string(finding.detail).empty());
}

TEST_CASE("a hub/ that is a link to a directory counts") {
  TemporaryDirectory home;
  home.directory("elsewhere/datasets--org--name");
  home.link("hub", "elsewhere");
  CHECK(detect(home).layout == Layout::kHfHome);
  CHECK(detect(home).problem == ModelsDirProblem::kNone);
}

TEST_CASE("repositories directly inside mean a bare hub cache") {
  for (const char* name : {"models--org--name", "datasets--org--name", "spaces--org--name"}) {
    CAPTURE(name);
    TemporaryDirectory cache;
    cache.directory(name);
    cache.file("version.txt", "1");
    const LayoutFinding finding = detect(cache);
    CHECK(finding.layout == Layout::kHubCache);
    CHECK(finding.problem == ModelsDirProblem::kNone);
  }
}

TEST_CASE("an old repository without an organisation counts by its insides") {
  for (const char* inside : {"snapshots", "refs", "blobs"}) {
    CAPTURE(inside);
    TemporaryDirectory cache;
    cache.directory(std::string("models--gpt2/") + inside);
    CHECK(detect(cache).layout == Layout::kHubCache);
  }
}

TEST_CASE("look-alikes are named, not guessed") {
  TemporaryDirectory directory;
  std::string expected;
  SECTION("models--hub, a mistyped hub/") {
    directory.directory("models--hub/models--org--name");
    expected = "\"models--hub\"";
  }
  SECTION("a longer name without an organisation or the insides of a repository") {
    directory.directory("models--my-cache");
    expected = "\"models--my-cache\"";
  }
  SECTION("models, without a repository") {
    directory.directory("models");
    expected = "\"models\"";
  }
  SECTION("a name with nothing after the prefix") {
    directory.directory("models--");
    expected = "\"models--\"";
  }
  SECTION("a single dash") {
    directory.directory("models-org-name");
    expected = "\"models-org-name\"";
  }
  SECTION("a file named like a repository") {
    directory.file("models--org--name");
    expected = "\"models--org--name\" is not a repository";
  }
  SECTION("hub is a file") {
    directory.file("hub");
    expected = "\"hub\" is not a directory";
  }
  SECTION("hub leads nowhere") {
    directory.link("hub", "missing");
    expected = "symbolic link";
  }
  SECTION("a plain model directory") {
    directory.file("config.json", "{}");
    directory.file("model.safetensors");
    expected = "plain model directory";
  }
  SECTION("one repository of a cache") {
    directory.directory("snapshots");
    directory.directory("blobs");
    directory.directory("refs");
    expected = "directory above";
  }
  SECTION("the snapshots directory of a repository") {
    directory.directory(kCommit);
    expected = "two levels up";
  }
  SECTION("one level too high") {
    directory.directory("huggingface/hub/models--org--name");
    expected = "\"huggingface\" below it";
  }
  SECTION("a home directory") {
    directory.directory(".cache/huggingface/hub/models--org--name");
    directory.directory("work");
    expected = "\".cache/huggingface\" below it";
  }
  const LayoutFinding finding = detect(directory);
  CAPTURE(finding.detail);
  CHECK(finding.layout == Layout::kUnknown);
  CHECK(finding.problem == ModelsDirProblem::kLookAlike);
  CHECK(mentions(finding, expected));
}

TEST_CASE("a snapshot is told from a plain model directory by its path") {
  TemporaryDirectory cache;
  const std::string snapshot =
      cache.directory(std::string("models--org--name/snapshots/") + kCommit);
  cache.file(std::string("models--org--name/snapshots/") + kCommit + "/config.json", "{}");
  const LayoutFinding finding = detect(snapshot);
  CHECK(finding.problem == ModelsDirProblem::kLookAlike);
  CHECK(mentions(finding, "three levels up"));
}

TEST_CASE("look-alikes beside a real repository do not matter") {
  TemporaryDirectory cache;
  cache.directory("models--hub");
  cache.file("config.json", "{}");
  cache.file("hub");
  cache.directory("models--org--name");
  const LayoutFinding finding = detect(cache);
  CHECK(finding.layout == Layout::kHubCache);
  CHECK(finding.problem == ModelsDirProblem::kNone);
}

TEST_CASE("hub/ wins over repositories beside it, and says so") {
  TemporaryDirectory home;
  home.directory("hub/models--org--inside");
  home.directory("models--org--beside");
  LayoutFinding finding = detect(home);
  CHECK(finding.layout == Layout::kHfHome);
  CHECK(finding.problem == ModelsDirProblem::kNone);
  CHECK(mentions(finding, "\"models--org--beside\""));

  SECTION("an empty hub/ beside repositories is a problem") {
    std::filesystem::remove_all(home.path() / "hub/models--org--inside");
    finding = detect(home);
    CHECK(finding.layout == Layout::kHfHome);
    CHECK(finding.problem == ModelsDirProblem::kEmpty);
    CHECK(mentions(finding, "hub-cache"));
  }
}

TEST_CASE("torch's hub directory is not a Hugging Face cache") {
  TemporaryDirectory torch;
  torch.directory("hub/checkpoints");
  CHECK(detect(torch).problem == ModelsDirProblem::kLookAlike);
  CHECK(mentions(detect(torch), "torch.hub"));
}

TEST_CASE("empty: nothing, or only what is left behind in an empty cache") {
  TemporaryDirectory directory;
  CHECK(detect(directory).problem == ModelsDirProblem::kEmpty);
  directory.directory("lost+found");
  directory.directory(".locks");
  directory.file("CACHEDIR.TAG");
  CHECK(detect(directory).problem == ModelsDirProblem::kEmpty);
  CHECK(detect(directory).layout == Layout::kUnknown);
}

TEST_CASE("an empty hub/ is an empty cache") {
  TemporaryDirectory home;
  home.directory("hub");
  CHECK(detect(home).layout == Layout::kHfHome);
  CHECK(detect(home).problem == ModelsDirProblem::kEmpty);
}

TEST_CASE("something else altogether is unrecognised, with its first entry by name") {
  TemporaryDirectory directory;
  for (int i = 0; i < 50; ++i) directory.file("zebra" + std::to_string(i));
  directory.file("ant");
  for (int i = 0; i < 50; ++i) directory.file("yak" + std::to_string(i));
  const LayoutFinding finding = detect(directory);
  CHECK(finding.layout == Layout::kUnknown);
  CHECK(finding.problem == ModelsDirProblem::kUnrecognised);
  CHECK(mentions(finding, "\"ant\""));
}

TEST_CASE("missing, and links that lead nowhere") {
  TemporaryDirectory directory;
  CHECK(detect(directory / "absent").problem == ModelsDirProblem::kMissing);
  CHECK(std::string(detect(directory / "absent").detail).empty());
  const LayoutFinding finding = detect(directory.link("dangling", "absent"));
  CHECK(finding.problem == ModelsDirProblem::kMissing);
  CHECK(mentions(finding, "symbolic link"));
}

TEST_CASE("a file instead of a directory, at the end and before it") {
  TemporaryDirectory directory;
  const std::string file = directory.file("file");
  CHECK(detect(file).problem == ModelsDirProblem::kNotADirectory);
  CHECK(mentions(detect(file), "it is a file"));
  CHECK(detect(file + "/below").problem == ModelsDirProblem::kNotADirectory);
  CHECK(mentions(detect(file + "/below"), "a part of the path"));
}

TEST_CASE("a loop of links is unreadable, with the errno's name") {
  TemporaryDirectory directory;
  directory.link("a", "b");
  const LayoutFinding finding = detect(directory.link("b", "a"));
  CHECK(finding.problem == ModelsDirProblem::kUnreadable);
  CHECK(mentions(finding, "ELOOP"));
}

TEST_CASE("directories without the right to list or enter them are unreadable") {
  TemporaryDirectory directory;
  const std::string cache = directory.directory("cache");
  directory.directory("cache/models--org--name");
  for (const mode_t mode : {0, 0111, 0444}) {
    CAPTURE(mode);
    REQUIRE(chmod(cache.c_str(), mode) == 0);
    const LayoutFinding finding = without_privileges([&] { return detect(cache); });
    CAPTURE(finding.detail);
    CHECK(finding.problem == ModelsDirProblem::kUnreadable);
    CHECK(mentions(finding, "EACCES"));
  }
  REQUIRE(chmod(cache.c_str(), 0755) == 0);
  CHECK(without_privileges([&] { return detect(cache); }).problem == ModelsDirProblem::kNone);
}

TEST_CASE("a hub/ that cannot be listed is unreadable") {
  TemporaryDirectory home;
  const std::string hub = home.directory("hub");
  REQUIRE(chmod(hub.c_str(), 0) == 0);
  const LayoutFinding finding = without_privileges([&] { return detect(home); });
  CHECK(finding.layout == Layout::kHfHome);
  CHECK(finding.problem == ModelsDirProblem::kUnreadable);
}

TEST_CASE("names from the disk cannot steer a terminal or overflow the report") {
  TemporaryDirectory directory;
  directory.file("\x1b[31mred\n");
  CHECK(mentions(detect(directory), "\"?[31mred?\""));

  TemporaryDirectory another;
  another.file(std::string(255, 'a'));
  const LayoutFinding finding = detect(another);
  CHECK(std::string(finding.detail).size() < sizeof(finding.detail));
  CHECK(mentions(finding, "neither hub/"));
}

TEST_CASE("is_directory follows links") {
  TemporaryDirectory directory;
  directory.directory("real");
  CHECK(is_directory((directory / "real").c_str()));
  CHECK(is_directory(directory.link("link", "real").c_str()));
  CHECK_FALSE(is_directory(directory.file("file").c_str()));
  CHECK_FALSE(is_directory((directory / "absent").c_str()));
}
