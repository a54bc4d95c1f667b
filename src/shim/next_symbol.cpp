#include "shim/next_symbol.h"

#include <elf.h>
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

void* resolve_next_symbol(Slot slot, void* missing) {
  void* address = find_next(kNames[static_cast<int>(slot)]);
  if (address == nullptr) address = missing;
  __atomic_store_n(&next_symbols[static_cast<int>(slot)], address, __ATOMIC_RELAXED);
  return address;
}

bool libc_is_glibc() {
  static std::uint32_t state;  // 0: not looked, 1: yes, 2: no
  std::uint32_t seen = __atomic_load_n(&state, __ATOMIC_RELAXED);
  if (__builtin_expect(seen == 0, 0)) {
    seen = find_next("gnu_get_libc_version") != nullptr ? 1 : 2;
    __atomic_store_n(&state, seen, __ATOMIC_RELAXED);
  }
  return seen == 1;
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
