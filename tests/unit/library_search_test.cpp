#include "layers/library_search.h"

#include <elf.h>

#include <cstring>
#include <fstream>

#include "catch.h"
#include "layers/elf_writer.h"
#include "layers/library_observation.h"
#include "layers/loader_cache.h"
#include "layers/loader_rules.h"
#include "temporary_directory.h"

using namespace hfoffline;
using namespace hfoffline::layers;

namespace {

void put(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

LoaderRules rules_of(Libc libc, const std::string& root) {
  LoaderRules rules;
  rules.libc = libc;
  rules.loader = root + "/loader";
  rules.soname = "ld.so";
  rules.default_directories = {root + "/default"};
  rules.library_directory = "lib64";
  rules.platform = "x";
  return rules;
}

// "RULE:PATH" of what is picked for a name, with the root left out.
std::string picked(const LibrarySearch& search, const std::string& root, const std::string& name) {
  for (const LibraryRequest& request : search.requests) {
    if (request.name != name || request.loaded_before) continue;
    if (request.path.empty()) return "nothing";
    return std::string(rule_name(request.places[request.place].rule)) + ":" +
           request.path.substr(root.size());
  }
  return "not asked";
}

}  // namespace

TEST_CASE("what is written into an ELF file is read from it") {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "file").string();
  const ElfImage image = {.soname = "libx.so.1",
                          .interpreter = "/lib/ld.so",
                          .needed = {"liba.so", "libb.so"},
                          .rpath = "/a:/b",
                          .runpath = "$ORIGIN/c",
                          .no_default_directories = true};
  const std::string bytes = write_elf(image);
  put(path, bytes);
  const std::optional<ElfDynamic> elf = read_elf_dynamic(path);
  REQUIRE(elf);
  CHECK(elf->native);
  CHECK(elf->type == ET_DYN);
  CHECK(elf->interpreter == image.interpreter);
  CHECK(elf->soname == image.soname);
  CHECK(elf->needed == image.needed);
  CHECK(elf->rpath == image.rpath);
  CHECK(elf->runpath == image.runpath);
  CHECK(elf->no_default_directories);

  SECTION("cut anywhere, it is read as far as it goes") {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      put(path, bytes.substr(0, size));
      const std::optional<ElfDynamic> part = read_elf_dynamic(path);
      CHECK((size >= sizeof(Elf64_Ehdr)) == part.has_value());
      // The strings are last: without all of them no name is believed.
      if (part) CHECK(part->needed.empty());
    }
  }
  SECTION("any byte of it may be another") {
    for (std::size_t i = 4; i < bytes.size(); ++i) {
      for (const char value : {'\x00', '\x7f', '\xff'}) {
        std::string other = bytes;
        other[i] = value;
        put(path, other);
        const std::optional<ElfDynamic> part = read_elf_dynamic(path);
        if (part) CHECK(part->needed.size() <= image.needed.size() + 8);
      }
    }
  }
  SECTION("for another machine nothing more is read") {
    std::string other = bytes;
    other[18] = 3;  // EM_386
    put(path, other);
    CHECK_FALSE(read_elf_dynamic(path)->native);
    CHECK(read_elf_dynamic(path)->needed.empty());
  }
}

TEST_CASE("the order of glibc's search") {
  const TemporaryDirectory directory;
  const std::string root = directory.path().string();
  const LoaderRules rules = rules_of(Libc::kGlibc, root);
  const std::string library = write_elf({.soname = "libx.so"});
  for (const char* place : {"rpath", "variable", "runpath", "default"})
    put(root + "/" + place + "/libx.so", library);
  LoaderVariables variables;
  variables.library_path = root + "/variable";
  const auto pick = [&](const ElfImage& image) {
    put(root + "/program", write_elf(image));
    const auto search = search_libraries(root + "/program", "", rules, variables);
    REQUIRE(search);
    return picked(*search, root, "libx.so");
  };
  ElfImage image = {.interpreter = "/ld", .needed = {"libx.so"}, .rpath = root + "/rpath"};
  CHECK(pick(image) == "DT_RPATH:/rpath/libx.so");
  image.runpath = root + "/runpath";
  CHECK(pick(image) == "LD_LIBRARY_PATH:/variable/libx.so");  // RPATH has no effect now
  variables.library_path = "";
  CHECK(pick(image) == "DT_RUNPATH:/runpath/libx.so");
  image.runpath = root + "/nowhere";
  CHECK(pick(image) == "the default directories:/default/libx.so");
  image.no_default_directories = true;
  CHECK(pick(image) == "nothing");
  image.runpath = "${ORIGIN}/runpath";
  CHECK(pick(image) == "DT_RUNPATH:/runpath/libx.so");
  put(root + "/lib64/x/libx.so", library);
  image.runpath = "$ORIGIN/$LIB/$PLATFORM";
  CHECK(pick(image) == "DT_RUNPATH:/lib64/x/libx.so");
  image.needed = {root + "/default/libx.so"};
  put(root + "/program", write_elf(image));
  CHECK(picked(*search_libraries(root + "/program", "", rules, variables), root,
               root + "/default/libx.so") == "a path:/default/libx.so");
}

