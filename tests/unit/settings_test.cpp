#include "core/settings.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "config_test_support.h"
#include "core/sys.h"
#include "temporary_directory.h"

using namespace hfoffline;
using namespace hfoffline::test;

namespace {

constexpr std::size_t kArenaBytes = 4 << 20;

// The working directory of this block.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const std::string& path) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(path);
  }
  ~WorkingDirectory() { std::filesystem::current_path(before_); }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;

 private:
  std::filesystem::path before_;
};

// What load_settings made of a flag and an environment.
class Loaded {
 public:
  explicit Loaded(std::string_view flag, const std::vector<std::string>& environment = {},
                  std::size_t arena_bytes = kArenaBytes)
      : memory_(arena_bytes), arena_(memory_.data(), memory_.size()), environment_(environment) {
    for (const std::string& entry : environment_) pointers_.push_back(entry.c_str());
    pointers_.push_back(nullptr);
    ok = load_settings(flag, pointers_.data(), kPresets, arena_, config, error);
    CHECK(ok == error.empty());
  }
  Loaded(const Loaded&) = delete;

  bool flag(Key key, std::string_view name, std::string_view value) {
    return apply_override(key, value, {Source::Origin::kFlag, name}, kPresets, arena_, config,
                          error);
  }
  std::string errno_name() const { return std::string(config.text(Key::egress_errno)); }
  std::string source(Key key) const {
    char array[5000];
    Appender out(array);
    append_source(config.at(key).source, out);
    return std::string(out.view());
  }
  std::string message() const {
    char array[4096];
    Appender out(array);
    append_diagnostic(error, out);
    return std::string(out.view());
  }

  bool ok = false;
  Config config;
  Diagnostic error;

 private:
  std::vector<char> memory_;
  Arena arena_;
  std::vector<std::string> environment_;
  std::vector<const char*> pointers_;
};

std::string file_with_errno(const char* name) {
  return "[egress]\nerrno = \"" + std::string(name) + "\"\n";
}

}  // namespace

TEST_CASE("settings: a variable is found by its whole name, and the first of two counts") {
  const char* environment[] = {"HFOFFLINE_CONFI=1",
                               "HFOFFLINE_CONFIGS=2",
                               "X=HFOFFLINE_CONFIG=3",
                               "HFOFFLINE_CONFIG",
                               "HFOFFLINE_CONFIG=4",
                               "HFOFFLINE_CONFIG=5",
                               nullptr};
  CHECK(find_in_environment(environment, "HFOFFLINE_CONFIG") == environment[4] + 17);
  CHECK(find_in_environment(environment, "X") == environment[2] + 2);
  CHECK(find_in_environment(environment, "HFOFFLINE") == nullptr);
  CHECK(find_in_environment(nullptr, "X") == nullptr);
  const char* nothing[] = {nullptr};
  CHECK(find_in_environment(nothing, "X") == nullptr);
}

TEST_CASE("settings: without any file the defaults hold") {
  TemporaryDirectory directory;
  const WorkingDirectory here(directory.path());
  const Loaded loaded("");
  REQUIRE(loaded.ok);
  CHECK(loaded.config.file.empty());
  CHECK(loaded.errno_name() == "ENETUNREACH");
  CHECK(loaded.source(Key::egress_errno) == "default");
}

TEST_CASE("settings: the file that --config names beats the variable and the working directory") {
  TemporaryDirectory directory;
  const std::string flag = directory.file("flag.toml", file_with_errno("EPERM"));
  const std::string variable = directory.file("variable.toml", file_with_errno("EACCES"));
  directory.file("hfoffline.toml", file_with_errno("ENETDOWN"));
  const WorkingDirectory here(directory.path());
  const std::vector<std::string> environment = {"HFOFFLINE_CONFIG=" + variable};

  const Loaded by_flag(flag, environment);
  REQUIRE(by_flag.ok);
  CHECK(by_flag.config.file == flag);
  CHECK(by_flag.errno_name() == "EPERM");
  CHECK(by_flag.source(Key::egress_errno) == flag + ":2");

  const Loaded by_variable("", environment);
  REQUIRE(by_variable.ok);
  CHECK(by_variable.config.file == variable);
  CHECK(by_variable.errno_name() == "EACCES");

  const Loaded by_search("");
  REQUIRE(by_search.ok);
  CHECK(by_search.config.file == directory / "hfoffline.toml");
  CHECK(by_search.errno_name() == "ENETDOWN");
}

