#include "core/settings.h"

#include <errno.h>
#include <sys/stat.h>

#include "core/errnos.h"
#include "core/suggest.h"
#include "core/sys.h"

namespace hfoffline {
namespace {

constexpr std::size_t kMaximumPathBytes = 4096;

constexpr std::string_view kOwnPrefix = "HFOFFLINE_";
// Variables of ours that are no settings.
constexpr std::string_view kFurtherVariables =
    "HFOFFLINE_CONFIG HFOFFLINE_POLICY HFOFFLINE_CHECKIN HFOFFLINE_ACTIVE HFOFFLINE_TEST "
    "HFOFFLINE_SHIM HFOFFLINE_LAUNCHER HFOFFLINE_DISABLE_LAYER_INSTALL ";

template <class Function>
void for_each_known_variable(Function function) {
  for (std::string_view rest = kFurtherVariables; !rest.empty();) {
    const std::size_t blank = find_byte(rest, ' ');
    function(slice(rest, 0, blank));
    rest = slice(rest, blank + 1);
  }
  for (int i = 0; i < static_cast<int>(Key::count); ++i) {
    const KeyInfo& info = key_info(static_cast<Key>(i));
    if (!info.environment.empty()) function(info.environment);
  }
}

bool fail_to_read(std::string_view path, int error, std::string_view asked_by,
                  Diagnostic& diagnostic) {
  DiagnosticText(diagnostic.file).add_input(path, sizeof diagnostic.file);
  DiagnosticText message(diagnostic.message);
  message.add("the config file");
  if (!asked_by.empty()) message.add(" that ").add(asked_by).add(" names");
  std::string_view hint = "check the path and its permissions, or leave it out to use the defaults";
  if (asked_by.empty())
    hint = "it was found from the working directory: make it readable, or move it";
  if (error == EFBIG) {
    message.add(" is larger than 1 MiB");
    hint = "check that this is the file you meant";
  } else if (error == ENOENT) {
    message.add(" does not exist");
  } else if (error == EISDIR) {
    message.add(" is a directory");
  } else if (error == ESPIPE) {
    message.add(" is a fifo, not a file");
    hint = "give a file; what another program writes can be given as <(...)";
  } else if (error == ENOMEM) {
    message.add(" does not fit into memory");
  } else if (error == EBUSY) {
    message.add(" grew while it was read");
  } else if (errno_name(error).empty()) {
    message.add(" cannot be read (errno ").add_number(static_cast<std::uint64_t>(error)).add(")");
  } else {
    message.add(" cannot be read (").add(errno_name(error)).add(")");
  }
  DiagnosticText(diagnostic.hint).add(hint);
  return false;
}

// The nearest hfoffline.toml from the working directory upwards, or "" if there is none.
bool find_upward(Arena& arena, std::string_view* path) {
  char directory[kMaximumPathBytes];
  const long length = sys::getcwd(directory, sizeof(directory));
  *path = {};
  // The kernel says "(unreachable)/..." for a directory outside the root; there is nothing to find
  // then.
  if (length <= 1 || directory[0] != '/') return true;
  std::string_view at(directory, static_cast<std::size_t>(length) - 1);
  for (;;) {
    char candidate[kMaximumPathBytes + 32];
    Appender text(candidate);
    text.add(at);
    if (at != "/") text.add_byte('/');
    text.add(kConfigFileName);
    if (!text.overflowed() && sys::faccessat(sys::kCurrentDirectory, text.c_str(), 0, 0) == 0) {
      *path = arena.copy(text.view());
      return path->data() != nullptr;
    }
    if (at == "/") return true;
    while (at.back() != '/') at.remove_suffix(1);
    if (at.size() > 1) at.remove_suffix(1);
  }
}

// `--config <(...)` names a pipe that has a writer: its data is waited for. False if it is a fifo.
bool wait_for_shells_pipe(int descriptor) {
#if defined(__APPLE__)
  struct stat status;  // pipes of pipe(2) have no name, so no link leads to them
  return ::fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode) && status.st_nlink == 0 &&
         sys::fcntl(descriptor, F_SETFL, O_RDONLY) == 0;
#else
  constexpr std::uint64_t kPipes = 0x50495045;  // PIPEFS_MAGIC
  std::uint64_t buffer[32];                     // struct statfs, which starts with the type
  return sys::call(SYS_fstatfs, descriptor, sys::word(buffer)) == 0 && buffer[0] == kPipes &&
         sys::fcntl(descriptor, F_SETFL, O_RDONLY) == 0;
#endif
}

}  // namespace

