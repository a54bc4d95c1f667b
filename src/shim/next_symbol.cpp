#include "shim/next_symbol.h"

#include <elf.h>
#include <errno.h>
#include <link.h>

#include <cstddef>

// Weak: a libc without it leaves us without lookups, which the constructor reports.
extern "C" int dl_iterate_phdr(int (*)(dl_phdr_info*, std::size_t, void*), void*)
    __attribute__((weak));

namespace hfoffline::shim {
namespace {

using Address = ElfW(Addr);
using Symbol = ElfW(Sym);

constexpr std::uint16_t kHiddenVersion = 0x8000;
// More start-up libraries than any program seen; PyTorch with CUDA has about 100.
constexpr int kMaximumObjects = 512;

struct Object {
  Address base;
  const Symbol* symbols;
  const char* strings;
  const std::uint32_t* gnu_hash;
  const std::uint32_t* sysv_hash;
  const std::uint16_t* versions;
};

// The few first objects lie in the page of the rest.
struct Objects {
  int count;
  int libc;  // the object that defines __errno_location; -1 until known
  bool past_ours;
  const char* own_path;
  Object list[kMaximumObjects];
};

Objects objects;
int objects_ready;

// musl leaves the addresses of the dynamic section as they are in the file; glibc adds the base.
template <class T>
const T* relocated(Address base, Address value) {
  return reinterpret_cast<const T*>(value < base ? base + value : value);
}

bool read_object(const dl_phdr_info& info, Object& object) {
  object = {};
  object.base = info.dlpi_addr;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    if (info.dlpi_phdr[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(info.dlpi_addr + info.dlpi_phdr[i].p_vaddr);
    }
  }
  if (dynamic == nullptr) return false;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    const Address value = dynamic->d_un.d_ptr;
    switch (dynamic->d_tag) {
      case DT_SYMTAB:
        object.symbols = relocated<Symbol>(object.base, value);
        break;
      case DT_STRTAB:
        object.strings = relocated<char>(object.base, value);
        break;
      case DT_GNU_HASH:
        object.gnu_hash = relocated<std::uint32_t>(object.base, value);
        break;
      case DT_HASH:
        object.sysv_hash = relocated<std::uint32_t>(object.base, value);
        break;
      case DT_VERSYM:
        object.versions = relocated<std::uint16_t>(object.base, value);
        break;
      default:
        break;
    }
  }
  return object.symbols != nullptr && object.strings != nullptr &&
         (object.gnu_hash != nullptr || object.sysv_hash != nullptr);
}

bool holds(const dl_phdr_info& info, const void* address) {
  const auto wanted = reinterpret_cast<Address>(address);
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& header = info.dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    const Address start = info.dlpi_addr + header.p_vaddr;
    if (wanted >= start && wanted < start + header.p_memsz) return true;
  }
  return false;
}

int visit(dl_phdr_info* info, std::size_t, void* data) {
  auto& found = *static_cast<Objects*>(data);
  if (!found.past_ours) {
    if (holds(*info, &next_symbols)) {
      found.past_ours = true;
      found.own_path = info->dlpi_name;
    }
    return 0;
  }
  if (found.count < kMaximumObjects && read_object(*info, found.list[found.count])) ++found.count;
  return 0;
}

bool same_text(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

// The default version only: a hidden one is what old binaries were linked against.
bool is_default_definition(const Object& object, std::uint32_t index, const char* name) {
  const Symbol& symbol = object.symbols[index];
  if (symbol.st_shndx == SHN_UNDEF) return false;
  const unsigned type = symbol.st_info & 0xf;
  if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE && type != STT_OBJECT)
    return false;
  if (object.versions != nullptr && (object.versions[index] & kHiddenVersion) != 0) return false;
  return same_text(object.strings + symbol.st_name, name);
}

std::uint32_t gnu_hash_of(const char* name) {
  std::uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
  return hash;
}

