#include "core/path.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "catch.h"

using namespace hfoffline;

namespace {

// Every text of at most `length` of these characters.
void for_each_text(std::string_view alphabet, std::size_t length,
                   const std::function<void(const std::string&)>& check, std::string start = "") {
  check(start);
  if (length == 0) return;
  for (const char c : alphabet) for_each_text(alphabet, length - 1, check, start + c);
}

// The components, without "." and empty ones.
std::vector<std::string> components(const std::string& path) {
  std::vector<std::string> result;
  std::string component;
  for (const char c : path + "/") {
    if (c != '/') {
      component += c;
      continue;
    }
    if (!component.empty() && component != ".") result.push_back(component);
    component.clear();
  }
  return result;
}

}  // namespace

TEST_CASE("path: at or below, on component boundaries") {
  for (const char* path : {"/models", "/models/", "/models/a", "/models/a/b", "/models/.."}) {
    CAPTURE(path);
    CHECK(is_at_or_below(path, "/models"));
    CHECK(is_at_or_below(path, "/"));
  }
  for (const char* path : {"/modelsX", "/model", "/models.bak/a", "/a/models", "models", "", "/",
                           "/Models", "//models"}) {
    CAPTURE(path);
    CHECK_FALSE(is_at_or_below(path, "/models"));
  }
  CHECK(is_at_or_below("/", "/"));
  CHECK(is_at_or_below("/mnt/models/x", "/mnt/models"));
  CHECK_FALSE(is_at_or_below("/mnt", "/mnt/models"));
}

TEST_CASE("path: a component that is \"..\"") {
  for (const char* path : {"..", "../", "/..", "a/..", "a/../b", "./..", "//..//", "a/b/c/.."}) {
    CAPTURE(path);
    CHECK(has_parent_component(path));
  }
  for (const char* path :
       {"", "/", ".", "...", "a..", "..a", "a/..b/c", "a/b..", ". .", "a/.../b"}) {
    CAPTURE(path);
    CHECK_FALSE(has_parent_component(path));
  }
}

TEST_CASE("path: lexically below, whatever slashes and dots are in between") {
  for (const char* path : {"/mnt/models", "/mnt/models/", "//mnt//models", "/./mnt/./models/.",
                           "/mnt/models/a", "/mnt///models/./a/b", "/mnt/models/..."}) {
    CAPTURE(path);
    CHECK(lexically_below(path, "/mnt/models"));
    CHECK(lexically_below(path, "/mnt/models/"));
    CHECK(lexically_below(path, "/"));
  }
  for (const char* path : {"/mnt", "/", "", "/mnt/model", "/mnt/modelsX", "/mnt/x/models",
                           "/models/mnt", "/mnt/.models", "/mnt/models.", "/MNT/models"}) {
    CAPTURE(path);
    CHECK_FALSE(lexically_below(path, "/mnt/models"));
  }
}

TEST_CASE("path: the tests on text agree with a list of components, for every short path") {
  const std::vector<std::string> trees = {"/", "/a", "/a/b", "/..", "/.a", "/aa", "/a/a"};
  for_each_text("/ab.", 7, [&](const std::string& path) {
    const std::vector<std::string> parts = components(path);
    bool parent = false;
    for (const std::string& part : parts) parent = parent || part == "..";
    if (has_parent_component(path) != parent) {
      CAPTURE(path);
      REQUIRE(has_parent_component(path) == parent);
    }
    for (const std::string& tree : trees) {
      const std::vector<std::string> wanted = components(tree);
      const bool below =
          parts.size() >= wanted.size() && std::equal(wanted.begin(), wanted.end(), parts.begin());
      if (lexically_below(path, tree) != below) {
        CAPTURE(path, tree);
        REQUIRE(lexically_below(path, tree) == below);
      }
    }
  });
}

namespace {
bool has_nothing_to_skip(const std::string& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool starts_component = i == 0 || path[i - 1] == '/';
    const char next = i + 1 < path.size() ? path[i + 1] : '/';
    if (path[i] == '\0' || (path[i] == '/' && i > 0 && starts_component)) return false;
    if (path[i] == '.' && starts_component && (next == '/' || next == '.')) return false;
  }
  return true;
}
}  // namespace