TEST_CASE("settings: a relative --config is taken from the working directory") {
  TemporaryDirectory directory;
  directory.file("below/mine.toml", file_with_errno("EPERM"));
  const WorkingDirectory here(directory / "below");
  const Loaded loaded("mine.toml");
  REQUIRE(loaded.ok);
  CHECK(loaded.config.file == "mine.toml");
  CHECK(loaded.errno_name() == "EPERM");
}

TEST_CASE("settings: the nearest file upward is taken") {
  TemporaryDirectory directory;
  directory.file("hfoffline.toml", file_with_errno("EPERM"));
  directory.file("a/b/hfoffline.toml", file_with_errno("EACCES"));
  directory.directory("a/b/c/d");
  struct Case {
    const char* from;
    const char* file;
  };
  for (const Case& c :
       {Case{".", "hfoffline.toml"}, Case{"a", "hfoffline.toml"}, Case{"a/b", "a/b/hfoffline.toml"},
        Case{"a/b/c", "a/b/hfoffline.toml"}, Case{"a/b/c/d", "a/b/hfoffline.toml"}}) {
    CAPTURE(c.from);
    const WorkingDirectory here(directory / c.from);
    const Loaded loaded("");
    REQUIRE(loaded.ok);
    CHECK(loaded.config.file == directory / c.file);
  }
}

TEST_CASE("settings: the search starts from where the kernel says the working directory is") {
  TemporaryDirectory directory;
  directory.file("real/hfoffline.toml", file_with_errno("EPERM"));
  directory.directory("real/below");
  directory.file("other/hfoffline.toml", file_with_errno("EACCES"));
  directory.link("other/link", directory / "real/below");
  const WorkingDirectory here(directory / "other/link");
  const Loaded loaded("");
  REQUIRE(loaded.ok);
  CHECK(loaded.config.file == directory / "real/hfoffline.toml");
}

TEST_CASE("settings: from the root and from a deleted directory nothing is found") {
  TemporaryDirectory directory;
  if (!std::filesystem::exists("/hfoffline.toml")) {
    const WorkingDirectory here("/");
    CHECK(Loaded("").ok);
    CHECK(Loaded("").config.file.empty());
  }
  directory.file("hfoffline.toml", file_with_errno("EPERM"));
  directory.directory("gone");
  const WorkingDirectory here(directory / "gone");
  std::filesystem::remove(directory / "gone");
  const Loaded loaded("");
  CHECK(loaded.ok);
  CHECK(loaded.config.file.empty());
  // Back to where this process may be found by the next test.
  std::filesystem::current_path(directory.path());
}

TEST_CASE("settings: a path of 3,900 bytes is searched upward all the same") {
  TemporaryDirectory directory;
  directory.file("hfoffline.toml", file_with_errno("EPERM"));
  std::filesystem::path deep = directory.path();
  while (deep.string().size() < 3700) deep /= std::string(200, 'd');
  std::filesystem::create_directories(deep);
  const WorkingDirectory here(deep);
  const Loaded loaded("");
  REQUIRE(loaded.ok);
  CHECK(loaded.config.file == directory / "hfoffline.toml");
}

