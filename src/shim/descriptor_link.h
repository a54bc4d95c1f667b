// The name that /proc gives an open descriptor: "/proc/self/fd/7".
#pragma once

#include "core/text.h"

namespace hfoffline::shim {

// NUL-terminated, as long as this object lives. Where /proc is not mounted it leads nowhere.
struct DescriptorLink {
  explicit DescriptorLink(int descriptor) {
    Appender(text).add("/proc/self/fd/").add_signed(descriptor).c_str();
  }
  char text[32];
};

}  // namespace hfoffline::shim
