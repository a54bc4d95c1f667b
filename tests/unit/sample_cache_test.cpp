#include "cache/sample_cache.h"

#include <openssl/evp.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "catch.h"
#include "temporary_directory.h"

using namespace hfoffline;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string hexadecimal_digest(const char* algorithm, const std::string& data) {
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  REQUIRE(EVP_Digest(data.data(), data.size(), value, &size, EVP_get_digestbyname(algorithm),
                     nullptr) == 1);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    char digits[3];
    snprintf(digits, sizeof(digits), "%02x", value[i]);
    text += digits;
  }
  return text;
}

std::string git_hash(const std::string& data) {
  return hexadecimal_digest("sha1", "blob " + std::to_string(data.size()) + '\0' + data);
}

// Every file and link below a directory, with what it holds or leads to.
std::map<std::string, std::string> tree(const fs::path& root) {
  std::map<std::string, std::string> result;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string path = entry.path().lexically_relative(root).string();
    if (entry.is_symlink()) {
      result[path] = "-> " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      result[path] = contents(entry.path());
    }
  }
  return result;
}

fs::path directory_of(const SampleCache& sample, const SampleRepository& repository) {
  std::string name = std::string(repository_type_name(repository.type)) + "s--" + repository.id;
  name.replace(name.find('/'), 1, "--");
  return fs::path(sample.hub_cache) / name;
}

}  // namespace

