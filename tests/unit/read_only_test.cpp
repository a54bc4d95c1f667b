// What the kernel answers on a read-only bind mount. The rows were measured (Linux 6.18);
// read_only_oracle_test asks the kernel again where that is permitted.
#include "core/read_only.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "catch.h"
#include "temporary_directory.h"

using namespace hfoffline;

namespace {

TargetFacts found(std::uint32_t type, int write_error = 0) {
  TargetFacts facts;
  facts.mode = type | 0644;
  facts.write_error = write_error;
  return facts;
}
TargetFacts not_found(int error, bool parent_exists = true) {
  TargetFacts facts;
  facts.lookup_error = error;
  facts.parent_exists = parent_exists;
  return facts;
}
TargetFacts with_slash(TargetFacts facts) {
  facts.trailing_slash = true;
  return facts;
}
TargetFacts ends_in(LastComponent last) {
  TargetFacts facts = found(S_IFDIR);
  facts.last = last;
  return facts;
}

const TargetFacts kFile = found(S_IFREG);
const TargetFacts kDeniedFile = found(S_IFREG, EACCES);
const TargetFacts kDirectory = found(S_IFDIR);
const TargetFacts kLink = found(S_IFLNK);
const TargetFacts kMissing = not_found(ENOENT);
const TargetFacts kNoParent = not_found(ENOENT, false);

}  // namespace

