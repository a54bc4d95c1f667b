#include "core/config.h"
#include "core/config_store.h"
#include "core/config_values.h"
#include "core/suggest.h"
#include "core/toml_reader.h"
#include "core/utf8.h"

namespace hfoffline {
namespace {

std::string_view name_of(const TomlEvent& event) {
  switch (event.kind) {
    case TomlKind::kString:
      return "a string";
    case TomlKind::kInteger:
      return "an integer";
    case TomlKind::kBoolean:
      return "a boolean";
    case TomlKind::kArrayBegin:
      return "an array";
    default:
      return event.text;
  }
}

const KeyInfo& key_at(std::size_t index) { return key_info(static_cast<Key>(index)); }

// The first key of each section stands for it: its index, or kKeyCount if there is no such section.
std::size_t find_section(std::string_view name) {
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    if (key_at(i).section == name) return i;
  }
  return kKeyCount;
}

std::size_t find_key(std::string_view section, std::string_view name) {
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    if (key_at(i).section == section && key_at(i).name == name) return i;
  }
  return kKeyCount;
}

constexpr std::string_view kLayerTable = "layer";

class ConfigFile {
 public:
  ConfigFile(std::string_view file, std::string_view text, const PresetNames& presets, Arena& arena,
             Config& config, Diagnostic& error)
      : file_(file),
        text_(text),
        presets_(presets),
        arena_(arena),
        config_(config),
        error_(error),
        reader_(text, arena) {}

  bool read();

 private:
  bool check_bytes();
  bool read_table(const TomlEvent& table);
  bool begin_layer(const TomlEvent& table);
  bool end_layer();
  bool read_layer_key(const TomlEvent& name);
  bool read_layer_value(LayerKey key, const TomlEvent& value);
  bool read_key(const TomlEvent& name);
  bool read_list(Key key);
  bool read_item(Key key, const TomlEvent& item);
  bool read_scalar(Key key, const TomlEvent& value);

  bool fail_wrong_brackets(const TomlEvent& table);
  bool fail_unknown_table(const TomlEvent& table);
  bool fail_unknown_layer_key(const TomlEvent& name);
  bool fail_unknown_key(const TomlEvent& name);
  bool fail_twice(const TomlEvent& event, std::uint32_t first_line);
  bool fail_type(Key key, const TomlEvent& value);
  bool fail_value(Key key, const TomlEvent& value, const ValueMistake& mistake);
  bool fail_arena(const TomlEvent& value);
  // Points the error at an event and starts its message with the setting: "[egress] allow: ".
  void point_at_event(const TomlEvent& event) { point_at(error_, text_, event.offset); }
  static DiagnosticText& add_setting(Key key, DiagnosticText& text);

  Source source_of(const TomlEvent& event) const {
    return {Source::Origin::kFile, file_, event.line, event.column};
  }

  std::string_view file_;
  std::string_view text_;
  const PresetNames& presets_;
  Arena& arena_;
  Config& config_;
  Diagnostic& error_;
  TomlReader reader_;
  std::string_view section_;                     // of the last [table]; empty before the first
  std::uint32_t section_lines_[kKeyCount] = {};  // by the first key of the section; 0: not seen
  std::uint32_t key_lines_[kKeyCount] = {};
  LayerTable* layer_ = nullptr;  // the [[layer]] that is being read
  std::size_t layer_offset_ = 0;
  LayerTable* last_layer_ = nullptr;
  std::uint32_t layer_count_ = 0;
};

bool ConfigFile::read() {
  error_ = {};
  // Filled beforehand, because the reader knows everything about a mistake but the file.
  DiagnosticText(error_.file).add_input(file_, sizeof error_.file);
  if (!check_bytes()) return false;
  for (;;) {
    TomlEvent event;
    if (!reader_.next(event, error_)) return false;
    switch (event.kind) {
      case TomlKind::kTable:
        if (!end_layer() || !read_table(event)) return false;
        break;
      case TomlKind::kTableInArray:
        if (!end_layer() || !begin_layer(event)) return false;
        break;
      case TomlKind::kKey:
        if (!(layer_ != nullptr ? read_layer_key(event) : read_key(event))) return false;
        break;
      default:
        if (!end_layer()) return false;
        error_ = {};
        return true;
    }
  }
}

