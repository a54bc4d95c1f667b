#include "layers/site_directory.h"

#include <zip.h>

#include <string>
#include <vector>

#include "catch.h"
#include "layers/client_versions.h"
#include "layers/site_names.h"
#include "temporary_directory.h"

using namespace hfoffline;
using namespace hfoffline::layers;

namespace {

// "fsspec package fsspec; google namespace google"
std::string names_of(const SiteDirectory& place) {
  constexpr const char* kKinds[] = {"package", "extension", "source", "bytecode", "namespace"};
  std::string text;
  for (const ImportName& import : place.names) {
    if (!text.empty()) text += "; ";
    text += import.name + " " + kKinds[static_cast<int>(import.kind)] + " " + import.file;
  }
  return text;
}

SiteDirectory read(const TemporaryDirectory& directory, bool whole_tree = false) {
  SiteDirectoryOptions options;
  options.whole_tree = whole_tree;
  return read_site_directory(directory.path().string(), options);
}

}  // namespace

TEST_CASE("what an import statement can say") {
  for (const char* name : {"x", "_x", "x1", "Caf\xc3\xa9", "class"})
    CHECK(is_importable_name(name));
  for (const char* name : {"", "1x", "a-b", "a.b", "a b", "a\n"})
    CHECK_FALSE(is_importable_name(name));
}

TEST_CASE("names of extension modules") {
  struct Row {
    const char* file;
    bool is_extension;
    const char* stem;
    const char* tag;
  };
  const Row rows[] = {
      {"x.so", true, "x", ""},
      {"x.abi3.so", true, "x", "abi3"},
      {"x.cpython-311-x86_64-linux-gnu.so", true, "x", "cpython-311-x86_64-linux-gnu"},
      {"x.pypy310-pp73-x86_64-linux-gnu.so", true, "x", "pypy310-pp73-x86_64-linux-gnu"},
      {"libssl.so.3", false, "", ""},
      {"libstdc++.1.2.so", false, "", ""},
      {"x.py", false, "", ""},
      {".so", false, "", ""},
      {"x..so", false, "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    std::string_view stem;
    std::string_view tag;
    const bool is_extension = split_extension_name(row.file, &stem, &tag);
    CHECK(is_extension == row.is_extension);
    if (!is_extension) continue;
    CHECK(stem == row.stem);
    CHECK(tag == row.tag);
  }
}

TEST_CASE("names of distributions") {
  struct Row {
    const char* directory;
    const char* name;
    const char* version;
  };
  const Row rows[] = {
      {"fsspec-2026.1.0.dist-info", "fsspec", "2026.1.0"},
      {"zope.interface-5.0.dist-info", "zope.interface", "5.0"},
      {"old-1.0-py3.11.egg-info", "old", "1.0"},
      {"old-1.0-py3.11-linux-x86_64.egg-info", "old", "1.0"},
      {"develop.egg-info", "develop", ""},
  };
  for (const Row& row : rows) {
    Distribution distribution;
    REQUIRE(parse_distribution_directory(row.directory, &distribution));
    CHECK(distribution.name == row.name);
    CHECK(distribution.version == row.version);
    CHECK(distribution.metadata == row.directory);
  }
  Distribution none;
  CHECK_FALSE(parse_distribution_directory("fsspec", &none));
  CHECK_FALSE(parse_distribution_directory(".dist-info", &none));
  CHECK(canonical_distribution_name("Zope._-Interface") == "zope-interface");
  CHECK(distribution_of_egg("/x/foo-1.2-py3.11.egg", "EGG-INFO").version == "1.2");
}

TEST_CASE("lines of .pth files, as site carries them out") {
  const std::vector<PthLine> lines = parse_pth(
      "x.pth",
      "\xef\xbb\xbf# comment\n\n  \nsub/dir \r\nimport sys; x()\nimport\tos\nimportant\n #x");
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].text == "sub/dir");
  CHECK(lines[0].line == 4);
  CHECK_FALSE(lines[0].is_import);
  CHECK(lines[1].is_import);
  CHECK(lines[2].is_import);
  CHECK_FALSE(lines[3].is_import);
  CHECK(lines[4].text == " #x");
}

TEST_CASE("RECORD files") {
  const std::vector<RecordEntry> entries = parse_record(
      "a/b.py,sha256=abc,12\r\n\"with,comma\",,\n\"with \"\"quote\"\"\",sha256=x,1\nlast,,");
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].file == "a/b.py");
  CHECK(entries[0].hash == "sha256=abc");
  CHECK(entries[0].size == "12");
  CHECK(entries[1].file == "with,comma");
  CHECK(entries[2].file == "with \"quote\"");
  CHECK(entries[3].file == "last");
  CHECK(parse_record("").empty());
  CHECK(parse_record("\"never closed").size() == 1);
}

