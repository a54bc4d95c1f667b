// Proof by planting: would a library of that name win, if somebody put it into a directory of the
// search order?
//
// Nothing is written into the directories that are judged, and none of the programs is copied. A
// generated program asks for the library with the requester's own search order, in which a scratch
// directory holding the sentinel stands in the judged directory's place, and the real loader
// answers.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "layers/library_search.h"

namespace hfoffline::layers {

struct SentinelQuestion {
  const LibraryRequest* request = nullptr;
  std::size_t place =
      0;  // index into request->places; never one of ld.so.cache or the default directories
};

enum class SentinelAnswer {
  kSeen,      // the planted library would be loaded
  kNotSeen,   // another one wins all the same
  kNotAsked,  // the loader did not look into the place at all: the question was wrong
};

// Starts the loader once. `scratch`: an existing directory; `number` makes names in it unique.
// `environment` as for list_libraries, LD_LIBRARY_PATH and LD_PRELOAD in it are replaced.
absl::StatusOr<SentinelAnswer> plant_sentinel(const LoaderRules& rules,
                                              const SentinelQuestion& question,
                                              const std::string& scratch, std::size_t number,
                                              const std::vector<std::string>& environment);

}  // namespace hfoffline::layers
