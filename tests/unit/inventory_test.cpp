#include "cache/inventory.h"

#include <algorithm>
#include <string>

#include "cache/sample_cache.h"
#include "catch.h"
#include "temporary_directory.h"

using namespace hfoffline;

namespace {

namespace fs = std::filesystem;

const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";
const std::string kOther = "89abcdef0123456789abcdef0123456789abcdef";
const std::string kRepository = "models--org--name";
const std::string kSnapshot = kRepository + "/snapshots/" + kCommit;

// One repository with one file, and nothing wrong with it.
void write_repository(const TemporaryDirectory& cache) {
  cache.file(kRepository + "/blobs/aaaa", "data");
  cache.link(kSnapshot + "/config.json", "../../blobs/aaaa");
  cache.file(kRepository + "/refs/main", kCommit);
}

bool has(const Inventory& inventory, CacheProblemKind kind, const std::string& path) {
  return std::any_of(inventory.problems.begin(), inventory.problems.end(),
                     [&](const CacheProblem& problem) {
                       return problem.kind == kind && problem.path == path &&
                              !problem.what.empty() && !problem.advice.empty();
                     });
}

std::string all_problems(const Inventory& inventory) {
  std::string text;
  for (const CacheProblem& problem : inventory.problems) text += describe(problem) + "\n";
  return text;
}

// Both entry points must find the same problem, and nothing else.
void check_only(const TemporaryDirectory& cache, CacheProblemKind kind, const std::string& below) {
  for (const Inventory& inventory : {read_inventory(cache.path()), quick_inventory(cache.path())}) {
    CAPTURE(all_problems(inventory));
    CHECK(inventory.problems.size() == 1);
    CHECK(has(inventory, kind, cache / below));
  }
}

}  // namespace

TEST_CASE("the sample cache is read whole and has no problem") {
  TemporaryDirectory directory;
  const Layout layout = GENERATE(Layout::kHubCache, Layout::kHfHome);
  const auto sample = write_sample_cache(directory / "models", layout);
  REQUIRE(sample.ok());
  const Inventory inventory = read_inventory(hub_cache_of(directory / "models", layout));
  CAPTURE(all_problems(inventory));
  CHECK(inventory.problems.empty());
  CHECK(inventory.complete);
  REQUIRE(inventory.repositories.size() == 3);

  const Repository& dataset = inventory.repositories[0];
  CHECK(dataset.type == RepositoryType::kDataset);
  CHECK(dataset.id == "hfoffline/tiny-dataset");
  REQUIRE(dataset.revisions.size() == 1);
  CHECK(dataset.revisions[0].files == 2);

  const Repository& model = inventory.repositories[1];
  CHECK(model.type == RepositoryType::kModel);
  CHECK(model.id == "hfoffline/tiny-model");
  REQUIRE(model.references.size() == 1);
  CHECK(model.references[0].name == "main");
  CHECK(model.references[0].commit == sample->repositories[0].commit);
  CHECK(model.blobs == 6);
  CHECK(model.blob_bytes > 6000);
  REQUIRE(model.revisions.size() == 1);
  CHECK(model.revisions[0].commit == sample->repositories[0].commit);
  CHECK(model.revisions[0].files == 6);
  CHECK(model.revisions[0].bytes == model.blob_bytes);

  const Repository& revisions = inventory.repositories[2];
  CHECK(revisions.references.size() == 2);
  CHECK(revisions.revisions.size() == 2);
  CHECK(revisions.blobs == 3);
}

TEST_CASE("a quick inventory finds the same, without sizes") {
  TemporaryDirectory cache;
  write_repository(cache);
  const Inventory inventory = quick_inventory(cache.path());
  CHECK(inventory.complete);
  CHECK(inventory.problems.empty());
  REQUIRE(inventory.repositories.size() == 1);
  CHECK(inventory.repositories[0].blobs == 1);
  CHECK(inventory.repositories[0].blob_bytes == 0);
  CHECK(inventory.repositories[0].revisions[0].files == 1);
  CHECK(inventory.entries == 4);
}

TEST_CASE("a snapshot link whose blob is gone is named") {
  TemporaryDirectory cache;
  write_repository(cache);
  cache.link(kSnapshot + "/onnx/model.onnx", "../../../blobs/missing");
  check_only(cache, CacheProblemKind::kDanglingLink, kSnapshot + "/onnx/model.onnx");
}

