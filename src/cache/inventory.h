// What a hub cache holds, and what is wrong with it: repositories, refs, revisions, blobs.
//
// Reads directories, links and the (tiny) ref files; never hashes or opens a blob. Safe to call
// from several threads. Nothing throws but std::bad_alloc; what cannot be read becomes a problem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/layout.h"

namespace hfoffline {

enum class RepositoryType : std::uint8_t { kModel, kDataset, kSpace };

// "model", "dataset" or "space".
std::string_view repository_type_name(RepositoryType type);

struct Reference {
  std::string name;    // "main", "refs/pr/1" is "pr/1" here as in the cache
  std::string commit;  // without surrounding blanks, whatever the file has
};

struct Revision {
  std::string commit;  // the name of the snapshot directory
  std::size_t files = 0;
  std::uint64_t bytes = 0;  // of those files; 0 in a quick inventory
};

struct Repository {
  RepositoryType type = RepositoryType::kModel;
  std::string id;    // "org/name"
  std::string path;  // of its directory
  std::vector<Reference> references;
  std::vector<Revision> revisions;
  std::size_t blobs = 0;         // complete ones
  std::uint64_t blob_bytes = 0;  // 0 in a quick inventory
};

enum class CacheProblemKind : std::uint8_t {
  kUnreadable,          // a directory or ref cannot be read
  kDanglingLink,        // a file of a snapshot leads nowhere
  kLinkLeavesCache,     // a link leads out of the hub cache, where nothing is sealed
  kPartialBlob,         // an interrupted download
  kEmptyBlob,           // no bytes, though its name is not the hash of nothing
  kReferenceNoCommit,   // a ref holds something else than a commit
  kReferenceUntrimmed,  // a ref ends with a newline: clients read it as part of the commit
  kReferenceMissing,    // a ref names a commit that has no snapshot
  kNoRevision,          // a repository without any snapshot
};

struct CacheProblem {
  CacheProblemKind kind = CacheProblemKind::kUnreadable;
  std::string path;    // absolute if the hub cache was given so
  std::string what;    // one clause: "leads to ../../blobs/abc, which does not exist"
  std::string advice;  // one clause: what to do
};

// "<path>: <what>; <advice>", with control characters as '?'.
std::string describe(const CacheProblem& problem);

struct Inventory {
  std::vector<Repository> repositories;  // in order of directory name
  std::vector<CacheProblem> problems;    // in the order found, which does not depend on the disk
  std::size_t entries = 0;               // directory entries looked at below the repositories
  bool complete = true;                  // false: the bound was hit and the rest was not looked at
};

// Reads all of a hub cache.
Inventory read_inventory(const std::string& hub_cache);

// The same without sizes, and it stops after `maximum_entries` directory entries below the
// repositories, saying so in `complete`: what the launcher can afford before every run. The default
// is about a millisecond's work when the directories are in memory, and covers some thirty models.
inline constexpr std::size_t kQuickEntries = 500;
Inventory quick_inventory(const std::string& hub_cache,
                          std::size_t maximum_entries = kQuickEntries);

// The hub cache of a models dir: its hub/ in the hf-home layout, else the directory itself.
std::string hub_cache_of(const std::string& models_dir, Layout layout);

}  // namespace hfoffline
