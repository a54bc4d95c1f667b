#include "layers/contests.h"

#include <string>
#include <vector>

#include "catch.h"
#include "temporary_directory.h"

using namespace hfoffline;
using namespace hfoffline::layers;

namespace {

constexpr std::size_t kNowhere = std::string::npos;

PythonPlace make_place(const TemporaryDirectory& directory, const std::string& name, bool core) {
  PythonPlace place;
  place.layer = name;
  place.path = directory.directory(name);
  place.canonical = place.path;
  place.origin = name == "stdlib" ? PlaceOrigin::kStandardLibrary : PlaceOrigin::kGiven;
  place.core = core;
  place.content = read_site_directory(place.path, {});
  return place;
}

// "name layer>sealed"
std::string contests_of(const ImportRules& rules, const std::vector<PythonPlace>& places) {
  std::string text;
  for (const Contest& contest : rules.contests()) {
    text += (text.empty() ? "" : "; ") + contest.name + " " + places[contest.layer].layer + ">" +
            places[contest.sealed].layer;
  }
  return text;
}

}  // namespace

TEST_CASE("names that a layer and core have are contested") {
  TemporaryDirectory directory;
  directory.file("before/fsspec.py");
  directory.file("before/own.py");
  directory.file("before/json.py");
  directory.file("before/data/readme.txt");
  directory.file("stdlib/json/__init__.py");
  directory.file("stdlib/math.cpython-311-x86_64-linux-gnu.so");
  directory.file("core/fsspec/__init__.py");
  directory.file("core/data/__init__.py");
  directory.file("core/space/part.py");
  directory.file("after/fsspec/__init__.py");
  directory.file("after/space/__init__.py");
  directory.file("after/math.cpython-27-x86_64-linux-gnu.so");
  std::vector<PythonPlace> places;
  for (const char* name : {"before", "stdlib", "core", "after"})
    places.push_back(make_place(directory, name, std::string(name) == "core"));
  InterpreterFacts facts;
  facts.suffixes = {".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so"};
  facts.builtins = {"sys"};
  const ImportRules rules(places, &facts);
  // A directory without __init__ wins over nothing, and what is for another interpreter is not
  // there.
  CHECK(contests_of(rules, places) ==
        "fsspec before>core; fsspec after>core; json before>stdlib; space after>core");
  CHECK(rules.winner("fsspec") == 0);
  CHECK(rules.winner("json") == 0);
  CHECK(rules.winner("own") == 0);
  CHECK(rules.winner("data") == 2);
  // A regular package wins over a namespace package, wherever it stands.
  CHECK(rules.winner("space") == 3);
  CHECK(rules.winner("math") == 1);
  CHECK(rules.winner("sys") == 1);
  CHECK(rules.winner("nobody") == kNowhere);
  CHECK(rules.fits("abi3"));
  CHECK(rules.fits(""));
  CHECK_FALSE(rules.fits("cpython-312-x86_64-linux-gnu"));
  // Without an interpreter nobody knows what fits.
  const ImportRules unknown(places, nullptr);
  CHECK(unknown.fits("cpython-27-x86_64-linux-gnu"));
  CHECK(unknown.winner("sys") == kNowhere);
}

TEST_CASE("portions of a namespace are contested by what is in them") {
  TemporaryDirectory directory;
  directory.file("layer/space/part.py");
  directory.file("layer/space/own/__init__.py");
  directory.file("layer/space/deep/leaf.py");
  directory.file("core/space/part/__init__.py");
  directory.file("core/space/other.py");
  directory.file("core/space/deep/leaf.py");
  std::vector<PythonPlace> places = {make_place(directory, "layer", false),
                                     make_place(directory, "core", true)};
  const ImportRules rules(places, nullptr);
  CHECK(contests_of(rules, places) == "space.deep.leaf layer>core; space.part layer>core");
  CHECK(rules.winner("space") == 0);
}

TEST_CASE("the sample is spread over core, and the same each time") {
  TemporaryDirectory directory;
  for (char c = 'a'; c <= 'j'; ++c) directory.file(std::string("core/") + c + ".py");
  directory.file("core/space/x.py");
  directory.file("stdlib/json.py");
  std::vector<PythonPlace> places = {make_place(directory, "stdlib", false),
                                     make_place(directory, "core", true)};
  const ImportRules rules(places, nullptr);
  CHECK(rules.sample(3) == std::vector<std::string>{"a", "d", "g"});
  CHECK(rules.sample(3) == rules.sample(3));
  CHECK(rules.sample(0).empty());
  CHECK(rules.sample(100).size() == 10);
  // Without anything in core, the standard library's.
  places.pop_back();
  CHECK(ImportRules(places, nullptr).sample(5) == std::vector<std::string>{"json"});
}

TEST_CASE("the place of an interpreter's answer") {
  std::vector<PythonPlace> places(3);
  places[0].path = places[0].canonical = "/opt";
  places[1].path = places[1].canonical = "/opt/core";
  places[2].path = places[2].canonical = "/usr/lib/python3.11";
  places[2].origin = PlaceOrigin::kStandardLibrary;
  CHECK(place_of_origin(places, "/opt/core/x.py") == 1);
  CHECK(place_of_origin(places, "/opt/corex/x.py") == 0);
  CHECK(place_of_origin(places, "namespace:/opt/core/space") == 1);
  CHECK(place_of_origin(places, "built-in") == 2);
  CHECK(place_of_origin(places, "frozen") == 2);
  CHECK(place_of_origin(places, "/elsewhere/x.py") == kNowhere);
  CHECK(place_of_origin(places, "") == kNowhere);
  CHECK(place_of_origin(places, "?") == kNowhere);
}
