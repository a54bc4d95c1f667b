// Config files, variables and flags: whatever comes in, an accepted config has only values that
// hold what their types promise, and a refused one has a diagnostic that can be printed and points
// into the input.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/allow_rule.h"
#include "core/config.h"
#include "core/errnos.h"
#include "core/toml_reader.h"
#include "core/utf8.h"
#include "expect.h"

using namespace hfoffline;
using fuzz::expect;

namespace {

constexpr std::string_view kNames[] = {"huggingface", "transformers", "vllm"};
constexpr PresetNames kPresets = {kNames, 3};

// Reused, because a fresh megabyte for every input would be most of the work.
std::vector<char>& arena_memory() {
  static std::vector<char> memory(1 << 20);
  return memory;
}

bool is_printable(std::string_view text) {
  if (find_invalid_utf8(text) != std::string_view::npos) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

template <std::size_t N>
std::string_view terminated(const char (&array)[N]) {
  expect(std::memchr(array, '\0', N) != nullptr, "a text of a diagnostic is terminated");
  return array;
}

void check_diagnostic(const Diagnostic& error, std::string_view input, bool is_file) {
  expect(!error.empty(), "a refusal has a message");
  expect(error.hint[0] != '\0', "a refusal says what to do");
  expect(is_printable(terminated(error.file)), "the file is printable");
  expect(is_printable(terminated(error.message)), "the message is printable");
  expect(is_printable(terminated(error.excerpt)), "the excerpt is printable");
  expect(is_printable(terminated(error.hint)), "the hint is printable");
  expect((error.file[0] != '\0') == is_file, "only errors in files name a file");
  expect(error.caret <= std::strlen(error.excerpt) + 1, "the caret is in the excerpt");
  if (is_file && error.line != 0) {
    std::size_t start = 0;
    for (std::uint32_t line = 1; line < error.line; ++line) {
      start = input.find('\n', start);
      expect(start != std::string_view::npos, "the line is there");
      ++start;
    }
    const std::size_t end = std::min(input.find('\n', start), input.size());
    expect(error.column >= 1 && error.column <= end - start + 1, "the column is in the line");
  }
  expect(is_file || error.line == 0, "only errors in files have a line");

  char array[4096];
  Appender out(array);
  append_diagnostic(error, out);
  expect(!out.overflowed(), "a diagnostic fits into 4 KiB");
  expect(out.view().back() == '\n', "a diagnostic ends in a newline");
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || is_ascii_digit(name[0])) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !is_ascii_digit(c) && c != '_') return false;
  }
  return true;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

// What each type promises, written down a second time.
bool holds(ValueType type, std::string_view text) {
  const bool clean = text.find('\0') == std::string_view::npos;
  switch (type) {
    case ValueType::absolute_path:
    case ValueType::path_list:
      return clean && !text.empty() && text[0] == '/' && text.size() < 4096;
    case ValueType::path:
      return clean && !text.empty() && text.size() < 4096;
    case ValueType::layout:
      return is_one_of(text, {"auto", "hf-home", "hub-cache"});
    case ValueType::mode:
      return is_one_of(text, {"refuse", "audit"});
    case ValueType::errno_name: {
      int number = 0;
      return configurable_errno(text, &number) && errno_name(number) == text;
    }
    case ValueType::unshimmed:
      return is_one_of(text, {"warn", "refuse", "allow"});
    case ValueType::boolean:
      return is_one_of(text, {"true", "false"});
    case ValueType::variable:
    case ValueType::variable_list:
      return is_variable_name(text);
    case ValueType::assignment_list: {
      const std::size_t equals = text.find('=');
      return clean && equals != std::string_view::npos && is_variable_name(text.substr(0, equals));
    }
    case ValueType::name: {
      bool printable = !text.empty() && text.size() <= 200;
      for (const char c : text) printable = printable && (c < 0 || (c >= ' ' && c != 0x7f));
      return printable;
    }
    case ValueType::redirect_list: {
      Redirect redirect;
      return clean && parse_redirect(text, &redirect);
    }
    case ValueType::redirect_way:
      return is_one_of(text, {"auto", "mount", "in-process"});
    case ValueType::preset_list:
      return is_one_of(text, {kNames[0], kNames[1], kNames[2]});
    case ValueType::allow_list: {
      AllowRule rule;
      std::string_view why;
      std::size_t offset = 0;
      return parse_allow_rule(text, &rule, &why, &offset);
    }
    case ValueType::layer_name:
      return !text.empty() && text.size() <= 64 &&
             text.find_first_not_of(
                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                 "0123456789._-") == std::string_view::npos;
    case ValueType::layer_kind:
      return is_one_of(text, {"python", "libs", "cache"});
    case ValueType::layer_order: {
      std::uint64_t number = 0;
      return parse_decimal(text, 9999, &number);
    }
  }
  return false;
}

void check_layers(const Config& config) {
  std::size_t count = 0;
  for (const LayerTable* layer = config.layers; layer != nullptr; layer = layer->next) {
    expect(++count <= kMaximumLayers, "there are not too many layers");
    for (std::size_t i = 0; i < kLayerKeyCount; ++i) {
      const auto key = static_cast<LayerKey>(i);
      const LayerKeyInfo& info = layer_key_info(key);
      expect(layer->at(key).given || !info.required, "a layer has all that it must have");
      if (!layer->at(key).given && info.default_text.empty()) continue;
      expect(holds(info.type, layer->text(key)), "a layer's value holds what its type promises");
    }
    for (const LayerTable* other = config.layers; other != layer; other = other->next) {
      expect(other->text(LayerKey::name) != layer->text(LayerKey::name),
             "no two layers have the same name");
    }
  }
}

