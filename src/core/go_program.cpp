#include "core/go_program.h"

namespace hfoffline {
namespace {

// cmd/link/internal/ld/elf.go: ELF_NOTE_GOBUILDID_TAG.
constexpr std::uint32_t kGoBuildId = 4;
constexpr char kGoName[4] = {'G', 'o', '\0', '\0'};
// Notes of other kinds lie before it in the same segment where gcc has linked the program.
constexpr std::size_t kMaximumNoteBytes = 1024;

std::size_t padded(std::uint32_t size) { return (std::size_t{size} + 3) & ~std::size_t{3}; }

bool has_go_note(const unsigned char* bytes, std::size_t size) {
  Elf64_Nhdr note;
  std::size_t at = 0;
  while (at + sizeof(note) + sizeof(kGoName) <= size) {
    __builtin_memcpy(&note, bytes + at, sizeof(note));
    at += sizeof(note);
    if (note.n_type == kGoBuildId && note.n_namesz == sizeof(kGoName) &&
        __builtin_memcmp(bytes + at, kGoName, sizeof(kGoName)) == 0) {
      return true;
    }
    if (note.n_namesz > size || note.n_descsz > size) return false;
    at += padded(note.n_namesz) + padded(note.n_descsz);
  }
  return false;
}

}  // namespace

bool is_go_program(ElfSegments& segments) {
  segments.rewind();
  while (const Elf64_Phdr* segment = segments.next()) {
    if (segment->p_type != PT_NOTE) continue;
    unsigned char bytes[kMaximumNoteBytes];
    const std::size_t size = segment->p_filesz < sizeof(bytes) ? segment->p_filesz : sizeof(bytes);
    if (read_whole_at(segments.descriptor(), bytes, size, segment->p_offset) &&
        has_go_note(bytes, size))
      return true;
  }
  return false;
}

}  // namespace hfoffline
