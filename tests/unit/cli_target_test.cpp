#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.h"
#include "cli/elf_file.h"
#include "cli/string_tools.h"
#include "cli/target.h"

using namespace hfoffline;
using namespace hfoffline::cli;
namespace fs = std::filesystem;

namespace {

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/hfunit-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Directory() { fs::remove_all(path_); }
  std::string write(const std::string& name, const std::string& bytes, mode_t mode = 0755) const {
    const std::string path = path_ + "/" + name;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    chmod(path.c_str(), mode);
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("scripts are split as the kernel splits them") {
  const Directory directory;
  const auto script = [&](const std::string& text) {
    return inspect_program(directory.write("s", text));
  };
  CHECK(script("#!/bin/sh\necho").interpreter == "/bin/sh");
  CHECK(script("#! \t/bin/sh  -e  x \n").interpreter == "/bin/sh");
  CHECK(script("#! \t/bin/sh  -e  x \n").interpreter_argument == "-e  x");
  CHECK(script("#!/usr/bin/env python3").interpreter_argument == "python3");
  CHECK(script("#!\n").interpreter.empty());
  CHECK(script("#!").format == FileFormat::kScript);
  CHECK(script("#!/" + std::string(1000, 'x')).format == FileFormat::kScript);
}

TEST_CASE("files that are no programs are told apart, and none is believed") {
  const Directory directory;
  CHECK(inspect_program(directory.write("empty", "")).format == FileFormat::kEmpty);
  CHECK(inspect_program(directory.write("text", "echo hello\n")).format == FileFormat::kText);
  CHECK(inspect_program(directory.write("binary", std::string("a\0b\n", 4))).format ==
        FileFormat::kOther);
  CHECK(inspect_program(directory.path() + "/missing").error == ENOENT);
  // An ELF header that is cut off, or that lies about everything behind it.
  CHECK_FALSE(inspect_program(directory.write("short", "\177ELF")).native);
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string bytes(4096, '\0');
  self.read(bytes.data(), 4096);
  for (const std::size_t at : {32U, 33U, 39U, 54U, 56U, 57U}) {
    std::string damaged = bytes;
    damaged[at] = '\xff';
    const ProgramFile program = inspect_program(directory.write("damaged", damaged));
    CHECK(program.format == FileFormat::kElf);
    CHECK(program.needed.empty());
  }
  for (std::size_t size = 0; size < 200; ++size)
    inspect_program(directory.write("cut", bytes.substr(0, size)));
}

TEST_CASE("an ELF file that the kernel refuses is not judged") {
  const Directory directory;
  std::ifstream self("/proc/self/exe", std::ios::binary);
  Elf64_Ehdr header;
  self.read(reinterpret_cast<char*>(&header), sizeof(header));
  header.e_phoff = sizeof(header);
  header.e_phnum = 1;
  // One segment that says nothing: linked statically, as far as anybody can tell.
  const auto judged = [&](const std::string& name) {
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
    bytes.append(sizeof(Elf64_Phdr), '\0');
    return find_target(directory.write(name, bytes), nullptr).unshimmed;
  };
  CHECK(judged("static") == Reason::exec_static);
  header.e_phentsize += 1;
  CHECK(judged("size") == Reason::none);
  header.e_phentsize -= 1;
  header.e_phnum = 0;
  CHECK(judged("none") == Reason::none);
  header.e_phnum = 65535;
  CHECK(judged("too-many") == Reason::none);
}

TEST_CASE("this program is native and dynamic, or static") {
  const ProgramFile program = inspect_program("/bin/sh");
  CHECK(program.format == FileFormat::kElf);
  CHECK(program.native);
}

TEST_CASE("programs are searched as execvp does") {
  const Directory directory;
  directory.write("a/tool", "#!/bin/sh\n", 0644);
  directory.write("b/tool", "#!/bin/sh\n");
  directory.write("c/other", "x", 0644);
  fs::create_directory(directory.path() + "/d");
  fs::create_directory(directory.path() + "/d/tool");
  const auto path = [&](const char* names) {
    std::string result;
    for (const char* name = names; *name != '\0'; ++name)
      append(&result, name == names ? "" : ":", directory.path(), "/", std::string(1, *name));
    return result;
  };
  CHECK(find_target("tool", path("ab").c_str()).path == directory.path() + "/b/tool");
  CHECK(find_target("tool", path("db").c_str()).path == directory.path() + "/b/tool");
  CHECK(find_target("tool", path("a").c_str()).error == EACCES);
  CHECK(find_target("tool", path("ac").c_str()).error == EACCES);
  CHECK(find_target("tool", path("c").c_str()).error == ENOENT);
  CHECK(find_target("tool", "").error == ENOENT);
  CHECK(find_target("", path("b").c_str()).error == ENOENT);
  CHECK(find_target(directory.path() + "/a/tool", nullptr).error == EACCES);
  CHECK(find_target(directory.path(), nullptr).error == EACCES);
  CHECK(find_target("sh", nullptr).error == 0);
}

TEST_CASE("a script is what its interpreters are") {
  const Directory directory;
  // 32-bit ARM, as far as the header goes.
  std::string foreign(64, '\0');
  foreign.replace(0, 7, "\177ELF\001\001\001");
  foreign[18] = 40;
  const std::string arm = directory.write("arm", foreign);
  const std::string direct = directory.write("direct", "#!" + arm + " -x\n");
  const std::string through_env = directory.write("env", "#!/usr/bin/env arm\n");
  const std::string with_split = directory.write("split", "#!/usr/bin/env -S A=1 arm -x\n");
  const std::string indirect = directory.write("indirect", "#!" + direct + "\n");
  const std::string path = directory.path() + ":/usr/bin:/bin";
  CHECK(find_target(arm, nullptr).unshimmed == Reason::exec_foreign);
  for (const std::string& script : {direct, through_env, with_split, indirect}) {
    CAPTURE(script);
    const Target target = find_target(script, path.c_str());
    CHECK(target.error == 0);
    CHECK(target.path == script);
    CHECK(target.unshimmed == Reason::exec_foreign);
    CHECK(target.unshimmed_file == arm);
  }
  CHECK(find_target(directory.write("shell", "#!/bin/sh\n"), path.c_str()).unshimmed ==
        Reason::none);
  // Round in circles: an end is found all the same.
  const std::string circle = directory.write("circle", "#!/usr/bin/env circle\n");
  CHECK(find_target(circle, path.c_str()).unshimmed == Reason::none);
  const std::string self = directory.path() + "/self";
  directory.write("self", "#!" + self + "\n");
  CHECK(find_target(self, path.c_str()).unshimmed == Reason::none);
}

TEST_CASE("a text without an interpreter line is the shell's") {
  const Directory directory;
  CHECK(find_target(directory.write("text", "echo\n"), nullptr).use_shell);
  CHECK_FALSE(find_target(directory.write("script", "#!/bin/sh\n"), nullptr).use_shell);
}
