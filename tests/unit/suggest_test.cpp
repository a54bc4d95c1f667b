#include "core/suggest.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "catch.h"
#include "core/text.h"

using namespace hfoffline;

namespace {

// The textbook form, with the whole table and no limit.
std::size_t reference_distance(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c == '_' ? '-' : ascii_lower(c); };
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1])) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps") {
  struct Row {
    std::string_view a;
    std::string_view b;
    std::size_t distance;
  };
  const Row rows[] = {
      {"", "", 0},
      {"", "abc", 3},
      {"abc", "", 3},
      {"mode", "mode", 0},
      {"mode", "MODE", 0},
      {"models-dir", "models_dir", 0},
      {"mode", "mdoe", 1},
      {"mode", "mod", 1},
      {"mode", "modes", 1},
      {"mode", "made", 1},
      {"kitten", "sitting", 3},
      {"ca", "abc", 3},  // optimal string alignment: no edit inside a swapped pair
  };
  for (const Row& row : rows) {
    CAPTURE(row.a, row.b);
    CHECK(edit_distance(row.a, row.b) == row.distance);
    CHECK(edit_distance(row.b, row.a) == row.distance);
  }
}

TEST_CASE("edit distance agrees with the textbook on random words") {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string words[2];
    for (std::string& word : words) {
      word.resize(random() % 12);
      for (char& c : word) c = "abcA_-"[random() % 6];
    }
    CAPTURE(words[0], words[1]);
    CHECK(edit_distance(words[0], words[1]) == reference_distance(words[0], words[1]));
  }
}

TEST_CASE("texts longer than any key count as wholly different") {
  const std::string longest(64, 'a');
  const std::string longer(65, 'a');
  CHECK(edit_distance(longest, longest) == 0);
  CHECK(edit_distance(longer, longer) == 65);
  CHECK(edit_distance(longer, "a") == 65);
}

TEST_CASE("a suggestion is the closest candidate, if one is close enough") {
  struct Row {
    std::string_view typed;
    std::string_view best;
  };
  const Row rows[] = {
      {"model_dir", "models_dir"},
      {"models-dir", "models_dir"},
      {"MODELS_DIR", "models_dir"},
      {"layuot", "layout"},
      {"lay", ""},
      {"xyzzy", ""},
      {"", ""},
      {"marke", "marker"},
      {"protects", "protect"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.typed);
    Suggestion suggestion(row.typed);
    for (const std::string_view candidate : {"models_dir", "layout", "protect", "marker"}) {
      suggestion.offer(candidate);
    }
    CHECK(suggestion.best() == row.best);
  }
}

TEST_CASE("of two equally close candidates the first one offered wins") {
  Suggestion suggestion("cat5");
  suggestion.offer("cat1");
  suggestion.offer("cat2");
  CHECK(suggestion.best() == "cat1");
  suggestion.offer("cat5");
  CHECK(suggestion.best() == "cat5");
}
