// How a dynamic loader of this machine searches: asked from the loader itself, since distributions
// and releases differ.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "layers/loader_cache.h"

namespace hfoffline::layers {

enum class Libc { kGlibc, kMusl };

struct LoaderRules {
  Libc libc = Libc::kGlibc;
  std::string loader;  // the path that was asked
  std::string soname;
  std::vector<std::string> default_directories;
  // glibc looks into these below each directory before the directory itself, which is the last, "".
  std::vector<std::string> subdirectories = {""};
  std::string library_directory;  // what $LIB stands for
  std::string platform;           // what $PLATFORM stands for
  LoaderCache cache;
};

// `loader`: the path of a program's PT_INTERP. Starts it once, with nothing of ours mapped but a
// generated file in `scratch` (an existing directory). Fails if it is no loader of glibc or musl.
absl::StatusOr<LoaderRules> ask_loader(const std::string& loader, const std::string& scratch);

// What glibc's loader prints with LD_DEBUG=libs about the search of ask_loader. Nothing if it is
// not that.
std::optional<LoaderRules> parse_loader_answer(std::string_view text);

// musl's list of directories: separated by newlines or colons, empty ones left out.
std::vector<std::string> parse_musl_path(std::string_view text);

// The whole file, or nothing if it cannot be read.
std::optional<std::string> read_whole_file(const std::string& path);

}  // namespace hfoffline::layers
