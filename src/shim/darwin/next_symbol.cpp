#include "shim/darwin/next_symbol.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <string_view>

namespace hfoffline::shim {

void* find_next(const char* name) {
  const std::string_view wanted(name);
  if (wanted == "freeaddrinfo") return reinterpret_cast<void*>(&::freeaddrinfo);
  if (wanted == "strdup") return reinterpret_cast<void*>(&::strdup);
  if (wanted == "fileno") return reinterpret_cast<void*>(&::fileno);
  return nullptr;
}

const char* own_path() {
  Dl_info facts;
  const void* here = reinterpret_cast<const void*>(&own_path);
  return ::dladdr(here, &facts) != 0 && facts.dli_fname != nullptr ? facts.dli_fname : "";
}

}  // namespace hfoffline::shim