TEST_CASE("read-only: open, as a read-only mount answers") {
  struct Case {
    const char* what;
    int flags;
    TargetFacts facts;
    int error;
  };
  const Case cases[] = {
      {"for writing", O_WRONLY, kFile, EROFS},
      {"for reading and writing", O_RDWR, kFile, EROFS},
      {"for appending", O_WRONLY | O_APPEND, kFile, EROFS},
      {"for writing, denied by its mode", O_WRONLY, kDeniedFile, EACCES},
      {"read and truncate", O_RDONLY | O_TRUNC, kFile, EROFS},
      {"truncate, denied by its mode", O_WRONLY | O_TRUNC, kDeniedFile, EROFS},
      {"create, missing", O_WRONLY | O_CREAT, kMissing, EROFS},
      {"create for reading, missing", O_RDONLY | O_CREAT, kMissing, EROFS},
      {"create exclusively, missing", O_WRONLY | O_CREAT | O_EXCL, kMissing, EROFS},
      {"create, existing", O_WRONLY | O_CREAT, kFile, EROFS},
      {"create for reading, existing", O_RDONLY | O_CREAT, kFile, 0},
      {"create for reading and truncate, existing", O_RDONLY | O_CREAT | O_TRUNC, kFile, EROFS},
      {"create exclusively, existing", O_WRONLY | O_CREAT | O_EXCL, kFile, EEXIST},
      {"create exclusively, a link", O_WRONLY | O_CREAT | O_EXCL, kLink, EEXIST},
      {"create exclusively, a directory", O_WRONLY | O_CREAT | O_EXCL, kDirectory, EEXIST},
      {"write, missing", O_WRONLY, kMissing, ENOENT},
      {"truncate, missing", O_WRONLY | O_TRUNC, kMissing, ENOENT},
      {"exclusively without creating", O_WRONLY | O_EXCL, kFile, EROFS},
      {"create, missing directory", O_WRONLY | O_CREAT, kNoParent, ENOENT},
      {"create exclusively, missing directory", O_WRONLY | O_CREAT | O_EXCL, kNoParent, ENOENT},
      {"write, a file in place of a directory", O_WRONLY | O_CREAT, not_found(ENOTDIR), ENOTDIR},
      {"write, a directory not to be searched", O_WRONLY | O_CREAT, not_found(EACCES), EACCES},
      {"write, a name too long", O_WRONLY | O_CREAT, not_found(ENAMETOOLONG), ENAMETOOLONG},
      {"write, a loop of links", O_WRONLY | O_CREAT, not_found(ELOOP), ELOOP},
      {"a directory for writing", O_WRONLY, kDirectory, EISDIR},
      {"a directory for truncating", O_RDONLY | O_TRUNC, kDirectory, EISDIR},
      {"a directory for creating", O_RDONLY | O_CREAT, kDirectory, EISDIR},
      {"a directory for writing, as one", O_WRONLY | O_DIRECTORY, kDirectory, EISDIR},
      {"a file for writing, as a directory", O_WRONLY | O_DIRECTORY, kFile, ENOTDIR},
      {"create and O_DIRECTORY", O_WRONLY | O_CREAT | O_DIRECTORY, kMissing, EINVAL},
      {"a link that is not followed", O_WRONLY | O_NOFOLLOW, kLink, ELOOP},
      {"a link as a directory", O_WRONLY | O_NOFOLLOW | O_DIRECTORY, kLink, ENOTDIR},
      {"a name with a slash", O_WRONLY, with_slash(not_found(ENOTDIR)), ENOTDIR},
      {"create, a name with a slash", O_WRONLY | O_CREAT, with_slash(kMissing), EISDIR},
      {"create, a directory with a slash", O_WRONLY | O_CREAT, with_slash(kDirectory), EISDIR},
      {"create exclusively, with a slash", O_WRONLY | O_CREAT | O_EXCL, with_slash(kDirectory),
       EISDIR},
      {"create with a slash, missing directory", O_WRONLY | O_CREAT, with_slash(kNoParent), ENOENT},
      {"a pipe", O_WRONLY, found(S_IFIFO), 0},
      {"a character device", O_RDWR, found(S_IFCHR), 0},
      {"a character device, truncated", O_RDWR | O_TRUNC, found(S_IFCHR), 0},
      {"a block device", O_RDWR, found(S_IFBLK), 0},
      {"a socket, as the kernel says itself", O_RDWR, found(S_IFSOCK), 0},
      {"a device, denied by its mode, as the kernel says itself", O_RDWR, found(S_IFCHR, EACCES),
       0},
      {"a pipe as a directory", O_WRONLY | O_DIRECTORY, found(S_IFIFO), ENOTDIR},
      {"a temporary file", O_RDWR | O_TMPFILE, kDirectory, EROFS},
      {"a temporary file for reading", O_RDONLY | O_TMPFILE, kDirectory, EINVAL},
      {"a temporary file in a file", O_RDWR | O_TMPFILE, kFile, ENOTDIR},
      {"a temporary file in nothing", O_RDWR | O_TMPFILE, kMissing, ENOENT},
      {"a temporary file, without O_DIRECTORY", O_RDWR | (O_TMPFILE & ~O_DIRECTORY), kDirectory,
       EINVAL},
      {"a temporary file and O_CREAT", O_RDWR | O_TMPFILE | O_CREAT, kDirectory, EINVAL},
      {"neither reading nor writing", O_ACCMODE, kFile, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(open_can_write(c.flags) == (c.flags != O_ACCMODE));
    CHECK(read_only_open(c.flags, c.facts) == c.error);
  }
}

TEST_CASE("read-only: flags that can change nothing") {
  for (const int flags : {O_RDONLY, O_RDONLY | O_NOFOLLOW, O_RDONLY | O_DIRECTORY,
                          O_RDONLY | O_EXCL, O_RDONLY | O_APPEND, O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                          O_PATH, O_PATH | O_RDWR, O_PATH | O_CREAT | O_TRUNC}) {
    CAPTURE(flags);
    CHECK_FALSE(open_can_write(flags));
  }
  for (const int flags : {O_WRONLY, O_RDWR, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC,
                          O_WRONLY | O_APPEND, O_RDWR | O_TMPFILE, O_RDONLY | O_TMPFILE}) {
    CAPTURE(flags);
    CHECK(open_can_write(flags));
  }
}

TEST_CASE("read-only: names are made and removed as on a read-only mount") {
  CHECK(read_only_make_directory(kMissing) == EROFS);
  CHECK(read_only_make_directory(with_slash(kMissing)) == EROFS);
  CHECK(read_only_make_directory(kFile) == EEXIST);
  CHECK(read_only_make_directory(kDirectory) == EEXIST);
  CHECK(read_only_make_directory(kLink) == EEXIST);
  CHECK(read_only_make_directory(kNoParent) == ENOENT);
  CHECK(read_only_make_directory(not_found(EACCES)) == EACCES);
  CHECK(read_only_make_directory(not_found(ENAMETOOLONG)) == ENAMETOOLONG);
  for (const LastComponent last :
       {LastComponent::kDot, LastComponent::kDotDot, LastComponent::kRoot}) {
    CHECK(read_only_make_directory(ends_in(last)) == EEXIST);
    CHECK(read_only_remove_file(ends_in(last)) == EISDIR);
  }
  for (const TargetFacts& facts : {kFile, kDirectory, kLink, kMissing, kDeniedFile}) {
    CHECK(read_only_remove_file(facts) == EROFS);
    CHECK(read_only_remove_directory(facts) == EROFS);
  }
  CHECK(read_only_remove_directory(ends_in(LastComponent::kDot)) == EINVAL);
  CHECK(read_only_remove_directory(ends_in(LastComponent::kDotDot)) == ENOTEMPTY);
  CHECK(read_only_remove_directory(ends_in(LastComponent::kRoot)) == EBUSY);
}

TEST_CASE("read-only: sizes, modes and times") {
  CHECK(read_only_truncate(kFile) == EROFS);
  CHECK(read_only_truncate(kDeniedFile) == EACCES);
  CHECK(read_only_truncate(kDirectory) == EISDIR);
  CHECK(read_only_truncate(found(S_IFIFO)) == EINVAL);
  CHECK(read_only_truncate(found(S_IFCHR)) == EINVAL);
  CHECK(read_only_truncate(kMissing) == ENOENT);
  CHECK(read_only_truncate(not_found(ENOTDIR)) == ENOTDIR);
  CHECK(read_only_change_metadata(kFile) == EROFS);
  CHECK(read_only_change_metadata(kDeniedFile) == EROFS);
  CHECK(read_only_change_metadata(kDirectory) == EROFS);
  CHECK(read_only_change_metadata(found(S_IFCHR)) == EROFS);
  CHECK(read_only_change_metadata(kMissing) == ENOENT);
  CHECK(read_only_change_metadata(not_found(EACCES)) == EACCES);
}

TEST_CASE("read-only: fopen modes") {
  struct Case {
    const char* mode;
    int flags;
  };
  const Case cases[] = {
      {"r", O_RDONLY},
      {"rb", O_RDONLY},
      {"re", O_RDONLY | O_CLOEXEC},
      {"rx", O_RDONLY | O_EXCL},
      {"r+", O_RDWR},
      {"rb+", O_RDWR},
      {"r+b", O_RDWR},
      {"rbe+", O_RDWR | O_CLOEXEC},
      {"w", O_WRONLY | O_CREAT | O_TRUNC},
      {"wx", O_WRONLY | O_CREAT | O_TRUNC | O_EXCL},
      {"w+", O_RDWR | O_CREAT | O_TRUNC},
      {"a", O_WRONLY | O_CREAT | O_APPEND},
      {"ab+", O_RDWR | O_CREAT | O_APPEND},
      {"rm", O_RDONLY},
      {"r,ccs=UTF-8", O_RDONLY},
      {"w,ccs=UTF-8", O_WRONLY | O_CREAT | O_TRUNC},
      {"rbbbbb+", O_RDWR},     // the sixth further character
      {"rbbbbbb+", O_RDONLY},  // the seventh is not looked at
      {"rw", O_RDONLY},
      {"", -1},
      {"+r", -1},
      {"R", -1},
      {" r", -1},
      {"br", -1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.mode);
    CHECK(open_flags_of_mode(c.mode) == c.flags);
  }
}

TEST_CASE("read-only: fopen modes as musl reads them") {
  struct Case {
    const char* mode;
    int flags;
  };
  const Case cases[] = {
      {"r", O_RDONLY},
      {"w", O_WRONLY | O_CREAT | O_TRUNC},
      {"a", O_WRONLY | O_CREAT | O_APPEND},
      {"a+e", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC},
      {"wx", O_WRONLY | O_CREAT | O_TRUNC | O_EXCL},
      {"rbbbbbbbb+", O_RDWR},
      {"r,ccs=UTF-8+", O_RDWR},
      {"", O_WRONLY | O_CREAT},
      {"+r", -1},
      {"b", -1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.mode);
    CHECK(open_flags_of_mode_in_musl(c.mode) == c.flags);
  }
}

namespace {

// What fopen did to a file of three bytes, or to a missing one.
struct Outcome {
  int error = 0;
  int flags = 0;  // access mode, O_APPEND
  bool close_on_exec = false;
  long size = -1;  // afterwards; -1: there is no file
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome outcome(int descriptor, const std::string& path) {
  Outcome result;
  if (descriptor < 0) {
    result.error = errno;
  } else {
    result.flags = fcntl(descriptor, F_GETFL) & (O_ACCMODE | O_APPEND);
    result.close_on_exec = (fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0;
  }
  struct stat status;
  if (stat(path.c_str(), &status) == 0) result.size = static_cast<long>(status.st_size);
  return result;
}

void prepare(const std::string& path, bool existing) {
  unlink(path.c_str());
  if (!existing) return;
  FILE* file = std::fopen(path.c_str(), "w");
  REQUIRE(file != nullptr);
  REQUIRE(std::fputs("abc", file) >= 0);
  REQUIRE(std::fclose(file) == 0);
}

}  // namespace

TEST_CASE("read-only: every short fopen mode does what the C library does with it") {
  TemporaryDirectory directory;
  const std::string path = directory / "file";
  std::vector<std::string> modes = {""};
  for (std::size_t first = 0, length = 1; length <= 4; ++length) {
    const std::size_t end = modes.size();
    for (; first < end; ++first) {
      for (const char c : std::string("rwa+xeb")) modes.push_back(modes[first] + c);
    }
  }
  for (const char* mode : {"r,+", "r,x", "rcccccc+", "rccccc+", "aaaaaa+", "a+++++++"})
    modes.push_back(mode);
  for (const std::string& mode : modes) {
    const int flags = open_flags_of_mode(mode.c_str());
    for (const bool existing : {true, false}) {
      prepare(path, existing);
      FILE* stream = std::fopen(path.c_str(), mode.c_str());
      const Outcome real = outcome(stream == nullptr ? -1 : fileno(stream), path);
      if (stream != nullptr) std::fclose(stream);
      if (flags < 0) {
        if (real.error != EINVAL) {
          CAPTURE(mode);
          REQUIRE(real.error == EINVAL);
        }
        continue;
      }
      prepare(path, existing);
      const int descriptor = open(path.c_str(), flags, 0666);
      const Outcome ours = outcome(descriptor, path);
      if (descriptor >= 0) close(descriptor);
      // Newer glibc stops at a comma; reading on, as older ones do, errs on the side of writing.
      const bool stops_at_comma = mode.find(',') != std::string::npos && real.flags == O_RDONLY;
      if (!(ours == real) && !stops_at_comma) {
        CAPTURE(mode, existing, ours.error, real.error, ours.flags, real.flags, ours.size,
                real.size);
        REQUIRE(ours == real);
      }
    }
  }
}