// What must hold of the whole file before it is looked at line by line.
bool ConfigFile::check_bytes() {
  if (text_.size() > kMaximumConfigBytes) {
    DiagnosticText(error_.message)
        .add("the file has ")
        .add_number(text_.size())
        .add(" bytes; a config file has at most ")
        .add_number(kMaximumConfigBytes);
    DiagnosticText(error_.hint).add("check that this is the file you meant");
    return false;
  }
  const std::string_view mark = slice(text_, 0, 2);
  if (mark == "\xff\xfe" || mark == "\xfe\xff") {
    point_at(error_, text_, 0);
    DiagnosticText(error_.message).add("the file is UTF-16, not UTF-8");
    DiagnosticText(error_.hint).add("save it as UTF-8");
    return false;
  }
  if (slice(text_, 0, 3) == "\xef\xbb\xbf") {
    point_at(error_, text_, 0);
    DiagnosticText(error_.message).add("the file starts with a byte order mark");
    DiagnosticText(error_.hint).add("save it as UTF-8 without a byte order mark");
    return false;
  }
  const std::size_t nul = find_byte(text_, '\0');
  const std::size_t invalid = find_invalid_utf8(slice(text_, 0, nul));
  if (invalid != std::string_view::npos) {
    point_at(error_, text_, invalid);
    DiagnosticText(error_.message).add("the file is not valid UTF-8 here");
    DiagnosticText(error_.hint)
        .add("save it as UTF-8; in a path, a byte that is not UTF-8 cannot be written in TOML");
    return false;
  }
  if (nul != std::string_view::npos) {
    point_at(error_, text_, nul);
    DiagnosticText(error_.message).add("the file has a NUL byte");
    DiagnosticText(error_.hint)
        .add(nul < 2 ? "the file looks like UTF-16: save it as UTF-8"
                     : "check that this is a text file, and remove the byte");
    return false;
  }
  return true;
}

bool ConfigFile::read_table(const TomlEvent& table) {
  if (table.text == kLayerTable) return fail_wrong_brackets(table);
  const std::size_t index = find_section(table.text);
  if (index == kKeyCount) return fail_unknown_table(table);
  if (section_lines_[index] != 0) return fail_twice(table, section_lines_[index]);
  section_lines_[index] = table.line;
  section_ = key_at(index).section;
  return true;
}

bool ConfigFile::begin_layer(const TomlEvent& table) {
  if (table.text != kLayerTable) {
    return find_section(table.text) == kKeyCount ? fail_unknown_table(table)
                                                 : fail_wrong_brackets(table);
  }
  if (layer_count_ == kMaximumLayers) {
    point_at_event(table);
    DiagnosticText(error_.message).add("there are more layers than ").add_number(kMaximumLayers);
    DiagnosticText(error_.hint).add("name only those that matter");
    return false;
  }
  layer_ = arena_.make<LayerTable>();
  if (layer_ == nullptr) return fail_arena(table);
  layer_->source = source_of(table);
  layer_offset_ = table.offset;
  layer_->order = ++layer_count_;
  for (std::size_t i = 0; i < kLayerKeyCount; ++i) {
    layer_->settings[i].text = layer_key_info(static_cast<LayerKey>(i)).default_text;
  }
  (last_layer_ == nullptr ? config_.layers : last_layer_->next) = layer_;
  last_layer_ = layer_;
  return true;
}

// What must hold of a layer as a whole, when the next table or the end of the file comes.
bool ConfigFile::end_layer() {
  if (layer_ == nullptr) return true;
  for (std::size_t i = 0; i < kLayerKeyCount; ++i) {
    const LayerKeyInfo& info = layer_key_info(static_cast<LayerKey>(i));
    if (!info.required || layer_->settings[i].given) continue;
    point_at(error_, text_, layer_offset_);
    DiagnosticText(error_.message).add("[[layer]] has no ").add(info.name);
    DiagnosticText(error_.hint).add("add ").add(info.name).add(" = \"...\" below it");
    return false;
  }
  layer_ = nullptr;
  return true;
}