std::uint32_t sysv_hash_of(const char* name) {
  std::uint32_t hash = 0;
  for (; *name != '\0'; ++name) {
    hash = (hash << 4) + static_cast<unsigned char>(*name);
    const std::uint32_t high = hash & 0xf0000000;
    hash = (hash ^ (high >> 24)) & ~high;
  }
  return hash;
}

const Symbol* find_by_gnu_hash(const Object& object, const char* name, std::uint32_t hash) {
  const std::uint32_t* table = object.gnu_hash;
  const std::uint32_t bucket_count = table[0];
  const std::uint32_t first = table[1];
  const std::uint32_t bloom_words = table[2];
  const std::uint32_t bloom_shift = table[3];
  const auto* bloom = reinterpret_cast<const Address*>(table + 4);
  const auto* buckets = reinterpret_cast<const std::uint32_t*>(bloom + bloom_words);
  const std::uint32_t* chains = buckets + bucket_count;
  constexpr std::uint32_t kBits = sizeof(Address) * 8;
  if (bucket_count == 0) return nullptr;
  const Address word = bloom[hash / kBits % bloom_words];
  const Address mask = Address{1} << (hash % kBits) | Address{1} << ((hash >> bloom_shift) % kBits);
  if ((word & mask) != mask) return nullptr;
  std::uint32_t index = buckets[hash % bucket_count];
  if (index < first) return nullptr;
  for (;; ++index) {
    const std::uint32_t chained = chains[index - first];
    if ((chained | 1) == (hash | 1) && is_default_definition(object, index, name)) {
      return &object.symbols[index];
    }
    if ((chained & 1) != 0) return nullptr;
  }
}

const Symbol* find_by_sysv_hash(const Object& object, const char* name) {
  const std::uint32_t bucket_count = object.sysv_hash[0];
  const std::uint32_t* buckets = object.sysv_hash + 2;
  const std::uint32_t* chains = buckets + bucket_count;
  if (bucket_count == 0) return nullptr;
  for (std::uint32_t i = buckets[sysv_hash_of(name) % bucket_count]; i != 0; i = chains[i]) {
    if (is_default_definition(object, i, name)) return &object.symbols[i];
  }
  return nullptr;
}

void* find_in(const Object& object, const char* name, std::uint32_t hash) {
  const Symbol* symbol = object.gnu_hash != nullptr ? find_by_gnu_hash(object, name, hash)
                                                    : find_by_sysv_hash(object, name);
  if (symbol == nullptr) return nullptr;
  const Address address = object.base + symbol->st_value;
  if ((symbol->st_info & 0xf) == STT_GNU_IFUNC) {
    return reinterpret_cast<void*>(reinterpret_cast<Address (*)()>(address)());
  }
  return reinterpret_cast<void*>(address);
}

const Objects& next_objects() {
  if (__atomic_load_n(&objects_ready, __ATOMIC_ACQUIRE) == 0) find_next_objects();
  return objects;
}

struct Found {
  void* address;
  int object;
};

Found find_with_object(const char* name) {
  const Objects& all = next_objects();
  const std::uint32_t hash = gnu_hash_of(name);
  for (int i = 0; i < all.count; ++i) {
    if (void* address = find_in(all.list[i], name, hash)) return {address, i};
  }
  return {nullptr, -1};
}

// One question to the loader about all objects, those that were loaded since the start among them.
struct Question {
  const char* name;
  std::uint32_t hash;
  const void* within;  // only the object that holds it
  bool past_ours;
  void* answer;
};

void* find_in(const dl_phdr_info& info, const char* name, std::uint32_t hash) {
  Object object;
  return read_object(info, object) ? find_in(object, name, hash) : nullptr;
}

int visit_holder(dl_phdr_info* info, std::size_t, void* data) {
  auto& question = *static_cast<Question*>(data);
  if (!holds(*info, question.within)) return 0;
  question.answer = find_in(*info, question.name, question.hash);
  return 1;
}

int visit_behind_ours(dl_phdr_info* info, std::size_t, void* data) {
  auto& question = *static_cast<Question*>(data);
  if (!question.past_ours) {
    question.past_ours = holds(*info, &next_symbols);
    return 0;
  }
  question.answer = find_in(*info, question.name, question.hash);
  return question.answer != nullptr ? 1 : 0;
}

