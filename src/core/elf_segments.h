// The program headers of an ELF file of this machine, read some at a time. Raw system calls only
// (core/sys.h): no heap, async-signal-safe; a kilobyte of stack.
#pragma once

#include <elf.h>

#include "core/sys.h"

namespace hfoffline {

inline bool read_whole_at(int descriptor, void* buffer, std::size_t size, std::uint64_t offset) {
  return sys::call(SYS_pread64, descriptor, sys::word(buffer), static_cast<long>(size),
                   static_cast<long>(offset)) == static_cast<long>(size);
}

class ElfSegments {
 public:
  // `descriptor`: readable, and a 64-bit little-endian ELF file; it is kept, not owned.
  explicit ElfSegments(int descriptor) : descriptor_(descriptor) {
    Elf64_Ehdr header;
    if (!read_whole_at(descriptor, &header, sizeof(header), 0) ||
        header.e_phentsize != sizeof(Elf64_Phdr) ||
        header.e_phnum > kMaximumBytes / sizeof(Elf64_Phdr)) {
      return;
    }
    offset_ = header.e_phoff;
    count_ = header.e_phnum < kMaximumSegments ? header.e_phnum : kMaximumSegments;
    is_damaged_ = count_ == 0;
  }

  // The kernel starts no program with such a header (load_elf_phdrs() in fs/binfmt_elf.c): ENOEXEC.
  // It has no segments.
  bool is_damaged() const { return is_damaged_; }

  int descriptor() const { return descriptor_; }

  // Null behind the last; what it points to is good until the next call.
  const Elf64_Phdr* next() {
    if (index_ == count_) return nullptr;
    const unsigned in_batch = index_ % kBatch;
    if (index_ - in_batch != batch_start_) {
      batch_start_ = index_;
      const unsigned left = count_ - index_;
      const unsigned wanted = left < kBatch ? left : kBatch;
      if (!read_whole_at(descriptor_, batch_, wanted * sizeof(Elf64_Phdr),
                         offset_ + std::uint64_t{index_} * sizeof(Elf64_Phdr))) {
        count_ = index_;
        return nullptr;
      }
    }
    ++index_;
    return &batch_[in_batch];
  }

  void rewind() { index_ = 0; }

 private:
  static constexpr unsigned kMaximumBytes = 65536;  // the kernel's own limit
  static constexpr unsigned kMaximumSegments = 64;
  static constexpr unsigned kBatch = 16;

  int descriptor_;
  bool is_damaged_ = true;
  std::uint64_t offset_ = 0;
  unsigned count_ = 0;
  unsigned index_ = 0;
  unsigned batch_start_ = kMaximumSegments;  // none was read
  Elf64_Phdr batch_[kBatch];
};

}  // namespace hfoffline