TEST_CASE("settings: flag over environment over file over default") {
  TemporaryDirectory directory;
  const std::string file = directory.file(
      "hfoffline.toml",
      "[egress]\nerrno = \"EPERM\"\nmode = \"audit\"\nallow = [\"a.example\"]\n[exec]\nunshimmed = "
      "\"allow\"\n");
  Loaded loaded(file, {"HFOFFLINE_MODE=refuse", "HFOFFLINE_ERRNO=EACCES",
                       "HFOFFLINE_ALLOW=b.example", "PATH=/bin"});
  REQUIRE(loaded.ok);
  REQUIRE(loaded.flag(Key::egress_errno, "--errno", "ENETDOWN"));
  REQUIRE(loaded.flag(Key::egress_allow, "--allow", "c.example"));
  CHECK(loaded.errno_name() == "ENETDOWN");
  CHECK(loaded.source(Key::egress_errno) == "--errno");
  CHECK(loaded.config.text(Key::egress_mode) == "refuse");
  CHECK(loaded.source(Key::egress_mode) == "HFOFFLINE_MODE");
  CHECK(loaded.config.text(Key::exec_unshimmed) == "allow");
  CHECK(loaded.source(Key::exec_unshimmed) == file + ":6");
  CHECK(loaded.config.text(Key::cache_layout) == "auto");
  CHECK(loaded.source(Key::cache_layout) == "default");
  // Lists add up.
  std::string allowed;
  for (const ListItem* item = loaded.config.items(Key::egress_allow); item != nullptr;
       item = item->next) {
    allowed.append(item->text).append(" ");
  }
  CHECK(allowed == "a.example b.example c.example ");
}

TEST_CASE("settings: a missing file is an error that names it and who asked for it") {
  TemporaryDirectory directory;
  const std::string path = directory / "missing.toml";
  const Loaded by_flag(path);
  CHECK_FALSE(by_flag.ok);
  CHECK(by_flag.message() ==
        path +
            ": the config file that --config names does not exist\n"
            "  check the path and its permissions, or leave it out to use the defaults\n");
  const Loaded by_variable("", {"HFOFFLINE_CONFIG=" + path});
  CHECK_FALSE(by_variable.ok);
  CHECK(by_variable.message() ==
        path +
            ": the config file that HFOFFLINE_CONFIG names does not exist\n"
            "  check the path and its permissions, or leave it out to use the defaults\n");
  // Neither is replaced by another that could be found.
  directory.file("hfoffline.toml", file_with_errno("EPERM"));
  const WorkingDirectory here(directory.path());
  CHECK_FALSE(Loaded(path).ok);
  CHECK_FALSE(Loaded("", {"HFOFFLINE_CONFIG=" + path}).ok);
}

TEST_CASE("settings: a path below a file, a directory and an empty variable are errors") {
  TemporaryDirectory directory;
  const std::string file = directory.file("file", "");
  CHECK(Loaded(file + "/x.toml")
            .message()
            .find(": the config file that --config names cannot be read (ENOTDIR)\n") !=
        std::string::npos);
  CHECK(Loaded(directory.path().string())
            .message()
            .find(": the config file that --config names is a directory\n") != std::string::npos);
  CHECK(Loaded("", {"HFOFFLINE_CONFIG="}).message() ==
        "HFOFFLINE_CONFIG is set but empty\n"
        "  unset it, or set it to the path of a config file\n");
}

TEST_CASE("settings: a file that may not be read is an error, also when it was found") {
  TemporaryDirectory directory;
  const std::string file = directory.file("hfoffline.toml", file_with_errno("EPERM"));
  REQUIRE(chmod(file.c_str(), 0) == 0);
  struct Messages {
    char by_flag[2048] = "";
    char found[2048] = "";
  };
  const Messages messages = without_privileges([&] {
    Messages result;
    Appender(result.by_flag).add(Loaded(file).message()).c_str();
    const WorkingDirectory here(directory.path());
    Appender(result.found).add(Loaded("").message()).c_str();
    return result;
  });
  CHECK(std::string(messages.by_flag) ==
        file +
            ": the config file that --config names cannot be read (EACCES)\n"
            "  check the path and its permissions, or leave it out to use the defaults\n");
  CHECK(std::string(messages.found) ==
        file +
            ": the config file cannot be read (EACCES)\n"
            "  it was found from the working directory: make it readable, or move it\n");
}

TEST_CASE("settings: a file over the limit is an error, one at the limit is read") {
  TemporaryDirectory directory;
  const std::string start = file_with_errno("EPERM") + "# ";
  const std::string at_limit =
      start + std::string(kMaximumConfigBytes - start.size() - 1, 'x') + "\n";
  REQUIRE(at_limit.size() == kMaximumConfigBytes);
  const std::string fits = directory.file("fits.toml", at_limit);
  CHECK(Loaded(fits).ok);
  CHECK(Loaded(fits).errno_name() == "EPERM");
  const std::string large = directory.file("large.toml", at_limit + "\n");
  const Loaded loaded(large);
  CHECK_FALSE(loaded.ok);
  CHECK(loaded.message() == large +
                                ": the config file that --config names is larger than 1 MiB\n"
                                "  check that this is the file you meant\n");
}