bool ConfigFile::read_layer_key(const TomlEvent& name) {
  std::size_t index = 0;
  while (index < kLayerKeyCount && layer_key_info(static_cast<LayerKey>(index)).name != name.text)
    ++index;
  if (index == kLayerKeyCount) return fail_unknown_layer_key(name);
  if (layer_->settings[index].given) return fail_twice(name, layer_->settings[index].source.line);
  TomlEvent value;
  return reader_.next(value, error_) && read_layer_value(static_cast<LayerKey>(index), value);
}

bool ConfigFile::read_layer_value(LayerKey key, const TomlEvent& value) {
  const LayerKeyInfo& info = layer_key_info(key);
  const bool is_number = info.type == ValueType::layer_order;
  DiagnosticText message(error_.message);
  if (value.kind != (is_number ? TomlKind::kInteger : TomlKind::kString)) {
    point_at_event(value);
    message.add("[[layer]] ").add(info.name).add(": expected ").add(expected_in_file(info.type));
    message.add(", found ").add(name_of(value));
    DiagnosticText(error_.hint).add("write ").add(info.name).add(is_number ? " = 1" : " = \"...\"");
    return false;
  }
  char digits[24];
  Appender number(digits);
  number.add_signed(value.integer);
  const std::string_view text = is_number ? number.view() : value.text;
  ValueMistake mistake;
  bool is_right = check_value(info.type, text, presets_, mistake);
  for (const LayerTable* other = config_.layers;
       is_right && key == LayerKey::name && other != layer_; other = other->next) {
    if (other->text(LayerKey::name) != text) continue;
    is_right = false;
    DiagnosticText(mistake.problem).add("two layers are called ").add_quoted(text);
    DiagnosticText(mistake.hint)
        .add("the other one is on line ")
        .add_number(other->source.line)
        .add("; give each a name of its own");
  }
  if (!is_right) {
    point_at(error_, text_,
             is_number ? value.offset : offset_in_document(text_, value, mistake.offset));
    message.add("[[layer]] ").add(info.name).add(": ").add(mistake.problem);
    DiagnosticText(error_.hint).add(mistake.hint);
    return false;
  }
  Setting& setting = layer_->settings[static_cast<std::size_t>(key)];
  setting.given = true;
  setting.source = source_of(value);
  setting.text = is_number ? arena_.copy(text) : text;
  if (setting.text.data() == nullptr) return fail_arena(value);
  if (is_number) layer_->order = static_cast<std::uint32_t>(value.integer);
  return true;
}

bool ConfigFile::read_key(const TomlEvent& name) {
  const std::size_t index = find_key(section_, name.text);
  if (index == kKeyCount) return fail_unknown_key(name);
  if (key_lines_[index] != 0) return fail_twice(name, key_lines_[index]);
  key_lines_[index] = name.line;

  const Key key = static_cast<Key>(index);
  const ValueType type = key_info(key).type;
  TomlEvent value;
  if (!reader_.next(value, error_)) return false;
  TomlKind wanted = TomlKind::kString;
  if (type == ValueType::boolean) wanted = TomlKind::kBoolean;
  if (is_list(type)) wanted = TomlKind::kArrayBegin;
  if (value.kind != wanted) return fail_type(key, value);
  if (wanted != TomlKind::kArrayBegin) return read_scalar(key, value);
  begin_list(key, source_of(value), config_);
  return read_list(key);
}

bool ConfigFile::read_scalar(Key key, const TomlEvent& value) {
  std::string_view text = value.text;
  if (value.kind == TomlKind::kBoolean) text = value.boolean ? "true" : "false";
  ValueMistake mistake;
  if (!check_value(key_info(key).type, text, presets_, mistake)) {
    return fail_value(key, value, mistake);
  }
  store_scalar(key, text, source_of(value), config_);
  return true;
}