TEST_CASE("an interrupted download is named") {
  TemporaryDirectory cache;
  write_repository(cache);
  cache.file(kRepository + "/blobs/bbbb.0123abcd.incomplete", "half");
  check_only(cache, CacheProblemKind::kPartialBlob,
             kRepository + "/blobs/bbbb.0123abcd.incomplete");
  CHECK(read_inventory(cache.path()).repositories[0].blobs == 1);
}

TEST_CASE("refs that clients would misread are named") {
  TemporaryDirectory cache;
  write_repository(cache);
  const std::string reference = kRepository + "/refs/pr/1";
  SECTION("a newline after the commit") {
    cache.file(reference, kCommit + "\n");
    check_only(cache, CacheProblemKind::kReferenceUntrimmed, reference);
    CHECK(read_inventory(cache.path()).repositories[0].references[1].commit == kCommit);
    CHECK(read_inventory(cache.path()).repositories[0].references[1].name == "pr/1");
  }
  SECTION("a commit without a snapshot") {
    cache.file(reference, kOther);
    check_only(cache, CacheProblemKind::kReferenceMissing, reference);
  }
  SECTION("something else than a commit") {
    cache.file(reference, "ref: refs/heads/main");
    check_only(cache, CacheProblemKind::kReferenceNoCommit, reference);
  }
  SECTION("nothing") {
    cache.file(reference, "");
    check_only(cache, CacheProblemKind::kReferenceNoCommit, reference);
  }
  SECTION("a directory of refs that is not there is fine") {
    fs::remove_all(cache.path() / kRepository / "refs");
    CHECK(read_inventory(cache.path()).problems.empty());
  }
}

TEST_CASE("links that leave the cache are named, since nothing seals what they lead to") {
  TemporaryDirectory outside;
  outside.file("blob", "data");
  outside.directory("models--org--other/snapshots/" + kOther);
  TemporaryDirectory cache;
  write_repository(cache);
  SECTION("a relative link of a snapshot") {
    const std::string target =
        fs::path(outside / "blob").lexically_relative(cache / kSnapshot).string();
    cache.link(kSnapshot + "/model.bin", target);
    check_only(cache, CacheProblemKind::kLinkLeavesCache, kSnapshot + "/model.bin");
  }
  SECTION("an absolute link of a snapshot") {
    cache.link(kSnapshot + "/model.bin", outside / "blob");
    check_only(cache, CacheProblemKind::kLinkLeavesCache, kSnapshot + "/model.bin");
  }
  SECTION("a blob") {
    cache.link(kRepository + "/blobs/cccc", outside / "blob");
    check_only(cache, CacheProblemKind::kLinkLeavesCache, kRepository + "/blobs/cccc");
  }
  SECTION("a whole repository") {
    cache.link("models--org--other", outside / "models--org--other");
    check_only(cache, CacheProblemKind::kLinkLeavesCache, "models--org--other");
    CHECK(read_inventory(cache.path()).repositories.size() == 2);
  }
  SECTION("a link that leaves and leads nowhere is dangling") {
    cache.link(kSnapshot + "/model.bin", outside / "gone");
    check_only(cache, CacheProblemKind::kDanglingLink, kSnapshot + "/model.bin");
  }
  SECTION("a link that leaves to a name that begins like the cache's") {
    const std::string sibling = cache.path().string() + "-sibling";
    fs::create_directories(sibling);
    cache.link(kSnapshot + "/model.bin", sibling);
    check_only(cache, CacheProblemKind::kLinkLeavesCache, kSnapshot + "/model.bin");
    fs::remove_all(sibling);
  }
}

TEST_CASE("links that stay in the cache are fine, however they are written") {
  TemporaryDirectory cache;
  write_repository(cache);
  cache.link(kSnapshot + "/absolute", cache / (kRepository + "/blobs/aaaa"));
  cache.link(kSnapshot + "/long", "../..//./snapshots/../blobs/aaaa");
  cache.file("datasets--org--name/blobs/dddd", "x");
  cache.link("datasets--org--name/snapshots/" + kOther + "/file", "../../blobs/dddd");
  cache.link(kSnapshot + "/other-repository", "../../../datasets--org--name/blobs/dddd");
  cache.link("models--org--again", kRepository);
  const Inventory inventory = read_inventory(cache.path());
  CAPTURE(all_problems(inventory));
  CHECK(inventory.problems.empty());
  CHECK(inventory.repositories.size() == 3);
}

