// What a program passed to syscall(2): six words, read as what the call takes.
#pragma once

namespace hfoffline::shim {

struct SystemCallArguments {
  long word[6];
  const char* path(int i) const { return reinterpret_cast<const char*>(word[i]); }
  int number(int i) const { return static_cast<int>(word[i]); }
  template <class T>
  T* pointer(int i) const {
    return reinterpret_cast<T*>(word[i]);
  }
};

}  // namespace hfoffline::shim
