// /etc/ld.so.cache, as ldconfig of glibc writes it: which file stands for which soname.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hfoffline::layers {

struct LoaderCacheEntry {
  std::string path;
  std::string
      subdirectory;  // the glibc-hwcaps subdirectory it was found in ("x86-64-v3"); "": none
};

// By soname; entries for other machines, and those of glibc's older hardware subdirectories, are
// left out.
using LoaderCache = std::map<std::string, std::vector<LoaderCacheEntry>, std::less<>>;

// `bytes` is the whole file. Empty if it is not in the format of glibc 2.2 and newer; a damaged one
// gives what can be read of it.
LoaderCache parse_loader_cache(std::string_view bytes);

}  // namespace hfoffline::layers
