#include "shim/next_symbol.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>

#include <cstddef>
#include <string_view>

#include "core/elf_hash.h"
#include "core/sys.h"
#include "shim/start_data.h"

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
  bool is_libc_part;
};

// The few first objects lie in the page of the rest.
struct Objects {
  int count;
  int libc;  // the object that defines __errno_location; -1 until known
  bool past_ours;
  const char* own_path;
  Object own;
  Object list[kMaximumObjects];
};

Objects objects;
START_DATA int objects_ready;

// musl leaves the addresses of the dynamic section as they are in the file; glibc adds the base.
template <class T>
const T* relocated(Address base, Address value) {
  return reinterpret_cast<const T*>(value < base ? base + value : value);
}

bool same_text(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

// Before glibc 2.34 libc was several libraries, and some functions are in two of them.
bool names_libc_part(const char* soname) {
  constexpr const char* kParts[] = {"libc.so.6",   "libpthread.so.0", "libdl.so.2",   "librt.so.1",
                                    "libanl.so.1", "libresolv.so.2",  "libutil.so.1", "libc.so"};
  for (const char* part : kParts) {
    if (same_text(soname, part)) return true;
  }
  return std::string_view(soname).starts_with("libc.musl-");
}

bool read_dynamic(Address base, const ElfW(Dyn) * dynamic, Object& object) {
  object = {};
  object.base = base;
  if (dynamic == nullptr) return false;
  Address soname = 0;
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
      case DT_SONAME:
        soname = value;
        break;
      case DT_VERSYM:
        object.versions = relocated<std::uint16_t>(object.base, value);
        break;
      default:
        break;
    }
  }
  object.is_libc_part =
      soname != 0 && object.strings != nullptr && names_libc_part(object.strings + soname);
  return object.symbols != nullptr && object.strings != nullptr &&
         (object.gnu_hash != nullptr || object.sysv_hash != nullptr);
}

bool read_object(const dl_phdr_info& info, Object& object) {
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    if (info.dlpi_phdr[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(info.dlpi_addr + info.dlpi_phdr[i].p_vaddr);
    }
  }
  return read_dynamic(info.dlpi_addr, dynamic, object);
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
      if (!read_object(*info, found.own)) found.own = {};
    }
    return 0;
  }
  if (found.count < kMaximumObjects && read_object(*info, found.list[found.count])) ++found.count;
  return 0;
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

// What the loader tells debuggers, which the program's own dynamic section leads to.
const r_debug* loader_facts() {
  struct Entry {
    unsigned long type, value;
  } entries[32];
  const long file = sys::open("/proc/self/auxv", O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  const long size = sys::read(static_cast<int>(file), entries, sizeof(entries));
  sys::close(static_cast<int>(file));
  const ElfW(Phdr)* headers = nullptr;
  unsigned long count = 0;
  for (long i = 0; i < size / static_cast<long>(sizeof(Entry)); ++i) {
    if (entries[i].type == AT_PHDR) headers = reinterpret_cast<const ElfW(Phdr)*>(entries[i].value);
    if (entries[i].type == AT_PHNUM) count = entries[i].value;
  }
  Address base = 0;
  const ElfW(Dyn)* dynamic = nullptr;
  for (unsigned long i = 0; headers != nullptr && i < count; ++i) {
    if (headers[i].p_type == PT_PHDR)
      base = reinterpret_cast<Address>(headers) - headers[i].p_vaddr;
    if (headers[i].p_type == PT_DYNAMIC)
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(base + headers[i].p_vaddr);
  }
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_DEBUG) return reinterpret_cast<const r_debug*>(dynamic->d_un.d_ptr);
  }
  return nullptr;
}

void find_libc() {
  const std::uint32_t hash = gnu_hash_of("__errno_location");
  for (int i = 0; i < objects.count && objects.libc < 0; ++i) {
    if (find_in(objects.list[i], "__errno_location", hash) != nullptr) objects.libc = i;
  }
}

void read_objects();