// libc's file starts where its pages start: our own __errno_location is libc's.
Object find_libc() {
  constexpr Address kPage = 4096;
  constexpr int kMostPages = 4096;  // 16 MiB; glibc has 2
  auto address = reinterpret_cast<Address>(&__errno_location) & ~(kPage - 1);
  for (int i = 0; i < kMostPages; ++i, address -= kPage) {
    const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(address);
    if (__builtin_memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) continue;
    if (header->e_type != ET_DYN) break;  // a program at a fixed address, which has it in its PLT
    dl_phdr_info info = {};
    info.dlpi_addr = address;
    info.dlpi_phdr = reinterpret_cast<const ElfW(Phdr)*>(address + header->e_phoff);
    info.dlpi_phnum = header->e_phnum;
    Object object;
    if (read_object(info, object)) return object;
    break;
  }
  return {};
}

void* ask(int (*visitor)(dl_phdr_info*, std::size_t, void*), const void* within, const char* name) {
  Question question = {name, gnu_hash_of(name), within, false, nullptr};
  if (dl_iterate_phdr != nullptr) dl_iterate_phdr(visitor, &question);
  return question.answer;
}

constexpr const char* kNames[] = {
#define HOOK(name, family, need) #name,
#define API(name)
#define SKIP(name, why)
#include "shim/hooks.def"
#undef HOOK
#undef API
#undef SKIP
};

}  // namespace

void* next_symbols[static_cast<int>(Slot::count)];

void find_next_objects() {
  if (dl_iterate_phdr == nullptr) return;
  // Two threads can only meet here before our constructor; both would then write the same values.
  objects.count = 0;
  objects.libc = -1;
  objects.past_ours = false;
  dl_iterate_phdr(visit, &objects);
  const std::uint32_t hash = gnu_hash_of("__errno_location");
  for (int i = 0; i < objects.count && objects.libc < 0; ++i) {
    if (find_in(objects.list[i], "__errno_location", hash) != nullptr) objects.libc = i;
  }
  __atomic_store_n(&objects_ready, 1, __ATOMIC_RELEASE);
}

void* find_next(const char* name) { return find_with_object(name).address; }

void* find_in_libc(const char* name) {
  const Object libc = find_libc();
  return libc.symbols != nullptr ? find_in(libc, name, gnu_hash_of(name)) : nullptr;
}

bool is_too_early_to_ask() {
  if (__atomic_load_n(&objects_ready, __ATOMIC_ACQUIRE) != 0) return false;
  void* own = find_in_libc("dl_iterate_phdr");
  return own != nullptr && own != reinterpret_cast<void*>(dl_iterate_phdr);
}

void* find_loaded(const char* name) { return ask(visit_behind_ours, nullptr, name); }

void* find_own(const char* name) { return ask(visit_holder, &next_symbols, name); }

bool is_in_libc(const void* address) {
  // One function of each: libc, libpthread, libdl, libresolv, libanl.
  static constexpr const char* kOneOfEach[] = {
      "__errno_location", "pthread_create", "dlsym", "res_query", "__res_query", "getaddrinfo_a"};
  for (const char* name : kOneOfEach) {
    if (defines_itself(address, name)) return true;
  }
  return false;
}

bool defines_itself(const void* address, const char* name) {
  return ask(visit_holder, address, name) != nullptr;
}

void* resolve_next_symbol(Slot slot, void* missing) {
  void* address = find_next(kNames[static_cast<int>(slot)]);
  if (address == nullptr) address = missing;
  __atomic_store_n(&next_symbols[static_cast<int>(slot)], address, __ATOMIC_RELAXED);
  return address;
}

bool next_is_libc(Slot slot) {
  const Found found = find_with_object(kNames[static_cast<int>(slot)]);
  return found.address != nullptr && found.object == objects.libc;
}

const char* own_path() {
  const char* path = next_objects().own_path;
  return path != nullptr ? path : "";
}

}  // namespace hfoffline::shim
