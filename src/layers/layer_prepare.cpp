#include "layers/layer_prepare.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "layers/durable_layer.h"
#include "layers/scratch_file.h"

namespace hfoffline::layers {
namespace {

namespace fs = std::filesystem;

absl::Status put_empty_layer(DurableLayer& layer, const LayerStamp& stamp) {
  const absl::StatusOr<std::string> staging = layer.make_staging();
  if (!staging.ok()) return staging.status();
  const std::string next = *staging + "/next";
  if (mkdir(next.c_str(), 0777) != 0) return absl::ErrnoToStatus(errno, next + " cannot be made");
  const std::string file = next + "/" + std::string(kStampFile);
  if (absl::Status status = write_scratch_file(file, write_stamp(stamp)); !status.ok())
    return status;
  // Everybody who may read the layer may know what it is for.
  const mode_t mask = umask(0);
  umask(mask);
  if (chmod(file.c_str(), 0666 & ~mask) != 0)
    return absl::ErrnoToStatus(errno, file + " cannot be made readable");
  return layer.replace_with(next);
}

bool is_there_for(const std::string& directory, const LayerStamp& stamp) {
  const std::optional<LayerStamp> there = read_stamp(directory);
  return there && fits(*there, stamp);
}

}  // namespace

absl::StatusOr<Preparation> prepare_layer(const std::string& directory, const PythonFacts& python,
                                          bool wipe_stale) {
  Preparation result;
  result.stamp = stamp_of(python);
  result.path = directory;
  // Without a lock: a layer that is ready may well be read-only.
  if (is_there_for(directory, result.stamp)) {
    result.outcome = PrepareOutcome::kThere;
    result.before = *read_stamp(directory);
    return result;
  }
  absl::StatusOr<DurableLayer> layer = DurableLayer::open(directory);
  if (!layer.ok()) return layer.status();
  result.path = layer->path();
  if (layer->exists()) {
    const std::optional<LayerStamp> before = read_stamp(layer->path());
    if (before) result.before = *before;
    // Another process may have made it while this one waited for the lock.
    if (before && fits(*before, result.stamp)) {
      result.outcome = PrepareOutcome::kThere;
      return result;
    }
    std::error_code error;
    const bool empty = fs::is_empty(layer->path(), error);
    if (error) return absl::ErrnoToStatus(error.value(), layer->path() + " cannot be read");
    if (before && !wipe_stale) {
      result.outcome = PrepareOutcome::kStale;
      return result;
    }
    // What nobody stamped is not ours to wipe.
    if (!before && !empty) {
      result.outcome = PrepareOutcome::kUnstamped;
      return result;
    }
    if (before) result.outcome = PrepareOutcome::kWiped;
  }
  if (absl::Status status = put_empty_layer(*layer, result.stamp); !status.ok()) return status;
  return result;
}

}  // namespace hfoffline::layers
