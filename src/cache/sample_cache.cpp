#include "cache/sample_cache.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/status/status.h"

namespace hfoffline {
namespace {

// absl::StrCat is avoided: whether it takes a std::string_view depends on how the distribution
// built abseil.
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string digest(const EVP_MD* algorithm, std::string_view data) {
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(data.data(), data.size(), value, &size, algorithm, nullptr);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += "0123456789abcdef"[value[i] >> 4];
    text += "0123456789abcdef"[value[i] & 15];
  }
  return text;
}

std::string git_blob_id(std::string_view data) {
  std::string object = "blob " + std::to_string(data.size());
  object.push_back('\0');
  object.append(data);
  return digest(EVP_sha1(), object);
}

// What git itself keeps of a file in LFS.
std::string lfs_pointer(std::string_view data) {
  return "version https://git-lfs.github.com/spec/v1\noid sha256:" + digest(EVP_sha256(), data) +
         "\nsize " + std::to_string(data.size()) + "\n";
}

struct SampleFile {
  std::string data;
  bool lfs = false;

  // The name of the blob: what the Hub sends as ETag.
  std::string etag() const { return lfs ? digest(EVP_sha256(), data) : git_blob_id(data); }
};

using Files = std::map<std::string, SampleFile>;

struct Contents {
  RepositoryType type;
  std::string id;
  // Each revision's ref and files; the first is main.
  std::vector<std::pair<std::string, Files>> revisions;
  // Files that clients ask for and that the repository does not have.
  std::vector<std::string> missing;
};

// Stands in for a git commit: any change of a file changes it, and nothing else does.
std::string commit_of(const Contents& contents, const Files& files) {
  std::string text = std::string(repository_type_name(contents.type)) + " " + contents.id + "\n";
  for (const auto& [path, file] : files) text += path + " " + file.etag() + "\n";
  return digest(EVP_sha1(), text);
}

struct Tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
};