const Objects& next_objects() {
  if (__atomic_load_n(&objects_ready, __ATOMIC_ACQUIRE) == 0) read_objects();
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

// In what is loaded now, our own object aside.
struct Search {
  const char* name;
  std::uint32_t hash;
  void* found;
};

int search(dl_phdr_info* info, std::size_t, void* data) {
  auto& wanted = *static_cast<Search*>(data);
  Object object;
  if (holds(*info, &next_symbols) || !read_object(*info, object)) return 0;
  wanted.found = find_in(object, wanted.name, wanted.hash);
  return wanted.found != nullptr ? 1 : 0;
}

void* find_loaded(const char* name) {
  Search wanted = {name, gnu_hash_of(name), nullptr};
  if (dl_iterate_phdr != nullptr) dl_iterate_phdr(search, &wanted);
  return wanted.found;
}

// The object of an address, and whether it defines a name itself.
struct Definer {
  const void* address;
  const char* name;
  bool defines;
};

int look_at_object(dl_phdr_info* info, std::size_t, void* data) {
  auto& wanted = *static_cast<Definer*>(data);
  if (!holds(*info, wanted.address)) return 0;
  Object object;
  wanted.defines = read_object(*info, object) &&
                   find_in(object, wanted.name, gnu_hash_of(wanted.name)) != nullptr;
  return 1;
}

// Before glibc 2.34 these are in libraries that a program may load when it has long been running.
constexpr bool comes_later(std::string_view family) {
  return family == "loading" || family == "query";
}
constexpr bool kComesLater[] = {
#define HOOK(name, family, need, platform) HOOK_HERE_##platform(comes_later(#family), )
#define API(name)
#define SKIP(name, why)
#include "shim/hooks.def"
#undef HOOK
#undef API
#undef SKIP
};

// One text and where in it each name starts: pointers would be relocated at every start.
constexpr char kNames[] = {
#define HOOK(name, family, need, platform) HOOK_HERE_##platform(#name "\0")
#define API(name)
#define SKIP(name, why)
#include "shim/hooks.def"
#undef HOOK
#undef API
#undef SKIP
};
struct NameStarts {
  std::uint16_t of[static_cast<int>(Slot::count)];
};
constexpr NameStarts kNameStarts = [] {
  NameStarts starts{};
  std::size_t at = 0;
  for (auto& start : starts.of) {
    start = static_cast<std::uint16_t>(at);
    while (kNames[at] != '\0') ++at;
    ++at;
  }
  return starts;
}();
static_assert(sizeof(kNames) <= 0x10000);

const char* name_of(int slot) { return kNames + kNameStarts.of[slot]; }

}  // namespace

void* next_symbols[static_cast<int>(Slot::count)];

namespace {
START_DATA bool constructor_has_run;

void read_objects() {
  if (dl_iterate_phdr == nullptr) return;
  // Two threads can only meet here before our constructor; both would then write the same values.
  objects.count = 0;
  objects.libc = -1;
  objects.past_ours = false;
  dl_iterate_phdr(visit, &objects);
  find_libc();
  __atomic_store_n(&objects_ready, 1, __ATOMIC_RELEASE);
}
}  // namespace

void find_next_objects() {
  read_objects();
  constructor_has_run = true;
}

bool is_early() { return !constructor_has_run; }

void find_next_objects_early() {
  if (__atomic_load_n(&objects_ready, __ATOMIC_ACQUIRE) != 0) return;
  const r_debug* facts = loader_facts();
  if (facts == nullptr) return;
  objects.count = 0;
  objects.libc = -1;
  objects.past_ours = false;
  for (const link_map* map = facts->r_map; map != nullptr; map = map->l_next) {
    if (map->l_ld == _DYNAMIC) {
      objects.past_ours = true;
      objects.own_path = map->l_name;
      if (!read_dynamic(map->l_addr, map->l_ld, objects.own)) objects.own = {};
    } else if (objects.past_ours && objects.count < kMaximumObjects &&
               read_dynamic(map->l_addr, map->l_ld, objects.list[objects.count])) {
      ++objects.count;
    }
  }
  if (!objects.past_ours) return;
  find_libc();
  __atomic_store_n(&objects_ready, 1, __ATOMIC_RELEASE);
}

void* find_next(const char* name) { return find_with_object(name).address; }

void* resolve_next_symbol(Slot slot, void* missing) {
  const auto index = static_cast<int>(slot);
  void* address = find_next(name_of(index));
  if (address == nullptr && kComesLater[index]) {
    // Not remembered: it may come, and be gone again.
    address = find_loaded(name_of(index));
    return address != nullptr ? address : missing;
  }
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

bool is_next_in_libc(const char* name) {
  const Found found = find_with_object(name);
  if (found.address == nullptr) return find_loaded(name) != nullptr;  // of a part that came later
  return found.object == objects.libc || objects.list[found.object].is_libc_part;
}

bool is_libcs(const char* name, const void* address) {
  const Objects& all = next_objects();
  const std::uint32_t hash = gnu_hash_of(name);
  for (int i = 0; i < all.count; ++i) {
    const bool libc = i == all.libc || all.list[i].is_libc_part;
    if (libc && find_in(all.list[i], name, hash) == address) return true;
  }
  return find_loaded(name) == address;
}

bool next_is_libc(Slot slot) { return is_next_in_libc(name_of(static_cast<int>(slot))); }

void* own_definition(const char* name) {
  const Object& own = next_objects().own;
  return own.symbols == nullptr ? nullptr : find_in(own, name, gnu_hash_of(name));
}

bool is_defined_beside(const void* address, const char* name) {
  Definer wanted = {address, name, false};
  if (dl_iterate_phdr != nullptr) dl_iterate_phdr(look_at_object, &wanted);
  return wanted.defines;
}

const char* own_path() {
  const char* path = next_objects().own_path;
  return path != nullptr ? path : "";
}

}  // namespace hfoffline::shim