TEST_CASE("a library's own libraries") {
  const TemporaryDirectory directory;
  const std::string root = directory.path().string();
  for (const char* place : {"program", "library", "default"})
    put(root + "/" + place + "/libinner.so", write_elf({.soname = "libinner.so"}));
  const auto pick = [&](Libc libc, const ElfImage& program, const ElfImage& library) {
    put(root + "/app", write_elf(program));
    put(root + "/program/libouter.so", write_elf(library));
    const LoaderRules rules = rules_of(libc, root);
    const auto search = search_libraries(root + "/app", "", rules, {});
    REQUIRE(search);
    return picked(*search, root, "libinner.so");
  };
  const std::string mine = root + "/program";
  const std::string own = root + "/library";
  ElfImage program = {.interpreter = "/ld", .needed = {"libouter.so"}, .runpath = mine};
  ElfImage library = {.soname = "libouter.so", .needed = {"libinner.so"}};
  // A RUNPATH is its owner's alone for glibc; for musl those it loaded have it too.
  CHECK(pick(Libc::kGlibc, program, library) == "the default directories:/default/libinner.so");
  CHECK(pick(Libc::kMusl, program, library) == "DT_RPATH:/program/libinner.so");
  program = {.interpreter = "/ld", .needed = {"libouter.so"}, .rpath = mine};
  CHECK(pick(Libc::kGlibc, program, library) == "DT_RPATH:/program/libinner.so");
  library.rpath = own;
  CHECK(pick(Libc::kGlibc, program, library) == "DT_RPATH:/library/libinner.so");
  // What is loaded already is not looked for again.
  put(root + "/program/libother.so", write_elf({.soname = "libinner.so"}));
  program.needed = {"libother.so", "libouter.so"};
  CHECK(pick(Libc::kGlibc, program, library) == "not asked");
}

TEST_CASE("libraries that need each other end") {
  const TemporaryDirectory directory;
  const std::string root = directory.path().string();
  put(root + "/default/liba.so", write_elf({.soname = "liba.so", .needed = {"libb.so"}}));
  put(root + "/default/libb.so", write_elf({.soname = "libb.so", .needed = {"liba.so"}}));
  put(root + "/app", write_elf({.interpreter = "/ld", .needed = {"liba.so"}}));
  const LoaderRules rules = rules_of(Libc::kGlibc, root);
  const auto search = search_libraries(root + "/app", "", rules, {});
  REQUIRE(search);
  CHECK(search->requests.size() == 3);
}

TEST_CASE("what a loader says about its search") {
  const std::string text =
      "  7:\tfind library=libhfoffline-asks.so [0]; searching\n"
      "  7:\t search path=/hfoffline-asks-variable/glibc-hwcaps/x86-64-v2:"
      "/hfoffline-asks-variable\t\t(LD_LIBRARY_PATH)\n"
      "  7:\t search "
      "path=/hfoffline-asks-lib/lib64/glibc-hwcaps/x86-64-v2:/hfoffline-asks-lib/lib64:"
      "/hfoffline-asks-platform/haswell\t\t(RUNPATH from file /x)\n"
      "  7:\t search cache=/etc/ld.so.cache\n"
      "  7:\t search path=/lib64/glibc-hwcaps/x86-64-v2:/lib64:/usr/lib64/glibc-hwcaps/x86-64-v2:"
      "/usr/lib64\t\t(system search path)\n";
  const std::optional<LoaderRules> rules = parse_loader_answer(text);
  REQUIRE(rules);
  CHECK(rules->subdirectories == std::vector<std::string>{"glibc-hwcaps/x86-64-v2", ""});
  CHECK(rules->default_directories == std::vector<std::string>{"/lib64", "/usr/lib64"});
  CHECK(rules->library_directory == "lib64");
  CHECK(rules->platform == "haswell");
  for (const char* other : {"", "\n", "search path=", "search path=/x\t\t(LD_LIBRARY_PATH)\n"})
    CHECK_FALSE(parse_loader_answer(other));
}

TEST_CASE("what loaders list") {
  const LoadedLibraries glibc = parse_library_list(
      "\tlinux-vdso.so.1 (0x00007f)\n\tliba.so => /x/a => b (0x1)/liba.so (0x00007f)\n"
      "\tlibb.so => not found\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n",
      "");
  CHECK(glibc == LoadedLibraries{{"liba.so", "/x/a => b (0x1)/liba.so"},
                                 {"libb.so", ""},
                                 {"ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"},
                                 {"/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"}});
  const LoadedLibraries musl = parse_library_list(
      "\t/lib/ld-musl-x86_64.so.1 (0x7f)\n\tliba.so => /x/liba.so (0x7f)\n",
      "Error loading shared library libb.so: No such file or directory (needed by ./m)\n");
  CHECK(musl == LoadedLibraries{{"liba.so", "/x/liba.so"},
                                {"libb.so", ""},
                                {"ld-musl-x86_64.so.1", "/lib/ld-musl-x86_64.so.1"},
                                {"/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-x86_64.so.1"}});
  CHECK(parse_musl_path("/a:/b\n/c\n\n") == std::vector<std::string>{"/a", "/b", "/c"});
}

TEST_CASE("a loader cache that is cut, or none, is read as far as it goes") {
  const std::optional<std::string> bytes = read_whole_file("/etc/ld.so.cache");
  if (!bytes) {
    WARN("no /etc/ld.so.cache here");
    return;
  }
  const LoaderCache whole = parse_loader_cache(*bytes);
  REQUIRE(whole.count("libc.so.6") == 1);
  CHECK(whole.at("libc.so.6").front().path.ends_with("/libc.so.6"));
  for (std::size_t size = 0; size < bytes->size(); size += 97) {
    for (const auto& [name, entries] : parse_loader_cache(std::string_view(*bytes).substr(0, size)))
      CHECK(whole.count(name) == 1);
  }
  CHECK(parse_loader_cache("glibc-ld.so.cache1.1").empty());
  CHECK(parse_loader_cache("ld.so-1.7.0").empty());
}
