// The lock file of an ordered stack of layers: what each holds, so that the same stack can be told
// from another one.
//
// The same contents give the same bytes on every machine: layers are named and not located,
// everything is sorted by its bytes, and there are no times, owners or sizes of directories. Of
// modes only "executable by its owner" counts. Left out are bytecode (__pycache__), which depends
// on when sources were written, and the layer's stamp, which is told apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "layers/layer.h"

namespace hfoffline::layers {

struct ManifestFile {
  std::string path;     // below the layer
  std::string type;     // "file", "executable", "link", "directory" (an empty one) or "other"
  std::string content;  // SHA-256 in hexadecimal of a file, the target of a link, else ""

  bool operator==(const ManifestFile&) const = default;
};

struct ManifestDistribution {
  std::string name;  // canonical
  std::string version;

  bool operator==(const ManifestDistribution&) const = default;
};

struct ManifestLayer {
  std::string name;
  std::string kind;
  std::string
      python;  // of its stamp: "cpython 3.11, .cpython-311-x86_64-linux-gnu.so"; "": it has none
  std::string hash;  // SHA-256 over all files
  std::vector<ManifestDistribution> distributions;
  std::vector<ManifestFile> files;
};

struct Manifest {
  std::vector<ManifestLayer> layers;  // in the order in which they are searched
};

// Reads all files of all layers. An error if one cannot be read: a lock of a part would be a lie.
// Symbolic links are not followed.
absl::StatusOr<Manifest> make_manifest(const std::vector<Layer>& layers);

// JSON with a line per file. Bytes that are not UTF-8 stand as \xNN in it, and a backslash as \\,
// before JSON's own escapes.
std::string write_manifest(const Manifest& manifest);
absl::StatusOr<Manifest> parse_manifest(std::string_view text);

// What differs, a line each, sorted by layer; empty if nothing does. "+" is there and not locked,
// "-" the other way round, "!" is there and another. Texts may hold any bytes.
std::vector<std::string> compare_manifests(const Manifest& locked, const Manifest& found);

// Hexadecimal.
std::string sha256(std::string_view bytes);

}  // namespace hfoffline::layers