TEST_CASE("settings: a mistake in the file or in a variable is an error") {
  TemporaryDirectory directory;
  const std::string file = directory.file("hfoffline.toml", "[egress]\nerrno = \"ETIMEDOUT\"\n");
  const Loaded in_file(file);
  CHECK_FALSE(in_file.ok);
  CHECK(in_file.message().find(file + ":2:10: ") == 0);
  const Loaded in_variable(directory.file("empty.toml"), {"HFOFFLINE_ERRNO=ETIMEDOUT"});
  CHECK_FALSE(in_variable.ok);
  CHECK(in_variable.message().find("HFOFFLINE_ERRNO") == 0);
}

TEST_CASE("settings: names of files are printed so that a terminal does not act on them") {
  TemporaryDirectory directory;
  const Loaded loaded(directory / "\x1b[2J\n.toml");
  CHECK_FALSE(loaded.ok);
  const std::string message = loaded.message();
  CHECK(message.find('\x1b') == std::string::npos);
  CHECK(message.find("\\x1B[2J\\x0A.toml: the config file") != std::string::npos);
  const Loaded long_name(directory / std::string(3000, 'n'));
  CHECK_FALSE(long_name.ok);
  CHECK(long_name.message().find("...: the config file that --config names cannot be read "
                                 "(ENAMETOOLONG)\n") != std::string::npos);
}

TEST_CASE("settings: memory that is too small is an error at every size, and never a crash") {
  TemporaryDirectory directory;
  const std::string file = directory.file("hfoffline.toml", file_with_errno("EPERM") +
                                                                "allow = [\"a.example\", "
                                                                "\"b.\\u0065xample\"]\n");
  const WorkingDirectory here(directory.path());
  bool fitted = false;
  for (std::size_t bytes = 0; bytes < 2000 && !fitted; ++bytes) {
    CAPTURE(bytes);
    for (const std::string& flag : {file, std::string()}) {
      const Loaded loaded(flag, {}, bytes);
      if (!loaded.ok) REQUIRE(loaded.message().find("memory") != std::string::npos);
      fitted = loaded.ok;
    }
  }
  CHECK(fitted);
}

