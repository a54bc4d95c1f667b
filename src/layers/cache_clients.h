// The clients of cache_clients.def, and which of them are installed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "layers/checker.h"

namespace hfoffline::layers {

// The columns are described in cache_clients.def.
struct CacheClient {
  enum class FoundAs { module, package, program, linked };
  enum class Holds { models, work, uploads };
  enum class AskedBy { script, arguments, order };

  std::string_view preset;
  FoundAs found_as;
  std::string_view name;
  Holds holds;
  std::string_view default_location;
  AskedBy asked_by;
  std::string_view ask;
};

struct InstalledCacheClient {
  const CacheClient* client = nullptr;
  std::string program;  // absolute: what is started, or what has the client inside
  std::string version;  // of a linked client; "" : not known

  // "huggingface_hub", "hf-hub 0.4.1 in /usr/bin/text-embeddings-router"
  std::string title() const;
};

// In the order of the table.
std::span<const CacheClient> cache_clients();

// Variables that lead to a cache, besides those of the presets.
std::span<const std::string_view> cache_variables();

struct FoundCacheClients {
  std::vector<InstalledCacheClient> installed;  // in the order of the table
  std::vector<std::string> facts;  // for the reader: where none could be looked for, and why
};

// Starts the interpreter and node once each, with the environment of this process, and looks at the
// programs in PATH and at the one that the request names. InvalidArgument if the interpreter or the
// program that the request names is not there; Internal if the interpreter does not answer.
absl::StatusOr<FoundCacheClients> find_cache_clients(const ShadowRequest& request);

// The version of the library `name` that is linked into the program, as the names of its source
// files or its user agent have it: "0.4.1". "" if it is not in there; the file is read as a whole.
std::string linked_version(const std::string& program, std::string_view name);

}  // namespace hfoffline::layers