TEST_CASE("path: plain means that nothing is to be skipped, for every short path") {
  CHECK(is_plain(""));
  CHECK(is_plain("/"));
  CHECK(is_plain("/mnt/models/a.b/c"));
  CHECK(is_plain("a/b/"));
  CHECK(is_plain("/home/.cache"));
  CHECK(is_plain(".git/index.lock"));
  CHECK_FALSE(is_plain("/mnt//models"));
  CHECK_FALSE(is_plain("/mnt/./models"));
  CHECK_FALSE(is_plain("../models"));
  CHECK_FALSE(is_plain("/home/.."));
  CHECK_FALSE(is_plain("/home/."));
  CHECK_FALSE(is_plain("/home/..cache"));  // "a component that starts with two dots"
  for_each_text("/a.", 8, [&](const std::string& path) {
    if (is_plain(path) != has_nothing_to_skip(path)) {
      CAPTURE(path);
      REQUIRE(is_plain(path) == has_nothing_to_skip(path));
    }
  });
}

TEST_CASE("path: whether it is plain does not depend on where in it something is to be skipped") {
  const std::string zero(1, '\0');
  for_each_text("/a." + zero, 4, [&](const std::string& text) {
    for (std::size_t before = 0; before < 18; ++before) {
      for (const std::size_t behind : {0, 1, 2, 3, 7, 8, 9, 20}) {
        const std::string path = std::string(before, 'x') + text + std::string(behind, 'x');
        if (is_plain(path) != has_nothing_to_skip(path)) {
          CAPTURE(path, before, behind);
          REQUIRE(is_plain(path) == has_nothing_to_skip(path));
        }
      }
    }
  });
  // "of every byte value, these two alone"
  for (int value = 1; value < 256; ++value) {
    const std::string path = "/x/" + std::string(1, static_cast<char>(value)) + "/yyyyyyyyyyyy";
    CHECK(is_plain(path) == (value != '/' && value != '.'));
  }
}

TEST_CASE("path: plain paths compare as text, as they compare by components") {
  for_each_text("/ab.", 6, [&](const std::string& path) {
    if (path.empty() || path[0] != '/' || !is_plain(path)) return;
    for (const std::string tree : {"/a", "/a/b", "/"}) {
      if (is_at_or_below(path, tree) != lexically_below(path, tree)) {
        CAPTURE(path, tree);
        REQUIRE(is_at_or_below(path, tree) == lexically_below(path, tree));
      }
    }
  });
}

TEST_CASE("path: the last component and what comes before it") {
  struct Case {
    std::string path;
    std::string parent;
    std::string last;
    bool trailing_slash;
  };
  const Case cases[] = {
      {"", "", "", false},         {"/", "/", "", true},        {"//", "/", "", true},
      {"a", "", "a", false},       {"a/", "", "a", true},       {"a//", "", "a", true},
      {"/a", "/", "a", false},     {"/a/", "/", "a", true},     {"a/b", "a/", "b", false},
      {"a/b//", "a/", "b", true},  {"a//b", "a//", "b", false}, {"/a/b", "/a/", "b", false},
      {".", "", ".", false},       {"..", "", "..", false},     {"a/.", "a/", ".", false},
      {"a/../", "a/", "..", true}, {"//a", "//", "a", false},   {" / ", " /", " ", false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    const SplitPath split = split_path(c.path);
    CHECK(split.parent == c.parent);
    CHECK(split.last == c.last);
    CHECK(split.trailing_slash == c.trailing_slash);
  }
}

TEST_CASE("path: nothing is lost by splitting, for every short path") {
  for_each_text("/a.", 8, [&](const std::string& path) {
    const SplitPath split = split_path(path);
    const std::string together = std::string(split.parent) + std::string(split.last);
    const bool only_slashes = path.find_first_not_of('/') == std::string::npos;
    bool right = split.last.find('/') == std::string_view::npos &&
                 split.last.empty() == only_slashes &&
                 split.trailing_slash == (!path.empty() && path.back() == '/');
    if (!only_slashes) {
      right = right && path.compare(0, together.size(), together) == 0 &&
              path.find_first_not_of('/', together.size()) == std::string::npos;
    }
    if (!right) {
      CAPTURE(path, split.parent, split.last);
      REQUIRE(right);
    }
  });
}