namespace {

// A pipe whose other end gives `text`, as /dev/fd/N.
class Pipe {
 public:
  explicit Pipe(std::string text) {
    REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
    path = "/dev/fd/" + std::to_string(ends_[0]);
    writer_ = std::thread([this, text = std::move(text)] {
      std::size_t written = 0;
      while (written < text.size()) {
        const ssize_t count = write(ends_[1], text.data() + written, text.size() - written);
        if (count <= 0) break;
        written += static_cast<std::size_t>(count);
      }
      close(ends_[1]);
    });
  }
  ~Pipe() {
    close(ends_[0]);
    writer_.join();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  std::string path;

 private:
  int ends_[2] = {-1, -1};
  std::thread writer_;
};

}  // namespace

TEST_CASE("settings: a pipe is read to its end, and one without end is an error") {
  {
    const Pipe pipe(file_with_errno("EPERM") + "# " + std::string(200000, 'x') +
                    "\n[exec]\n"
                    "unshimmed = \"refuse\"\n");
    const Loaded loaded(pipe.path);
    REQUIRE(loaded.ok);
    CHECK(loaded.errno_name() == "EPERM");
    CHECK(loaded.config.text(Key::exec_unshimmed) == "refuse");
  }
  signal(SIGPIPE, SIG_IGN);
  const Pipe pipe("# " + std::string(kMaximumConfigBytes, 'x') + "\n");
  const Loaded loaded(pipe.path);
  CHECK_FALSE(loaded.ok);
  CHECK(loaded.message().find("is larger than 1 MiB") != std::string::npos);
}

TEST_CASE("read_file: what it reads, and its errors") {
  TemporaryDirectory directory;
  const auto read = [&](const std::string& path, std::string* text, std::size_t arena_bytes) {
    std::vector<char> memory(arena_bytes);
    Arena arena(memory.data(), memory.size());
    std::string_view view;
    const int error = read_file(path.c_str(), arena, &view);
    if (error == 0) {
      CHECK(view.data()[view.size()] == '\0');
      *text = view;
    }
    return error;
  };
  std::string text;
  CHECK(read(directory.file("a", "abc"), &text, kArenaBytes) == 0);
  CHECK(text == "abc");
  CHECK(read(directory.file("zeros", std::string("a\0b", 3)), &text, kArenaBytes) == 0);
  CHECK(text == std::string("a\0b", 3));
  CHECK(read(directory.file("empty"), &text, kArenaBytes) == 0);
  CHECK(text.empty());
  CHECK(read("/proc/self/status", &text, kArenaBytes) == 0);  // says that it has no bytes
  CHECK(text.find("Name:") == 0);
  CHECK(read(directory / "missing", &text, kArenaBytes) == ENOENT);
  CHECK(read(directory.path().string(), &text, kArenaBytes) == EISDIR);
  CHECK(read(directory / "a", &text, 3) == ENOMEM);
  CHECK(read("/dev/zero", &text, kArenaBytes) == EFBIG);

  // None of them leaves a descriptor open.
  const int first = dup(0);
  close(first);
  read(directory / "a", &text, kArenaBytes);
  read(directory / "a", &text, 3);
  read(directory.path().string(), &text, kArenaBytes);
  const int second = dup(0);
  close(second);
  CHECK(first == second);
}

namespace {

// From here on the kernel answers ENOSYS to faccessat2, as before Linux 5.8.
bool forget_faccessat2() {
  const sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 439, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {4, const_cast<sock_filter*>(instructions)};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Runs a check in a child, which may change itself for good.
template <class Check>
bool holds_in_child(const Check& check) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(check() ? 0 : 1);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status == 0;
}

}  // namespace

TEST_CASE("sys: faccessat answers by the effective user, and on old kernels too") {
  TemporaryDirectory directory;
  const std::string file = directory.file("hfoffline.toml", file_with_errno("EPERM"));
  constexpr int kEffective = 0x200;
  for (const int flags : {0, kEffective}) {
    CAPTURE(flags);
    CHECK(sys::faccessat(sys::kCurrentDirectory, file.c_str(), F_OK, flags) == 0);
    CHECK(sys::faccessat(sys::kCurrentDirectory, (directory / "x").c_str(), F_OK, flags) ==
          -ENOENT);
    REQUIRE(chmod(file.c_str(), 0444) == 0);
    CHECK(without_privileges([&] {
            return sys::faccessat(sys::kCurrentDirectory, file.c_str(), W_OK, flags);
          }) == -EACCES);
    CHECK(holds_in_child([&] {
      return forget_faccessat2() && sys::call(439, 0, 0, 0, 0) == -ENOSYS &&
             sys::faccessat(sys::kCurrentDirectory, file.c_str(), R_OK, flags) == 0 &&
             sys::faccessat(sys::kCurrentDirectory, "/missing", R_OK, flags) == -ENOENT;
    }));
  }
  const WorkingDirectory here(directory.path());
  CHECK(holds_in_child([&] { return forget_faccessat2() && Loaded("").errno_name() == "EPERM"; }));
}

TEST_CASE(
    "settings: from a working directory outside of the root nothing is found, and nothing breaks") {
  TemporaryDirectory directory;
  directory.file("outside/hfoffline.toml", file_with_errno("EPERM"));
  directory.directory("root");
  const WorkingDirectory here(directory / "outside");
  CHECK(holds_in_child([&] {
    const bool may = geteuid() == 0 || unshare(CLONE_NEWUSER) == 0;
    char text[4096];
    // The kernel then says "(unreachable)/..." for the working directory.
    return may && chroot((directory / "root").c_str()) == 0 &&
           sys::call(SYS_getcwd, sys::word(text), sizeof(text)) > 0 && text[0] == '(' &&
           Loaded("").ok && Loaded("").config.file.empty();
  }));
}
