// Writes a small, true hub cache without any download: for the quick start, for demonstrations and
// for tests. The repositories are made up, the layout and every hash in it are real.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cache/inventory.h"
#include "core/layout.h"

namespace hfoffline {

struct SampleRepository {
  RepositoryType type = RepositoryType::kModel;
  std::string id;                  // "hfoffline/tiny-model"
  std::string commit;              // of refs/main, the same on every machine
  std::vector<std::string> files;  // paths below the snapshot
};

struct SampleCache {
  std::string hub_cache;
  std::vector<SampleRepository> repositories;  // the first is hfoffline/tiny-model
};

// Writes the sample below `models_dir`, which is made if it is missing: as a bare hub cache, or
// with a hub/ for Layout::kHfHome. Writes nothing that is there already, and may run in several
// processes at once. Fails with kFailedPrecondition if the directory holds something else than a
// sample, so that no real cache is written to by mistake, and with what errno says otherwise.
//
//   hfoffline/tiny-model      model: a BERT of 1,056 weights that transformers loads, with a
//   tokenizer hfoffline/tiny-revisions  model: two revisions (main, v1) that share a blob
//   hfoffline/tiny-dataset    dataset: a JSON Lines file in a subdirectory
absl::StatusOr<SampleCache> write_sample_cache(const std::string& models_dir, Layout layout);

}  // namespace hfoffline
