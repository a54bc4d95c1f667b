// What the first bytes and the dynamic section of a program say about how it will be started.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hfoffline::cli {

enum class FileFormat {
  kUnreadable,  // the kernel may still execute it (mode 0111)
  kEmpty,
  kElf,
  kScript,  // starts with "#!"
  kText,    // no NUL in the first line: execvp hands it to /bin/sh
  kOther,
};

struct ProgramFile {
  FileFormat format = FileFormat::kUnreadable;
  int error = 0;  // errno, when unreadable

  // ELF only
  bool native = false;              // this machine's architecture, word size and byte order
  bool is_damaged = false;          // the kernel will not start it: ENOEXEC
  bool has_interpreter = false;     // asks for a dynamic loader
  bool is_loader = false;           // is itself a dynamic loader
  bool is_go = false;               // asks the kernel without libc (core/go_program.h)
  std::vector<std::string> needed;  // DT_NEEDED, empty when it cannot be read

  // scripts only
  std::string interpreter;
  std::string interpreter_argument;
};

// Never fails: what cannot be understood is kOther, or a native ELF without an interpreter.
ProgramFile inspect_program(const std::string& path);

}  // namespace hfoffline::cli