TEST_CASE("a site directory") {
  TemporaryDirectory directory;
  directory.file("regular/__init__.py", "");
  directory.file("regular/inner.py", "");
  directory.file("compiled/__init__.cpython-311-x86_64-linux-gnu.so", "");
  directory.file("old/__init__.pyc", "");
  directory.file("portion/inner/__init__.py", "");
  directory.file("portion/deeper/more/leaf.py", "");
  directory.file("single.py", "");
  directory.file("both.py", "");
  directory.file("both/__init__.py", "");
  directory.file("fast.abi3.so", "");
  directory.file("left.pyc", "");
  directory.file("not-a-name.py", "");
  directory.file("__pycache__/single.cpython-311.pyc", "");
  directory.file("a-1.0.dist-info/RECORD", "single.py,,\n");
  directory.file("a-1.0.dist-info/direct_url.json", "{}");
  directory.file("b.egg-info/PKG-INFO",
                 "Metadata-Version: 1.0\nName: B_b\nVersion: 2.0\n\nVersion: 9\n");
  directory.file("c-3.egg-info", "Name: c\nVersion: 3\n");
  directory.file("z.pth", "/z\n");
  directory.file("a.pth", "/a\n");
  const std::string expected =
      "both package both; both source both.py; compiled package compiled; "
      "fast extension fast.abi3.so; left bytecode left.pyc; old package old; "
      "portion namespace portion; regular package regular; single source single.py";
  for (const bool whole_tree : {false, true}) {
    SiteDirectory place = read(directory, whole_tree);
    CHECK(place.exists);
    CHECK(names_of(place) == expected);
    REQUIRE(place.distributions.size() == 3);
    CHECK(place.distributions[0].canonical == "a");
    CHECK(place.distributions[0].has_record == whole_tree);
    CHECK(place.distributions[0].has_direct_url == whole_tree);
    CHECK(place.distributions[1].canonical == "b-b");
    CHECK(place.distributions[1].version == "2.0");
    CHECK(place.distributions[2].kind == DistributionKind::kEggInfoFile);
    REQUIRE(place.pth_lines.size() == 2);
    CHECK(place.pth_lines[0].text == "/a");
    CHECK(place.extensions.size() == (whole_tree ? 2 : 0));
    CHECK(place.unreadable.empty());
    const auto record = read_record(place, place.distributions[0]);
    REQUIRE(record.ok());
    CHECK(record->size() == 1);
    CHECK_FALSE(read_record(place, place.distributions[1]).ok());
    expand_namespace(place, "portion");
    REQUIRE(find_names(place, "portion.inner").size() == 1);
    CHECK(find_names(place, "portion.inner")[0]->kind == ModuleKind::kPackage);
    CHECK(find_names(place, "portion.deeper.more.leaf").size() == 1);
    CHECK(find_names(place, "regular.inner").empty());
  }
  // Preferred as an interpreter does: the package before the module beside it.
  const SiteDirectory place = read(directory);
  CHECK(find_names(place, "both").front()->kind == ModuleKind::kPackage);
}

TEST_CASE("a place that is not there is empty, and a file that is no zip is said") {
  TemporaryDirectory directory;
  CHECK_FALSE(read_site_directory(directory / "none", {}).exists);
  directory.file("text", "no zip");
  const SiteDirectory place = read_site_directory(directory / "text", {});
  CHECK(place.is_zip);
  REQUIRE(place.unreadable.size() == 1);
  CHECK(place.unreadable[0].why != "");
  CHECK(place.names.empty());
}

TEST_CASE("a zipped egg") {
  TemporaryDirectory directory;
  const std::string path = directory / "foo-1.0-py3.11.egg";
  int error = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, &error);
  REQUIRE(archive != nullptr);
  for (const char* name : {"foo/__init__.py", "foo/inner.py", "single.py", "fast.abi3.so",
                           "space/part/__init__.pyc", "space/leaf.py", "EGG-INFO/PKG-INFO"}) {
    zip_file_add(archive, name, zip_source_buffer(archive, "Name: foo\nVersion: 1.0\n", 23, 0), 0);
  }
  REQUIRE(zip_close(archive) == 0);
  const SiteDirectory place = read_site_directory(path, {});
  CHECK(place.is_zip);
  CHECK(names_of(place) ==
        "foo package foo; single source single.py; space namespace space; "
        "space.leaf source space/leaf.py; space.part package space/part");
  REQUIRE(place.distributions.size() == 1);
  CHECK(place.distributions[0].name == "foo");
  CHECK(place.distributions[0].version == "1.0");
  CHECK(read_metadata_file(place, place.distributions[0], "PKG-INFO").ok());
}

TEST_CASE("which versions of a client read a variable") {
  PresetVariable row;
  row.since = "0.19";
  row.until = "4";
  CHECK(reads_variable("", row));
  CHECK(reads_variable("0.19", row));
  CHECK(reads_variable("0.19.1", row));
  CHECK(reads_variable("4.57.1", row));
  CHECK_FALSE(reads_variable("0.18.9", row));
  CHECK_FALSE(reads_variable("5.0.0rc1", row));
  CHECK_FALSE(reads_variable("10", row));
  CHECK(distribution_of_title("transformers, diffusers (Python)") == "transformers");
  CHECK(distribution_of_title("huggingface_hub (Python)") == "huggingface-hub");
  CHECK(distribution_of_title("torch.hub and torchvision (Python)") == "torch");
  CHECK(distribution_of_title("@huggingface/hub (Node)") == "");
  CHECK(distribution_of_title("vLLM") == "");
  CHECK(installed_version({{"A", "a", "1", "", DistributionKind::kDistInfo, false, false},
                           {"A", "a", "2", "", DistributionKind::kDistInfo, false, false}},
                          "a") == "1");
}