TEST_CASE("a cache copied with its links followed is fine") {
  TemporaryDirectory cache;
  cache.file(kSnapshot + "/config.json", "four");
  cache.file(kRepository + "/refs/main", kCommit);
  const Inventory inventory = read_inventory(cache.path());
  CHECK(inventory.problems.empty());
  REQUIRE(inventory.repositories.size() == 1);
  CHECK(inventory.repositories[0].revisions[0].bytes == 4);
}

TEST_CASE("a repository without a snapshot is named") {
  TemporaryDirectory cache;
  cache.directory(kRepository);
  check_only(cache, CacheProblemKind::kNoRevision, kRepository);
}

TEST_CASE("an empty blob is named unless it is the file of no bytes") {
  TemporaryDirectory cache;
  write_repository(cache);
  cache.file(kRepository + "/blobs/e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  CHECK(read_inventory(cache.path()).problems.empty());
  cache.file(kRepository + "/blobs/eeee");
  const Inventory inventory = read_inventory(cache.path());
  CHECK(inventory.problems.size() == 1);
  CHECK(has(inventory, CacheProblemKind::kEmptyBlob, cache / (kRepository + "/blobs/eeee")));
}

TEST_CASE("what cannot be read is named") {
  TemporaryDirectory cache;
  write_repository(cache);
  SECTION("the cache itself") {
    const Inventory inventory = read_inventory(cache / "missing");
    CHECK(inventory.problems.size() == 1);
    CHECK(has(inventory, CacheProblemKind::kUnreadable, cache / "missing"));
  }
  SECTION("a repository that is a file") {
    cache.file("models--org--file");
    check_only(cache, CacheProblemKind::kUnreadable, "models--org--file");
  }
  SECTION("parts without permission") {
    for (const std::string& below :
         {kRepository, kRepository + "/blobs", kSnapshot, kRepository + "/refs/main"}) {
      CAPTURE(below);
      REQUIRE(chmod((cache / below).c_str(), 0) == 0);
      const bool found = without_privileges([&] {
        const Inventory inventory = quick_inventory(cache.path());
        return has(inventory, CacheProblemKind::kUnreadable, cache / below);
      });
      CHECK(found);
      REQUIRE(chmod((cache / below).c_str(), 0755) == 0);
    }
  }
}

TEST_CASE("the bound is kept and said, and no problem is made up beyond it") {
  TemporaryDirectory cache;
  write_repository(cache);
  const std::size_t whole = quick_inventory(cache.path()).entries;
  for (std::size_t bound = 0; bound <= whole + 1; ++bound) {
    CAPTURE(bound);
    const Inventory inventory = quick_inventory(cache.path(), bound);
    CAPTURE(all_problems(inventory));
    CHECK(inventory.entries == std::min(bound, whole));
    CHECK(inventory.complete == (bound >= whole));
    CHECK(inventory.problems.empty());
  }
}

TEST_CASE("other things in a cache are not repositories") {
  TemporaryDirectory cache;
  for (const char* name : {".locks/models--org--name", "version", "models", "models--", "xet"})
    cache.directory(name);
  cache.file("CACHEDIR.TAG");
  const Inventory inventory = read_inventory(cache.path());
  CHECK(inventory.repositories.empty());
  CHECK(inventory.problems.empty());
}

TEST_CASE("ids: only the first double dash separates") {
  TemporaryDirectory cache;
  for (const char* name : {"models--gpt2", "spaces--org--with--dashes"})
    cache.directory(std::string(name) + "/snapshots/" + kCommit);
  const Inventory inventory = read_inventory(cache.path());
  REQUIRE(inventory.repositories.size() == 2);
  CHECK(inventory.repositories[0].id == "gpt2");
  CHECK(inventory.repositories[1].id == "org/with--dashes");
  CHECK(inventory.repositories[1].type == RepositoryType::kSpace);
}

TEST_CASE("names from the disk cannot steer a terminal") {
  const CacheProblem problem{CacheProblemKind::kPartialBlob, "/cache/\x1b[31m\n", "is bad", "go"};
  CHECK(describe(problem) == "/cache/?[31m?: is bad; go");
}
