// The smallest ELF files that a dynamic loader takes: what sentinels and stand-ins are made of.
// Nothing is compiled.
//
// Such a file holds no code. Loaders map it, read what it needs, and list it; it must not be run or
// called into.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hfoffline::layers {

struct ElfImage {
  std::string soname = {};               // DT_SONAME; "": none
  std::string interpreter = {};          // PT_INTERP: the file is a program; "": a library
  std::vector<std::string> needed = {};  // DT_NEEDED
  std::string rpath = {};                // DT_RPATH; "": none
  std::string runpath = {};              // DT_RUNPATH; "": none
  bool no_default_directories = false;   // DF_1_NODEFLIB
};

// The bytes of a position-independent file for this machine. Texts must not hold NUL bytes.
std::string write_elf(const ElfImage& image);

}  // namespace hfoffline::layers