bool ConfigFile::read_list(Key key) {
  for (;;) {
    TomlEvent item;
    if (!reader_.next(item, error_)) return false;
    if (item.kind == TomlKind::kArrayEnd) return true;
    if (!read_item(key, item)) return false;
  }
}

bool ConfigFile::read_item(Key key, const TomlEvent& item) {
  if (item.kind != TomlKind::kString) {
    point_at_event(item);
    DiagnosticText message(error_.message);
    add_setting(key, message).add("every item must be a string, found ").add(name_of(item));
    DiagnosticText hint(error_.hint);
    if (item.raw == "[" || item.raw == "{") {
      hint.add("write all items as strings in one array");
    } else {
      hint.add("write ").add_quoted(item.raw);
    }
    return false;
  }
  ValueMistake mistake;
  if (!check_value(key_info(key).type, item.text, presets_, mistake)) {
    return fail_value(key, item, mistake);
  }
  if (store_item(key, item.text, source_of(item), presets_, arena_, config_)) return true;
  return fail_arena(item);
}

DiagnosticText& ConfigFile::add_setting(Key key, DiagnosticText& text) {
  return text.add("[").add(key_info(key).section).add("] ").add(key_info(key).name).add(": ");
}

// [layer], which there are several of, or [[cache]], which there is one of.
bool ConfigFile::fail_wrong_brackets(const TomlEvent& table) {
  const bool in_array = table.kind == TomlKind::kTableInArray;
  point_at_event(table);
  DiagnosticText(error_.message)
      .add(in_array ? "there is only one table [" : "there may be several tables [")
      .add(table.text)
      .add("]");
  DiagnosticText(error_.hint)
      .add(in_array ? "write [" : "write [[")
      .add(table.text)
      .add(in_array ? "]" : "]]");
  return false;
}

bool ConfigFile::fail_unknown_table(const TomlEvent& table) {
  const bool in_array = table.kind == TomlKind::kTableInArray;
  point_at_event(table);
  DiagnosticText(error_.message)
      .add(in_array ? "unknown table [[" : "unknown table [")
      .add_input(table.text)
      .add(in_array ? "]]" : "]");
  Suggestion suggestion(table.text);
  suggestion.offer(kLayerTable);
  for (std::size_t i = 0; i < kKeyCount; ++i) suggestion.offer(key_at(i).section);
  DiagnosticText hint(error_.hint);
  if (suggestion.best() == kLayerTable) {
    hint.add("did you mean [[layer]]?");
    return false;
  }
  if (!suggestion.best().empty()) {
    hint.add("did you mean [").add(suggestion.best()).add("]?");
    return false;
  }
  hint.add("the tables are");
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    if (find_section(key_at(i).section) == i) hint.add(" [").add(key_at(i).section).add("]");
  }
  hint.add(" [[layer]]");
  return false;
}

bool ConfigFile::fail_unknown_layer_key(const TomlEvent& name) {
  point_at_event(name);
  DiagnosticText(error_.message).add("unknown key ").add_quoted(name.text).add(" in [[layer]]");
  DiagnosticText hint(error_.hint);
  Suggestion here(name.text);
  for (std::size_t i = 0; i < kLayerKeyCount; ++i)
    here.offer(layer_key_info(static_cast<LayerKey>(i)).name);
  if (!here.best().empty()) {
    hint.add("did you mean ").add_quoted(here.best()).add("?");
    return false;
  }
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    if (key_at(i).name != name.text) continue;
    hint.add_quoted(name.text).add(" belongs in [").add(key_at(i).section).add("]");
    return false;
  }
  hint.add("the keys of [[layer]] are");
  for (std::size_t i = 0; i < kLayerKeyCount; ++i)
    hint.add(" ").add(layer_key_info(static_cast<LayerKey>(i)).name);
  return false;
}

