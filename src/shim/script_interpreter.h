// The interpreter that a script names.
#pragma once

#include <string_view>

#include "core/text.h"

namespace hfoffline::shim {

// Of "#! /bin/sh -e" the "/bin/sh", as fs/binfmt_script.c splits it. `text` starts with "#!", and
// is cut off where the kernel stops reading.
inline std::string_view script_interpreter(std::string_view text) {
  text.remove_prefix(2);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::size_t length = 0;
  while (length < text.size() && text[length] != ' ' && text[length] != '\t' &&
         text[length] != '\n' && text[length] != '\0') {
    ++length;
  }
  return slice(text, 0, length);
}

}  // namespace hfoffline::shim