void check_config(const Config& config) {
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    const Setting& setting = config.settings[i];
    const KeyInfo& info = key_info(static_cast<Key>(i));
    if (!setting.given) {
      expect(setting.text == info.default_text, "what is not given has its default");
      expect(setting.items == nullptr, "what is not given has no items");
      continue;
    }
    expect(setting.source.origin != Source::Origin::kDefault, "what is given has a source");
    if (!is_list(info.type)) {
      expect(holds(info.type, setting.text), "an accepted value holds what its type promises");
      expect(setting.boolean == (setting.text == "true"), "a boolean agrees with its text");
      continue;
    }
    const ListItem* last = nullptr;
    for (const ListItem* item = setting.items; item != nullptr; item = item->next) {
      expect(holds(info.type, item->text), "an accepted item holds what its type promises");
      last = item;
    }
    expect(last == setting.last, "the last item is the last");
  }
  check_layers(config);
}

// Everything that a Config says, to compare two of them.
std::string dump(const Config& config) {
  std::string result;
  for (const Setting& setting : config.settings) {
    result.append(setting.given ? "given " : "default ").append(setting.text).append("\n");
    for (const ListItem* item = setting.items; item != nullptr; item = item->next) {
      result.append(std::to_string(item->source.line)).append(":");
      result.append(std::to_string(item->source.column))
          .append(" ")
          .append(item->text)
          .append("\n");
    }
  }
  for (const LayerTable* layer = config.layers; layer != nullptr; layer = layer->next) {
    for (const Setting& setting : layer->settings) result.append(setting.text).append("\n");
    result.append(std::to_string(layer->order)).append("\n");
  }
  return result;
}

void check_file(std::string_view text) {
  Arena arena(arena_memory().data(), arena_memory().size());
  Config config;
  set_defaults(config);
  Diagnostic error;
  const bool read = read_config("f.toml", text, kPresets, arena, config, error);
  if (!read) {
    check_diagnostic(error, text, true);
  } else {
    expect(error.empty(), "an accepted file has no error");
    check_config(config);
    const std::string first = dump(config);
    set_defaults(config);
    Arena again(arena_memory().data(), arena_memory().size());
    expect(read_config("f.toml", text, kPresets, again, config, error), "a file is read twice");
    expect(dump(config) == first, "a file is read twice with the same result");
  }

  char few[200];
  Arena small(few, sizeof few);
  Config cramped;
  set_defaults(cramped);
  if (read_config("f.toml", text, kPresets, small, cramped, error)) {
    expect(read, "less memory accepts no more");
    check_config(cramped);
  } else {
    check_diagnostic(error, text, true);
    expect(!read || small.exhausted(), "less memory refuses only for want of memory");
  }
}

void check_override(Key key, Source::Origin origin, std::string_view value) {
  Arena arena(arena_memory().data(), arena_memory().size());
  Config config;
  set_defaults(config);
  Diagnostic error;
  if (apply_override(key, value, {origin, "--x"}, kPresets, arena, config, error)) {
    expect(error.empty(), "an accepted value has no error");
    expect(config.at(key).given, "an accepted value is there");
    check_config(config);
  } else {
    check_diagnostic(error, value, false);
  }
}

void check_events(std::string_view text) {
  if (find_invalid_utf8(text) != std::string_view::npos) return;
  Arena arena(arena_memory().data(), arena_memory().size());
  TomlReader reader(text, arena);
  std::size_t last_offset = 0;
  for (;;) {
    TomlEvent event;
    Diagnostic error;
    if (!reader.next(event, error)) {
      expect(!error.empty() && error.line != 0, "a mistake in TOML has a place");
      return;
    }
    expect(event.offset >= last_offset, "events come in order");
    last_offset = event.offset;
    Diagnostic place;
    point_at(place, text, event.offset);
    expect(place.line == event.line && place.column == event.column, "an event knows its place");
    if (event.kind == TomlKind::kOther || event.kind == TomlKind::kEnd) return;
    expect(event.raw.data() == text.data() + event.offset || event.kind == TomlKind::kArrayEnd ||
               event.kind == TomlKind::kArrayBegin,
           "an event holds its source");
    expect(find_invalid_utf8(event.text) == std::string_view::npos, "decoded text is UTF-8");
    if (event.kind != TomlKind::kString) continue;
    std::size_t last = event.offset;
    for (std::size_t i = 0; i <= event.text.size() && i < 50; ++i) {
      const std::size_t offset = offset_in_document(text, event, i);
      expect(offset >= last, "decoded bytes come in the order of the file");
      expect(offset < event.offset + event.raw.size(), "decoded bytes stand in their string");
      const bool verbatim =
          event.text.data() > text.data() && event.text.data() < text.data() + text.size();
      if (verbatim && i < event.text.size()) {
        expect(text[offset] == event.text[i], "a byte without an escape stands for itself");
      }
      last = offset;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // No file starts with these bytes; here they say which flag or variable the rest is the value of.
  if (size > 0 && data[0] >= 0x80) {
    const std::size_t choice = data[0] - 0x80U;
    const auto key = static_cast<Key>(choice / 2 % kKeyCount);
    const bool flag = choice % 2 == 0;
    check_override(key, flag ? Source::Origin::kFlag : Source::Origin::kEnvironment,
                   slice(text, 1));
    return 0;
  }
  check_file(text);
  check_events(text);
  return 0;
}