// The safetensors format: the header's size as eight little-endian bytes, a JSON header padded with
// blanks, and the tensors one after the other.
std::string safetensors(const std::vector<Tensor>& tensors) {
  Json header;
  header["__metadata__"]["format"] = "pt";
  std::string weights;
  std::uint32_t state = 1;
  for (const Tensor& tensor : tensors) {
    const std::size_t begin = weights.size();
    std::uint64_t count = 1;
    for (const std::uint64_t extent : tensor.shape) count *= extent;
    const bool scale = tensor.name.ends_with("LayerNorm.weight");
    for (std::uint64_t i = 0; i < count; ++i) {
      // Any small numbers do, as long as they are the same everywhere: multiples of 1/4096.
      state = state * 1664525 + 1013904223;
      const float value =
          scale ? 1.0F : static_cast<float>(static_cast<int>(state >> 23) - 256) / 4096;
      std::uint32_t bits;
      std::memcpy(&bits, &value, sizeof(bits));
      for (int shift = 0; shift < 32; shift += 8)
        weights.push_back(static_cast<char>(bits >> shift));
    }
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, weights.size()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string file;
  for (int shift = 0; shift < 64; shift += 8)
    file.push_back(static_cast<char>(static_cast<std::uint64_t>(text.size()) >> shift));
  return file + text + weights;
}

constexpr std::string_view kWords[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello",
                                       "world", "the",   "model", "is",    "here",   "offline"};
constexpr std::uint64_t kHidden = 8;
constexpr std::uint64_t kIntermediate = 16;
constexpr std::uint64_t kPositions = 32;

std::string bert_weights() {
  const std::uint64_t words = std::size(kWords);
  const auto layer = [](const std::string& name) { return "encoder.layer.0." + name; };
  std::vector<Tensor> tensors = {
      {"embeddings.LayerNorm.bias", {kHidden}},
      {"embeddings.LayerNorm.weight", {kHidden}},
      {"embeddings.position_embeddings.weight", {kPositions, kHidden}},
      {"embeddings.token_type_embeddings.weight", {2, kHidden}},
      {"embeddings.word_embeddings.weight", {words, kHidden}},
  };
  for (const std::string name : {"attention.output", "output"}) {
    const std::uint64_t inputs = name == "output" ? kIntermediate : kHidden;
    tensors.push_back({layer(name + ".LayerNorm.bias"), {kHidden}});
    tensors.push_back({layer(name + ".LayerNorm.weight"), {kHidden}});
    tensors.push_back({layer(name + ".dense.bias"), {kHidden}});
    tensors.push_back({layer(name + ".dense.weight"), {kHidden, inputs}});
  }
  for (const std::string name : {"key", "query", "value"}) {
    tensors.push_back({layer("attention.self." + name + ".bias"), {kHidden}});
    tensors.push_back({layer("attention.self." + name + ".weight"), {kHidden, kHidden}});
  }
  tensors.push_back({layer("intermediate.dense.bias"), {kIntermediate}});
  tensors.push_back({layer("intermediate.dense.weight"), {kIntermediate, kHidden}});
  tensors.push_back({"pooler.dense.bias", {kHidden}});
  tensors.push_back({"pooler.dense.weight", {kHidden, kHidden}});
  return safetensors(tensors);
}

std::string bert_config() {
  const Json config = {{"architectures", {"BertModel"}},
                       {"attention_probs_dropout_prob", 0.0},
                       {"hidden_act", "gelu"},
                       {"hidden_dropout_prob", 0.0},
                       {"hidden_size", kHidden},
                       {"initializer_range", 0.02},
                       {"intermediate_size", kIntermediate},
                       {"layer_norm_eps", 1e-12},
                       {"max_position_embeddings", kPositions},
                       {"model_type", "bert"},
                       {"num_attention_heads", 2},
                       {"num_hidden_layers", 1},
                       {"pad_token_id", 0},
                       {"type_vocab_size", 2},
                       {"vocab_size", std::size(kWords)}};
  return config.dump(2) + "\n";
}

std::string tokenizer() {
  Json vocabulary;
  Json added = Json::array();
  for (std::size_t i = 0; i < std::size(kWords); ++i) {
    vocabulary[std::string(kWords[i])] = i;
    if (!kWords[i].starts_with('[')) continue;
    added.push_back({{"id", i},
                     {"content", kWords[i]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  const Json json = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added},
      {"normalizer", {{"type", "Lowercase"}}},
      {"pre_tokenizer", {{"type", "Whitespace"}}},
      {"post_processor",
       {{"type", "BertProcessing"},
        {"sep", Json::array({"[SEP]", 3})},
        {"cls", Json::array({"[CLS]", 2})}}},
      {"decoder", nullptr},
      {"model", {{"type", "WordLevel"}, {"vocab", vocabulary}, {"unk_token", "[UNK]"}}}};
  return json.dump(2) + "\n";
}

std::string tokenizer_config() {
  const Json config = {{"cls_token", "[CLS]"},
                       {"mask_token", "[MASK]"},
                       {"model_max_length", kPositions},
                       {"pad_token", "[PAD]"},
                       {"sep_token", "[SEP]"},
                       {"tokenizer_class", "PreTrainedTokenizerFast"},
                       {"unk_token", "[UNK]"}};
  return config.dump(2) + "\n";
}

std::vector<Contents> sample_contents() {
  const SampleFile attributes{"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"};
  Contents model{RepositoryType::kModel, "hfoffline/tiny-model", {}, {}};
  model.revisions.push_back(
      {"main",
       {{".gitattributes", attributes},
        {"README.md", {"# tiny-model\nA BERT too small to know anything, for trying hfoffline.\n"}},
        {"config.json", {bert_config()}},
        {"model.safetensors", {bert_weights(), /*lfs=*/true}},
        {"tokenizer.json", {tokenizer()}},
        {"tokenizer_config.json", {tokenizer_config()}}}});
  model.missing = {"adapter_config.json", "added_tokens.json", "chat_template.jinja",
                   "special_tokens_map.json"};

  Contents revisions{RepositoryType::kModel, "hfoffline/tiny-revisions", {}, {}};
  const SampleFile config{bert_config()};
  revisions.revisions.push_back(
      {"main",
       {{"README.md", {"# tiny-revisions\nThe second revision.\n"}}, {"config.json", config}}});
  revisions.revisions.push_back(
      {"v1",
       {{"README.md", {"# tiny-revisions\nThe first revision.\n"}}, {"config.json", config}}});

  Contents dataset{RepositoryType::kDataset, "hfoffline/tiny-dataset", {}, {}};
  dataset.revisions.push_back(
      {"main",
       {{"README.md", {"# tiny-dataset\nThree rows, for trying hfoffline.\n"}},
        {"data/train.jsonl",
         {"{\"text\": \"hello world\", \"label\": 0}\n{\"text\": \"the model is here\", \"label\": "
          "1}\n"
          "{\"text\": \"offline\", \"label\": 1}\n"}}}});
  return {model, revisions, dataset};
}

absl::Status failed(std::string_view what, const fs::path& path, int error) {
  return absl::ErrnoToStatus(error, "cannot " + std::string(what) + " " + path.string());
}

absl::Status make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return failed("make the directory", path, error.value());
  return absl::OkStatus();
}

// Written beside its place and renamed into it, so that nobody sees half a file.
absl::Status write_file(const fs::path& path, std::string_view data) {
  if (absl::Status status = make_directories(path.parent_path()); !status.ok()) return status;
  std::error_code error;
  if (fs::is_regular_file(path, error) && fs::file_size(path, error) == data.size())
    return absl::OkStatus();
  std::string temporary = path.string() + ".XXXXXX";
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return failed("write", path, errno);
  int failure = fchmod(descriptor, 0644) == 0 ? 0 : errno;
  while (failure == 0 && !data.empty()) {
    const ssize_t size = write(descriptor, data.data(), data.size());
    if (size < 0) {
      failure = errno;
    } else {
      data.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  if (close(descriptor) != 0 && failure == 0) failure = errno;
  if (failure == 0 && rename(temporary.c_str(), path.c_str()) != 0) failure = errno;
  if (failure == 0) return absl::OkStatus();
  unlink(temporary.c_str());
  return failed("write", path, failure);
}

absl::Status write_link(const fs::path& path, const fs::path& target) {
  if (absl::Status status = make_directories(path.parent_path()); !status.ok()) return status;
  if (symlink(target.c_str(), path.c_str()) == 0 || errno == EEXIST) return absl::OkStatus();
  return failed("make the link", path, errno);
}

std::string tree_listing(const Files& files) {
  Json listing = Json::object();
  for (const auto& [path, file] : files) {
    Json entry = {{"size", file.data.size()}};
    entry["blob_id"] = git_blob_id(file.lfs ? lfs_pointer(file.data) : file.data);
    if (file.lfs) {
      entry["lfs_sha256"] = file.etag();
      entry["lfs_size"] = file.data.size();
    }
    listing[path] = entry;
  }
  return Json{{"format_version", 1}, {"files", listing}}.dump(1);
}

fs::path directory_of(const fs::path& parent, const Contents& contents) {
  std::string name = std::string(repository_type_name(contents.type)) + "s--" + contents.id;
  name.replace(name.find('/'), 1, "--");
  return parent / name;
}

absl::Status write_repository(const fs::path& hub, const Contents& contents,
                              SampleRepository* sample) {
  const fs::path directory = directory_of(hub, contents);
  sample->type = contents.type;
  sample->id = contents.id;
  for (const auto& [reference, files] : contents.revisions) {
    const std::string commit = commit_of(contents, files);
    if (reference == "main") sample->commit = commit;
    for (const auto& [path, file] : files) {
      if (reference == "main") sample->files.push_back(path);
      const fs::path link = directory / "snapshots" / commit / path;
      const fs::path blob = directory / "blobs" / file.etag();
      if (absl::Status status = write_file(blob, file.data); !status.ok()) return status;
      if (absl::Status status = write_link(link, blob.lexically_relative(link.parent_path()));
          !status.ok())
        return status;
    }
    for (const std::string& path : contents.missing) {
      if (absl::Status status = write_file(directory / ".no_exist" / commit / path, "");
          !status.ok())
        return status;
    }
    if (absl::Status status =
            write_file(directory / "trees" / (commit + ".json"), tree_listing(files));
        !status.ok())
      return status;
    // Last, so that the ref never names a snapshot that is not there. No newline: clients keep it.
    if (absl::Status status = write_file(directory / "refs" / reference, commit); !status.ok())
      return status;
  }
  // Clients that do take a lock, even on a complete cache, can do so where this directory exists.
  return make_directories(directory_of(hub / ".locks", contents));
}

// Whether the directory may be written to: missing, a sample, or holding nothing but an empty hub/,
// which another process may just have made.
absl::Status check_place(const fs::path& models_dir, const fs::path& hub, const Contents& first) {
  std::error_code error;
  const fs::file_status status = fs::status(models_dir, error);
  if (status.type() == fs::file_type::not_found) return absl::OkStatus();
  if (status.type() == fs::file_type::none) return failed("look at", models_dir, error.value());
  if (!fs::is_directory(status))
    return absl::FailedPreconditionError(models_dir.string() + " is not a directory");
  bool other = false;
  for (fs::directory_iterator entry(models_dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const bool empty_hub = entry->path() == hub && fs::is_empty(hub, error);
    other = other || !empty_hub;
  }
  if (error) return failed("read", models_dir, error.value());
  // Asked last: another process may have made it meanwhile.
  if (!other || fs::is_directory(directory_of(hub, first), error)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      models_dir.string() +
      " is not empty and holds no sample cache; give an empty or new directory");
}

}  // namespace

absl::StatusOr<SampleCache> write_sample_cache(const std::string& models_dir, Layout layout) {
  const std::vector<Contents> contents = sample_contents();
  SampleCache sample;
  sample.hub_cache = hub_cache_of(models_dir, layout);
  const fs::path hub = sample.hub_cache;
  if (absl::Status status = check_place(models_dir, hub, contents.front()); !status.ok())
    return status;
  for (const Contents& repository : contents) {
    if (absl::Status status =
            write_repository(hub, repository, &sample.repositories.emplace_back());
        !status.ok())
      return status;
  }
  if (absl::Status status = write_file(
          hub / "CACHEDIR.TAG",
          "Signature: 8a477f597d28d172789f06886806bc55\n"
          "# This directory is a cache made by hfoffline; its contents can be made again.\n");
      !status.ok())
    return status;
  return sample;
}

}  // namespace hfoffline