bool next_unknown_variable(const char* const** environment, UnknownVariable* unknown) {
  if (*environment == nullptr) return false;
  for (; **environment != nullptr; ++*environment) {
    std::string_view name = **environment;
    name = slice(name, 0, find_byte(name, '='));
    if (slice(name, 0, kOwnPrefix.size()) != kOwnPrefix) continue;
    bool known = false;
    for_each_known_variable(
        [&](std::string_view candidate) { known = known || candidate == name; });
    if (known) continue;
    Suggestion suggestion(name);
    for_each_known_variable([&](std::string_view candidate) { suggestion.offer(candidate); });
    *unknown = {name, suggestion.best()};
    ++*environment;
    return true;
  }
  return false;
}

const char* find_in_environment(const char* const* environment, std::string_view name) {
  if (environment == nullptr) return nullptr;
  for (; *environment != nullptr; ++environment) {
    const char* entry = *environment;
    std::size_t i = 0;
    while (i < name.size() && entry[i] == name[i]) ++i;
    if (i == name.size() && entry[i] == '=') return entry + i + 1;
  }
  return nullptr;
}

int read_file(const char* path, Arena& arena, std::string_view* text) {
  // Not waiting: a fifo that nobody writes to would stop every program of a run.
  const long descriptor = sys::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return static_cast<int>(-descriptor);
  int result = 0;
  sys::Stat status;
  const long stated = sys::fstat(static_cast<int>(descriptor), &status);
  if (stated < 0) {
    result = static_cast<int>(-stated);
  } else if (S_ISFIFO(status.mode) && !wait_for_shells_pipe(static_cast<int>(descriptor))) {
    result = ESPIPE;
  } else if (status.size > kMaximumConfigBytes) {
    result = EFBIG;
  } else {
    // A pipe or a /proc file has size 0: read until the end, up to one byte more than the limit, so
    // that nothing is cut silently. The last byte of the memory is for the NUL.
    const std::size_t capacity = (status.size != 0 ? status.size : kMaximumConfigBytes) + 1;
    auto* memory = static_cast<char*>(arena.allocate(capacity + 1, 1));
    std::size_t used = 0;
    while (memory != nullptr && used < capacity) {
      const long count = sys::read(static_cast<int>(descriptor), memory + used, capacity - used);
      if (count == -EINTR) continue;
      if (count < 0) result = static_cast<int>(-count);
      if (count <= 0) break;
      used += static_cast<std::size_t>(count);
    }
    if (memory == nullptr) {
      result = ENOMEM;
    } else if (result == 0 && used == capacity) {
      // More than it had when it was looked at: still being written, or endless.
      result = status.size != 0 && used <= kMaximumConfigBytes ? EBUSY : EFBIG;
    } else {
      memory[used] = '\0';
      *text = {memory, used};
    }
  }
  sys::close(static_cast<int>(descriptor));
  return result;
}

bool load_settings(std::string_view flag, const char* const* environment,
                   const PresetNames& presets, Arena& arena, Config& config, Diagnostic& error) {
  set_defaults(config);
  std::string_view path = flag;
  std::string_view asked_by = flag.empty() ? std::string_view() : "--config";
  if (path.empty()) {
    if (const char* value = find_in_environment(environment, kConfigVariable)) {
      path = value;
      asked_by = kConfigVariable;
      if (path.empty()) {
        DiagnosticText(error.message).add("HFOFFLINE_CONFIG is set but empty");
        DiagnosticText(error.hint).add("unset it, or set it to the path of a config file");
        return false;
      }
    }
  }
  bool fits = true;
  if (path.empty()) {
    fits = find_upward(arena, &path);
  } else {
    path = arena.copy(path);
    fits = path.data() != nullptr;
  }
  if (!fits) {
    DiagnosticText(error.message).add("out of memory for the settings");
    return false;
  }
  if (!path.empty()) {
    std::string_view text;
    const int failure = read_file(path.data(), arena, &text);
    if (failure != 0) return fail_to_read(path, failure, asked_by, error);
    config.file = path;
    if (!read_config(path, text, presets, arena, config, error)) return false;
  }
  return apply_environment(environment, presets, arena, config, error);
}

}  // namespace hfoffline
