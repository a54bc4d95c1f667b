// Where paths lead by [cache] redirect, as text.
#include "core/redirect.h"

#include <string>
#include <vector>

#include "catch.h"
#include "policy_test_support.h"

namespace hfoffline::test {
namespace {

// As plan_redirects() leaves them: the longest `from` first.
class Redirected {
 public:
  explicit Redirected(std::vector<PlannedRedirect> redirects) : redirects_(std::move(redirects)) {
    maker_.inputs.redirects = redirects_.data();
    maker_.inputs.redirect_count = redirects_.size();
    REQUIRE(maker_.build());
    REQUIRE(policy_.attach(maker_.made.data(), maker_.made.size()) == PolicyProblem::kNone);
  }
  const Policy& policy() const { return policy_; }
  std::string leads_to(std::string_view path) const {
    char text[8192];
    Appender out(text);
    return append_redirected(policy_, path, out) ? std::string(out.view()) : "unchanged";
  }
  std::string known_as(std::string_view place) const {
    char text[8192];
    Appender out(text);
    return append_known_name(policy_, place, out) ? std::string(out.view()) : "unchanged";
  }

 private:
  std::vector<PlannedRedirect> redirects_;
  PolicyMaker maker_;
  Policy policy_;
};

Redirected two() {
  return Redirected(
      {{"/home/u/.cache/huggingface", "/m", {}}, {"/app/x", "/srv/long/models/x", {}}});
}

TEST_CASE("plain paths are what their text says") {
  const struct {
    std::string_view given;
    std::string_view plain;
  } rows[] = {
      {"/", "/"},
      {"//", "/"},
      {"/a", "/a"},
      {"/a/", "/a/"},
      {"/a//b", "/a/b"},
      {"/a/./b/.", "/a/b/"},
      {"/a/../b", "/b"},
      {"/..", "/"},
      {"/../../a", "/a"},
      {"/a/b/../..", "/"},
      {"/a/b/..", "/a"},
      {"/a/.../b", "/a/.../b"},
      {"/a/..b/c", "/a/..b/c"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.given);
    char text[64];
    Appender out(text);
    append_plain_path(row.given, out);
    CHECK(out.view() == row.plain);
  }
}

TEST_CASE("a path at or below FROM leads to TO") {
  const Redirected redirects = two();
  const struct {
    std::string_view path;
    std::string_view target;
  } rows[] = {
      {"/home/u/.cache/huggingface", "/m"},
      {"/home/u/.cache/huggingface/", "/m/"},
      {"/home/u/.cache/huggingface/hub/x", "/m/hub/x"},
      {"/home//u/./.cache/huggingface//hub", "/m/hub"},
      {"/home/v/../u/.cache/huggingface/a", "/m/a"},
      {"/home/u/.cache/huggingface/a/../b", "/m/b"},
      {"/app/x/y", "/srv/long/models/x/y"},
      {"/app/x", "/srv/long/models/x"},
      // Their twins.
      {"/home/u/.cache/huggingfaceX", "unchanged"},
      {"/home/u/.cache/huggingface/../other", "unchanged"},
      {"/home/u/.cache", "unchanged"},
      {"/home/u/.cache/hugging", "unchanged"},
      {"/m/a", "unchanged"},
      {"/", "unchanged"},
      {"/app/xy", "unchanged"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CHECK(redirects.leads_to(row.path) == row.target);
  }
}

TEST_CASE("the longest FROM decides") {
  const Redirected redirects({{"/a/b/c", "/three", {}}, {"/a/b", "/two", {}}, {"/a", "/one", {}}});
  CHECK(redirects.leads_to("/a/b/c/d") == "/three/d");
  CHECK(redirects.leads_to("/a/b/cc") == "/two/cc");
  CHECK(redirects.leads_to("/a/bb") == "/one/bb");
  CHECK(redirects.leads_to("/aa") == "unchanged");
}

TEST_CASE("a place has the name that programs know it by") {
  const Redirected redirects = two();
  CHECK(redirects.known_as("/m") == "/home/u/.cache/huggingface");
  CHECK(redirects.known_as("/m/a/b") == "/home/u/.cache/huggingface/a/b");
  CHECK(redirects.known_as("/srv/long/models/x/y") == "/app/x/y");
  CHECK(redirects.known_as("/srv/long/models") == "unchanged");
  CHECK(redirects.known_as("/mm") == "unchanged");
}

TEST_CASE("what does not fit is not led half the way") {
  const Redirected redirects = two();
  char text[10];
  Appender out(text);
  CHECK_FALSE(append_redirected(redirects.policy(), "/app/x/y/and/more", out));
}

TEST_CASE("a relative path that cannot reach a FROM is known by its first component") {
  const Redirected redirects = two();
  for (const std::string_view path :
       {"..", "../x", "./../x", "home/u", ".cache/huggingface", "./.cache", "huggingface", "x/y"}) {
    CAPTURE(path);
    CHECK(may_reach_redirect(redirects.policy(), path));
  }
  for (const std::string_view path : {"", ".", "./", "other", "cache", "file/..", "..x"}) {
    CAPTURE(path);
    CHECK_FALSE(may_reach_redirect(redirects.policy(), path));
  }
}

TEST_CASE("without redirects nothing leads anywhere") {
  const Redirected none({});
  CHECK(none.policy().redirect_count() == 0);
  CHECK(none.leads_to("/a") == "unchanged");
  CHECK(none.known_as("/a") == "unchanged");
  CHECK_FALSE(may_reach_redirect(none.policy(), "a"));
}

}  // namespace
}  // namespace hfoffline::test