TEST_CASE("every blob is named by the hash of what it holds") {
  TemporaryDirectory directory;
  const auto sample = write_sample_cache(directory / "models", Layout::kHubCache);
  REQUIRE(sample.ok());
  std::size_t git_blobs = 0;
  std::size_t lfs_blobs = 0;
  for (const SampleRepository& repository : sample->repositories) {
    for (const auto& blob : fs::directory_iterator(directory_of(*sample, repository) / "blobs")) {
      const std::string name = blob.path().filename();
      CAPTURE(blob.path().string());
      const std::string data = contents(blob.path());
      if (name.size() == 40) {
        CHECK(name == git_hash(data));
        ++git_blobs;
      } else {
        CHECK(name == hexadecimal_digest("sha256", data));
        ++lfs_blobs;
      }
    }
  }
  CHECK(git_blobs == 10);
  CHECK(lfs_blobs == 1);
  CHECK(git_hash("") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST_CASE("snapshots lead to blobs by relative links, refs have no newline") {
  TemporaryDirectory directory;
  const auto sample = write_sample_cache(directory / "models", Layout::kHfHome);
  REQUIRE(sample.ok());
  CHECK(sample->hub_cache == directory / "models/hub");
  for (const SampleRepository& repository : sample->repositories) {
    const fs::path root = directory_of(*sample, repository);
    CAPTURE(repository.id);
    CHECK(repository.commit.size() == 40);
    CHECK(contents(root / "refs/main") == repository.commit);
    REQUIRE_FALSE(repository.files.empty());
    for (const std::string& file : repository.files) {
      CAPTURE(file);
      const fs::path link = root / "snapshots" / repository.commit / file;
      REQUIRE(fs::is_symlink(link));
      const fs::path target = fs::read_symlink(link);
      CHECK(target.is_relative());
      CHECK(fs::canonical(link).parent_path() == fs::canonical(root / "blobs"));
      CHECK_FALSE(contents(link).empty());
    }
    CHECK(fs::is_directory(fs::path(sample->hub_cache) / ".locks" / root.filename()));
  }
}

TEST_CASE("tree listings say what the snapshot holds, in huggingface_hub's form") {
  TemporaryDirectory directory;
  const auto sample = write_sample_cache(directory / "models", Layout::kHubCache);
  REQUIRE(sample.ok());
  for (const SampleRepository& repository : sample->repositories) {
    const fs::path root = directory_of(*sample, repository);
    const Json listing = Json::parse(contents(root / "trees" / (repository.commit + ".json")));
    CHECK(listing.at("format_version") == 1);
    REQUIRE(listing.at("files").size() == repository.files.size());
    for (const std::string& file : repository.files) {
      CAPTURE(repository.id, file);
      const Json& entry = listing.at("files").at(file);
      const fs::path path = root / "snapshots" / repository.commit / file;
      const std::string data = contents(path);
      CHECK(entry.at("size") == data.size());
      const std::string blob = fs::canonical(path).filename();
      if (entry.contains("lfs_sha256")) {
        CHECK(entry.at("lfs_sha256") == blob);
        CHECK(entry.at("lfs_size") == data.size());
        CHECK(entry.at("blob_id") ==
              git_hash("version https://git-lfs.github.com/spec/v1\noid sha256:" + blob +
                       "\nsize " + std::to_string(data.size()) + "\n"));
      } else {
        CHECK(entry.at("blob_id") == blob);
      }
    }
  }
}

TEST_CASE("the weights are a true safetensors file that matches the config") {
  TemporaryDirectory directory;
  const auto sample = write_sample_cache(directory / "models", Layout::kHubCache);
  REQUIRE(sample.ok());
  const SampleRepository& model = sample->repositories.front();
  const fs::path snapshot = directory_of(*sample, model) / "snapshots" / model.commit;
  const std::string file = contents(snapshot / "model.safetensors");
  REQUIRE(file.size() > 8);
  std::uint64_t header_size = 0;
  for (int i = 7; i >= 0; --i)
    header_size = header_size << 8 | static_cast<unsigned char>(file[static_cast<std::size_t>(i)]);
  REQUIRE(header_size < file.size());
  CHECK(header_size % 8 == 0);
  const Json header = Json::parse(file.substr(8, header_size));
  CHECK(header.at("__metadata__").at("format") == "pt");
  std::map<std::uint64_t, std::uint64_t> ranges;
  for (const auto& [name, tensor] : header.items()) {
    if (name == "__metadata__") continue;
    CAPTURE(name);
    std::uint64_t bytes = 4;
    for (const std::uint64_t extent : tensor.at("shape")) bytes *= extent;
    CHECK(tensor.at("dtype") == "F32");
    CHECK(tensor.at("data_offsets")[1].get<std::uint64_t>() -
              tensor.at("data_offsets")[0].get<std::uint64_t>() ==
          bytes);
    ranges[tensor.at("data_offsets")[0]] = tensor.at("data_offsets")[1];
  }
  std::uint64_t end = 0;
  for (const auto& [from, to] : ranges) {
    CHECK(from == end);
    end = to;
  }
  CHECK(8 + header_size + end == file.size());

  const Json config = Json::parse(contents(snapshot / "config.json"));
  const Json& words = header.at("embeddings.word_embeddings.weight").at("shape");
  CHECK(words == Json::array({config.at("vocab_size"), config.at("hidden_size")}));
  const Json tokenizer = Json::parse(contents(snapshot / "tokenizer.json"));
  CHECK(tokenizer.at("model").at("vocab").size() == config.at("vocab_size"));
}

TEST_CASE("both layouts hold the same, everywhere and every time") {
  TemporaryDirectory directory;
  const auto bare = write_sample_cache(directory / "bare", Layout::kHubCache);
  const auto home = write_sample_cache(directory / "home", Layout::kHfHome);
  REQUIRE(bare.ok());
  REQUIRE(home.ok());
  CHECK(tree(directory / "bare") == tree(directory / "home/hub"));
  CHECK(detect_layout((directory / "bare").c_str()).layout == Layout::kHubCache);
  CHECK(detect_layout((directory / "home").c_str()).layout == Layout::kHfHome);
  // Documented and used in demonstrations: a change of the sample changes it, and must be meant.
  CHECK(bare->repositories.front().commit == "75460b15454f8d0fbc426f480b4d4c12271ce43c");
}

TEST_CASE("writing again changes nothing, and completes what is missing") {
  TemporaryDirectory directory;
  REQUIRE(write_sample_cache(directory / "models", Layout::kHubCache).ok());
  const auto before = tree(directory / "models");
  const fs::path blobs = fs::path(directory / "models") / "models--hfoffline--tiny-model/blobs";
  const fs::file_time_type written = fs::last_write_time(blobs);
  REQUIRE(write_sample_cache(directory / "models", Layout::kHubCache).ok());
  CHECK(tree(directory / "models") == before);
  CHECK(fs::last_write_time(blobs) == written);
  fs::remove_all(blobs);
  REQUIRE(write_sample_cache(directory / "models", Layout::kHubCache).ok());
  CHECK(tree(directory / "models") == before);
}

TEST_CASE("several writers at once leave one whole cache") {
  const Layout layout = GENERATE(Layout::kHubCache, Layout::kHfHome);
  TemporaryDirectory directory;
  REQUIRE(write_sample_cache(directory / "expected", layout).ok());
  for (int round = 0; round < 10; ++round) {
    const std::string models = directory / ("models" + std::to_string(round));
    std::vector<std::thread> threads;
    std::vector<int> succeeded(4, 0);
    for (std::size_t i = 0; i < succeeded.size(); ++i) {
      threads.emplace_back(
          [&, i] { succeeded[i] = write_sample_cache(models, layout).ok() ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int one : succeeded) CHECK(one == 1);
    CHECK(tree(models) == tree(directory / "expected"));
  }
}

TEST_CASE("no other directory is written to") {
  TemporaryDirectory directory;
  SECTION("one with something in it") {
    directory.file("models/precious");
    const auto sample = write_sample_cache(directory / "models", Layout::kHubCache);
    CHECK(sample.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(tree(directory / "models").size() == 1);
  }
  SECTION("a real cache") {
    directory.file("models/models--org--name/refs/main");
    const auto sample = write_sample_cache(directory / "models", Layout::kHubCache);
    CHECK(sample.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(std::string(sample.status().message()).find("not empty") != std::string::npos);
  }
  SECTION("an HF_HOME with something beside its empty hub/") {
    directory.directory("models/hub");
    directory.file("models/token");
    const auto sample = write_sample_cache(directory / "models", Layout::kHfHome);
    CHECK(sample.status().code() == absl::StatusCode::kFailedPrecondition);
  }
  SECTION("a file") {
    const auto sample = write_sample_cache(directory.file("models"), Layout::kHubCache);
    CHECK(sample.status().code() == absl::StatusCode::kFailedPrecondition);
  }
  SECTION("one without the right to write") {
    // Not even for its owner, who runs the test where that is not root.
    fs::permissions(directory.directory("models"), fs::perms(0555));
    const auto code = without_privileges([&] {
      return write_sample_cache(directory / "models", Layout::kHubCache).status().code();
    });
    CHECK(code == absl::StatusCode::kPermissionDenied);
    CHECK(fs::is_empty(directory / "models"));
  }
}
