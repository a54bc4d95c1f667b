// What an ELF file asks of the dynamic loader: the interpreter, the libraries, where to look for
// them.
//
// The file is not trusted: sizes that no linker makes are not believed, and what cannot be read is
// left empty. Standard library only, so that the static launcher uses it too. Any thread; no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hfoffline::layers {

struct ElfDynamic {
  bool native =
      false;  // this machine's architecture, word size and byte order; else nothing more is read
  std::uint16_t type = 0;        // ET_EXEC, ET_DYN, ...
  bool has_interpreter = false;  // asks for a dynamic loader
  std::string interpreter;       // PT_INTERP, "" if it cannot be read
  bool has_dynamic_section = false;
  std::string soname;
  std::vector<std::string> needed;      // DT_NEEDED, in their order
  std::optional<std::string> rpath;     // DT_RPATH as written, separated by colons
  std::optional<std::string> runpath;   // DT_RUNPATH; with it, DT_RPATH has no effect
  bool no_default_directories = false;  // DF_1_NODEFLIB
};

// Nothing if it is no ELF file, or one that is too short for its header. `descriptor`: readable and
// seekable; its position is left alone.
std::optional<ElfDynamic> read_elf_dynamic(int descriptor);

// The same for a path; nothing as well if it cannot be opened, or is not a regular file.
std::optional<ElfDynamic> read_elf_dynamic(const std::string& path);

}  // namespace hfoffline::layers
