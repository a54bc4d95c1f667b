#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "catch.h"
#include "layers/layer_install.h"
#include "layers/layer_manifest.h"
#include "layers/layer_stamp.h"
#include "layers/requirement.h"
#include "temporary_directory.h"

using namespace hfoffline::layers;

TEST_CASE("requirements are names and versions, and nothing else") {
  for (const char* text : {"fsspec", "a", "A-b_c.d", "x[y]", "x[y, z]", "x==1.0", "x >= 1, < 2",
                           "x[y]~=1.4", "x==1!2.0+cu121", "x!=1.*", "x===1", "x<2"}) {
    CHECK(requirement_problem(text).empty());
  }
  for (const char* text :
       {"",        "-r",      "--pre",  "x y",    "x;y",      "x|y",   "x&&y",    "$(x)",
        "`x`",     "x\n",     "x\ty",   "x=1",    "x==",      "x==1,", "x,y",     "x[",
        "x[]",     "[y]",     "x]",     "x/y",    "./x",      "..",    "~x",      "x@y",
        "x @ url", "http://", "x.whl",  "x.zip",  "x.tar.gz", "x>y;",  "x>'1'",   "x==1 y",
        "-x",      "x-",      "_x",     "x\"",    "x'",       "x*",    "x?",      "x==$1",
        "x==1/2",  "x\\y",    "x==1;1", "x\x01y", "\xff",     "x#y",   "x==1 #2", "x!1"}) {
    INFO(text);
    CHECK_FALSE(requirement_problem(text).empty());
  }
}

TEST_CASE("constraints hold each distribution at its version") {
  CHECK(constraints_of({{"b", "2.0"}, {"a", "1.0+local"}, {"a", "1.0+local"}}) ==
        "a==1.0+local\nb==2.0\n");
  // What cannot stand in such a file is left out rather than ending the installer.
  CHECK(constraints_of({{"bad name", "1"}, {"c", "1 2"}, {"--x", "1"}}).empty());
}

TEST_CASE("a stamp fits the interpreters that can use the layer") {
  const LayerStamp layer{"cpython", "3.11.2", ".cpython-311-x86_64-linux-gnu.so"};
  CHECK(parse_stamp(write_stamp(layer))->version == "3.11.2");
  CHECK(fits(layer, {"cpython", "3.11.9", layer.ext_suffix}));
  CHECK_FALSE(fits(layer, {"cpython", "3.12.2", layer.ext_suffix}));
  CHECK_FALSE(fits(layer, {"cpython", "3.1.12", layer.ext_suffix}));
  CHECK_FALSE(fits(layer, {"pypy", "3.11.2", layer.ext_suffix}));
  CHECK_FALSE(fits(layer, {"cpython", "3.11.2", ".cpython-311d-x86_64-linux-gnu.so"}));
  for (const char* text : {"", "{", "[]", "{}", "{\"version\": 3, \"implementation\": \"x\"}"})
    CHECK_FALSE(parse_stamp(text));
}

TEST_CASE("a lock is read back as it was written") {
  const hfoffline::TemporaryDirectory directory;
  const std::string root = directory.path().string();
  for (const char* name : {"odd\xff\\x41\"\n\xc3\xa9", "\\", "\\xff", "plain"})
    std::ofstream(root + "/" + name) << name;
  std::filesystem::create_symlink("\xfe", root + "/link");
  const absl::StatusOr<Manifest> made = make_manifest({{"core", root, "libs", 1}});
  REQUIRE(made.ok());
  const std::string text = write_manifest(*made);
  const absl::StatusOr<Manifest> read = parse_manifest(text);
  REQUIRE(read.ok());
  CHECK(read->layers[0].files == made->layers[0].files);
  CHECK(write_manifest(*read) == text);
  CHECK(compare_manifests(*read, *made).empty());
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("differences are said exactly") {
  Manifest locked;
  Manifest found;
  locked.layers = {{"a", "python", "", "", {{"x", "1"}}, {{"f", "file", "1"}, {"g", "file", "1"}}},
                   {"b", "python", "", "", {}, {}}};
  found.layers = {{"b", "libs", "p", "", {}, {}},
                  {"a", "python", "", "", {{"x", "2"}}, {{"f", "file", "2"}, {"h", "file", "1"}}}};
  CHECK(compare_manifests(locked, locked).empty());
  CHECK(compare_manifests(locked, found) ==
        std::vector<std::string>{"! order: b, a (locked: a, b)", "! a: x 2 (locked: 1)",
                                 "! a: f is file 2 (locked: file 1)", "- a: g is file 1",
                                 "+ a: h is file 1", "! b: kind libs (locked: python)",
                                 "! b: made for p (locked: nothing)"});
}
