// Reads one place of a Python search path: what can be imported from it, and which distributions it
// holds. A directory, or a zip file (a zipped egg). Nothing is written, and nothing is executed.
//
// Directories are read by readdir alone: a name is looked at (stat) only where it is a symbolic
// link or the file system does not say what it is. Not thread-safe; errors come as texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace hfoffline::layers {

// In the order in which an interpreter prefers them within one directory.
enum class ModuleKind : std::uint8_t {
  kPackage,           // a directory with an __init__
  kExtension,         // NAME[.TAG].so
  kSource,            // NAME.py
  kBytecode,          // NAME.pyc, without a source
  kNamespacePortion,  // a directory without an __init__: wins over nothing, anywhere
};

struct ImportName {
  std::string name;     // dotted, for what is in a namespace portion: "google.protobuf"
  std::string file;     // below the place: "google/protobuf", "fsspec.py"
  std::string abi_tag;  // of an extension module: "cpython-311-x86_64-linux-gnu", "abi3" or ""
  ModuleKind kind = ModuleKind::kSource;
};

enum class DistributionKind : std::uint8_t {
  kDistInfo,          // NAME-VERSION.dist-info/
  kEggInfoDirectory,  // NAME[-VERSION[-pyX.Y]].egg-info/
  kEggInfoFile,       // the same as a file: distutils
  kEgg,               // NAME-VERSION-pyX.Y.egg/, or a zipped egg: EGG-INFO in it
};

struct Distribution {
  std::string name;       // as it calls itself, else as its directory does
  std::string canonical;  // lower case, runs of "-", "_" and "." as "-"
  std::string version;    // "" : it does not say
  std::string metadata;   // below the place: "fsspec-2026.1.0.dist-info"
  DistributionKind kind = DistributionKind::kDistInfo;
  // Known where the place was read as a whole tree.
  bool has_record = false;
  bool has_direct_url = false;
};

// One line of a .pth file that does something.
struct PthLine {
  std::string file;        // below the place: "distutils-precedence.pth"
  std::size_t line = 0;    // 1-based
  bool is_import = false;  // run at each start; else a path that is added to sys.path
  std::string text;        // as it stands there
};

// An extension module, wherever it is below the place.
struct ExtensionFile {
  std::string file;     // below the place
  std::string abi_tag;  // as in ImportName; never ""
};

// Something that could not be read, so that nothing is known of what is in it.
struct UnreadableEntry {
  std::string file;  // below the place; "" : the place itself
  int error = 0;     // errno; 0: what `why` says
  std::string why;
};

struct SiteDirectory {
  std::string path;
  bool exists = false;  // else all is empty
  bool is_zip = false;
  std::vector<ImportName> names;            // sorted by name, then by kind
  std::vector<Distribution> distributions;  // sorted by canonical name, then by metadata
  std::vector<PthLine> pth_lines;           // in the order in which they are carried out
  std::vector<ExtensionFile> extensions;    // those with an ABI tag; only of a whole tree
  std::vector<UnreadableEntry> unreadable;
  std::size_t files = 0;        // seen, not opened
  std::size_t directories = 0;  // opened
};

struct SiteDirectoryOptions {
  // Go through all directories, for extension modules, RECORD and direct_url.json. Else only as far
  // as names need: not for a place that may hold anything, such as a working directory.
  bool whole_tree = false;
};

// `path` is absolute. A place that is not there is no error: interpreters skip it.
SiteDirectory read_site_directory(const std::string& path, const SiteDirectoryOptions& options);

// Adds to `names` of a namespace portion ("google") what is below it ("google.protobuf"), as deep
// as portions go. Of a zip file nothing needs to be added.
void expand_namespace(SiteDirectory& place, std::string_view name);

// All of `place` named `name`; several if a directory has, say, both x/ and x.py.
std::vector<const ImportName*> find_names(const SiteDirectory& place, std::string_view name);

// PEP 503.
std::string canonical_distribution_name(std::string_view name);

// One line of a RECORD file.
struct RecordEntry {
  std::string file;  // as written: below the place, or with "..", or absolute
  std::string hash;  // "sha256=..." or ""
  std::string size;  // decimal or ""
};
// The files of a distribution of `place`, as its RECORD (or installed-files.txt's directory) says.
// An error if there is no RECORD, or it cannot be read.
absl::StatusOr<std::vector<RecordEntry>> read_record(const SiteDirectory& place,
                                                     const Distribution& distribution);
std::vector<RecordEntry> parse_record(std::string_view text);  // RFC 4180 lines

// A file of a distribution's metadata ("METADATA", "direct_url.json"), at most 1 MiB of it.
absl::StatusOr<std::string> read_metadata_file(const SiteDirectory& place,
                                               const Distribution& distribution,
                                               std::string_view name);

// Of "x.cpython-311-x86_64-linux-gnu.so": stem "x", tag "cpython-311-x86_64-linux-gnu". False if
// `file` is no extension module's name.
bool split_extension_name(std::string_view file, std::string_view* stem, std::string_view* tag);

// The lines of a .pth file as site.py carries them out.
std::vector<PthLine> parse_pth(std::string_view file, std::string_view text);

}  // namespace hfoffline::layers