bool ConfigFile::fail_unknown_key(const TomlEvent& name) {
  point_at_event(name);
  DiagnosticText message(error_.message);
  message.add("unknown key ").add_quoted(name.text);
  if (section_.empty()) {
    message.add(" before the first table");
  } else {
    message.add(" in [").add(section_).add("]");
  }

  DiagnosticText hint(error_.hint);
  Suggestion here(name.text);
  Suggestion elsewhere(name.text);
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    if (key_at(i).name == name.text) {
      hint.add_quoted(name.text).add(" belongs in [").add(key_at(i).section).add("]");
      return false;
    }
    (key_at(i).section == section_ ? here : elsewhere).offer(key_at(i).name);
  }
  if (!here.best().empty()) {
    hint.add("did you mean ").add_quoted(here.best()).add("?");
    return false;
  }
  if (!elsewhere.best().empty()) {
    for (std::size_t i = 0; i < kKeyCount; ++i) {
      if (key_at(i).section == section_ || key_at(i).name != elsewhere.best()) continue;
      hint.add("did you mean ").add_quoted(key_at(i).name);
      hint.add(" in [").add(key_at(i).section).add("]?");
      return false;
    }
  }
  if (name.text == kLayerTable) {
    hint.add("write the table as [[layer]] on a line of its own");
    return false;
  }
  if (find_section(name.text) != kKeyCount) {
    hint.add("write the table as [").add(name.text).add("] on a line of its own");
    return false;
  }
  if (section_.empty()) {
    hint.add("every key belongs in a table such as [cache]");
    return false;
  }
  hint.add("the keys of [").add(section_).add("] are");
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    if (key_at(i).section == section_) hint.add(" ").add(key_at(i).name);
  }
  return false;
}

bool ConfigFile::fail_twice(const TomlEvent& event, std::uint32_t first_line) {
  point_at_event(event);
  DiagnosticText message(error_.message);
  if (event.kind == TomlKind::kTable) {
    message.add("the table [").add_input(event.text).add("] is there twice");
  } else {
    message.add("the key ").add_quoted(event.text).add(" is given twice in [");
    message.add(layer_ != nullptr ? "[layer]" : section_).add("]");
  }
  DiagnosticText(error_.hint)
      .add("it is first on line ")
      .add_number(first_line)
      .add(event.kind == TomlKind::kTable ? "; put all its keys there" : "; keep one of the two");
  return false;
}

bool ConfigFile::fail_type(Key key, const TomlEvent& value) {
  const KeyInfo& info = key_info(key);
  point_at_event(value);
  DiagnosticText message(error_.message);
  add_setting(key, message).add("expected ").add(expected_in_file(info.type));
  message.add(", found ").add(name_of(value));

  DiagnosticText hint(error_.hint);
  hint.add("write ").add(info.name).add(" = ");
  if (info.type == ValueType::boolean) {
    if (value.text == "true" || value.text == "false") {
      hint.add(value.text).add(", without quotes");
    } else {
      hint.add(value.raw == "1" ? "true" : value.raw == "0" ? "false" : "true or false");
    }
  } else if (is_list(info.type)) {
    hint.add("[").add_input(value.kind == TomlKind::kString ? value.raw : "\"...\"").add("]");
  } else {
    hint.add("\"...\"");
  }
  return false;
}

bool ConfigFile::fail_value(Key key, const TomlEvent& value, const ValueMistake& mistake) {
  point_at(error_, text_, offset_in_document(text_, value, mistake.offset));
  DiagnosticText message(error_.message);
  add_setting(key, message).add(mistake.problem);
  DiagnosticText(error_.hint).add(mistake.hint);
  return false;
}

bool ConfigFile::fail_arena(const TomlEvent& value) {
  point_at_event(value);
  DiagnosticText(error_.message).add("there are more settings than fit into memory");
  DiagnosticText(error_.hint).add("make the file smaller");
  return false;
}

}  // namespace

bool read_config(std::string_view file, std::string_view text, const PresetNames& presets,
                 Arena& arena, Config& config, Diagnostic& error) {
  if (!ConfigFile(file, text, presets, arena, config, error).read()) return false;
  config.file = file;
  return true;
}

}  // namespace hfoffline
