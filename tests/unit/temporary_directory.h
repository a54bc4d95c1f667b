// A directory of a test's own, and running a check as somebody without rights. Tests only.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <type_traits>

#include "catch.h"

namespace hfoffline {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "hfoffline-test.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    // Others may look in, so that checks made as another user fail for the reason under test.
    REQUIRE(chmod(name.c_str(), 0755) == 0);
    path_ = std::filesystem::canonical(name);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    for (auto entry = std::filesystem::recursive_directory_iterator(
             path_, std::filesystem::directory_options::skip_permission_denied, ignored);
         entry != std::filesystem::recursive_directory_iterator(); entry.increment(ignored)) {
      if (!entry->is_symlink(ignored) && entry->is_directory(ignored))
        chmod(entry->path().c_str(), 0755);
    }
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view below) const { return (path_ / below).string(); }

  std::string directory(std::string_view below) const {
    const std::filesystem::path path = path_ / below;
    std::filesystem::create_directories(path);
    return path.string();
  }
  std::string file(std::string_view below, std::string_view data = "") const {
    const std::filesystem::path path = path_ / below;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << data;
    return path.string();
  }
  std::string link(std::string_view below, std::string_view target) const {
    const std::filesystem::path path = path_ / below;
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::create_symlink(target, path);
    return path.string();
  }

 private:
  std::filesystem::path path_;
};

// Runs `check` as an unprivileged user and returns its result, which must be trivially copyable.
// Permission bits do not bind root, so as root it runs in a child with uid 65534; else right here.
template <class Check>
auto without_privileges(const Check& check) {
  using Result = std::invoke_result_t<Check>;
  static_assert(std::is_trivially_copyable_v<Result>);
  if (geteuid() != 0) return check();
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(9);
    const Result result = check();
    _exit(write(ends[1], &result, sizeof(result)) == sizeof(result) ? 0 : 8);
  }
  close(ends[1]);
  Result result{};
  const ssize_t size = read(ends[0], &result, sizeof(result));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  REQUIRE(size == static_cast<ssize_t>(sizeof(result)));
  return result;
}

}  // namespace hfoffline
