// Whatever our reader accepts, a full TOML parser (toml++) accepts with the same meaning. Over a
// corpus of good and bad files, and over thousands of mutations of the good ones.
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "catch.h"
#include "config_test_support.h"
#include "core/toml_reader.h"
#include "core/utf8.h"

using namespace hfoffline;

namespace {

using Scalar = std::variant<std::string, std::int64_t, bool>;
using Value = std::variant<Scalar, std::vector<Scalar>>;
using Table = std::map<std::string, Value>;

// A whole document: keys before the first table stand in the table "".
struct Document {
  std::map<std::string, Table> tables;
  std::map<std::string, std::vector<Table>> arrays;  // of tables
  bool operator==(const Document& other) const {
    return tables == other.tables && arrays == other.arrays;
  }
};

struct File {
  std::string name;
  std::string text;
};

std::vector<File> corpus(const std::string& kind) {
  const char* root = std::getenv("HFOFFLINE_CORPUS");
  REQUIRE(root != nullptr);
  std::vector<File> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(root) + "/" + kind)) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    files.push_back(
        {entry.path().stem().string(), std::string(std::istreambuf_iterator<char>(stream), {})});
  }
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.name < b.name; });
  return files;
}

// What our TOML reader makes of a text, with the duplicates refused that it leaves to its caller.
std::optional<Document> read_with_ours(const std::string& text) {
  if (find_invalid_utf8(text) != std::string_view::npos) return std::nullopt;
  // A byte order mark and NUL bytes are refused before the reader is asked.
  if (text.rfind("\xef\xbb\xbf", 0) == 0 || text.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  std::vector<char> memory(1 << 20);
  Arena arena(memory.data(), memory.size());
  TomlReader reader(text, arena);
  Document document;
  std::set<std::string> root_names;
  std::string table;
  std::vector<Table>* tables = nullptr;  // the array that the current table is the last of
  std::string key;
  std::vector<Scalar> array;
  bool in_array = false;
  const auto store = [&](Value value) {
    Table& current = tables != nullptr ? tables->back() : document.tables[table];
    return current.emplace(key, std::move(value)).second;
  };
  const auto store_scalar = [&](Scalar scalar) {
    if (!in_array) return store(std::move(scalar));
    array.push_back(std::move(scalar));
    return true;
  };
  for (;;) {
    TomlEvent event;
    Diagnostic error;
    if (!reader.next(event, error)) {
      REQUIRE_FALSE(error.empty());
      return std::nullopt;
    }
    // What the reader says about the place must be what counting says.
    Diagnostic place;
    point_at(place, text, event.offset);
    REQUIRE(event.line == place.line);
    REQUIRE(event.column == place.column);
    bool fresh = true;
    switch (event.kind) {
      case TomlKind::kEnd:
        return document;
      case TomlKind::kOther:
        return std::nullopt;
      case TomlKind::kTable:
        table = event.text;
        tables = nullptr;
        // The table "" of this Document is the root, which [""] is not.
        if (table.empty()) table = "[\"\"]";
        fresh = root_names.insert(std::string(event.text)).second;
        document.tables[table];
        break;
      case TomlKind::kTableInArray:
        table = event.text;
        tables = &document.arrays[table];
        fresh = !tables->empty() || root_names.insert(table).second;
        tables->emplace_back();
        // Not the root, whatever its name.
        if (table.empty()) table = "[\"\"]";
        break;
      case TomlKind::kKey:
        key = event.text;
        if (table.empty()) fresh = root_names.insert(key).second;
        break;
      case TomlKind::kString:
        fresh = store_scalar(std::string(event.text));
        break;
      case TomlKind::kInteger:
        fresh = store_scalar(event.integer);
        break;
      case TomlKind::kBoolean:
        fresh = store_scalar(event.boolean);
        break;
      case TomlKind::kArrayBegin:
        array.clear();
        in_array = true;
        break;
      case TomlKind::kArrayEnd:
        in_array = false;
        fresh = store(array);
        break;
    }
    if (!fresh) return std::nullopt;
  }
}

std::optional<Scalar> scalar_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return Scalar(text->get());
  if (const auto* integer = node.as_integer()) return Scalar(integer->get());
  if (const auto* boolean = node.as_boolean()) return Scalar(boolean->get());
  return std::nullopt;
}

// nullopt: toml++ found something that our subset has not.
std::optional<Value> value_of(const toml::node& node) {
  if (std::optional<Scalar> scalar = scalar_of(node)) return Value(*scalar);
  const auto* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<Scalar> items;
  for (const toml::node& item : *array) {
    const std::optional<Scalar> scalar = scalar_of(item);
    if (!scalar) return std::nullopt;
    items.push_back(*scalar);
  }
  return Value(items);
}

struct Reference {
  bool valid = false;  // toml++ accepts the text
  std::string problem;
  std::optional<Document> document;  // if it is within our subset
};

Reference read_with_tomlplusplus(const std::string& text) {
  Reference reference;
  toml::table root;
  try {
    root = toml::parse(std::string_view(text));
  } catch (const toml::parse_error& error) {
    reference.problem = error.description();
    return reference;
  }
  reference.valid = true;
  Document document;
  for (const auto& [name, node] : root) {
    const std::string key(name.str());
    if (const auto* table = node.as_table()) {
      Table& ours = document.tables[key.empty() ? "[\"\"]" : key];
      for (const auto& [inner_name, inner] : *table) {
        const std::optional<Value> value = value_of(inner);
        if (!value) return reference;
        ours.emplace(std::string(inner_name.str()), *value);
      }
    } else if (const auto* array = node.as_array();
               array != nullptr && array->is_array_of_tables()) {
      for (const toml::node& item : *array) {
        Table& ours = document.arrays[key].emplace_back();
        for (const auto& [inner_name, inner] : *item.as_table()) {
          const std::optional<Value> value = value_of(inner);
          if (!value) return reference;
          ours.emplace(std::string(inner_name.str()), *value);
        }
      }
    } else {
      const std::optional<Value> value = value_of(node);
      if (!value) return reference;
      document.tables[""].emplace(key, *value);
    }
  }
  reference.document = document;
  return reference;
}

// The settings of a Config that a file gave, as the document that would give them.
std::optional<Document> read_as_config(const std::string& text, std::string* message) {
  test::Settings settings;
  if (!settings.read(text)) {
    *message = settings.message();
    REQUIRE_FALSE(message->empty());
    return std::nullopt;
  }
  Document document;
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    const Setting& setting = settings.config.settings[i];
    if (!setting.given) continue;
    const KeyInfo& info = key_info(static_cast<Key>(i));
    Value value = Scalar(std::string(setting.text));
    if (info.type == ValueType::boolean) value = Scalar(setting.boolean);
    if (is_list(info.type)) {
      std::vector<Scalar> items;
      for (const ListItem* item = setting.items; item != nullptr; item = item->next) {
        items.push_back(std::string(item->text));
      }
      value = items;
    }
    document.tables[std::string(info.section)].emplace(std::string(info.name), value);
  }
  for (const LayerTable* layer = settings.config.layers; layer != nullptr; layer = layer->next) {
    Table& table = document.arrays["layer"].emplace_back();
    for (std::size_t i = 0; i < kLayerKeyCount; ++i) {
      const auto key = static_cast<LayerKey>(i);
      const LayerKeyInfo& info = layer_key_info(key);
      if (!layer->at(key).given) continue;
      Value value = Scalar(std::string(layer->text(key)));
      if (info.type == ValueType::layer_order) {
        value = Scalar(static_cast<std::int64_t>(layer->order));
      }
      table.emplace(std::string(info.name), value);
    }
  }
  return document;
}

// [env] presets is a set, in which "all" stands for every name, and an empty table sets nothing.
Document normalised(Document document) {
  const auto env = document.tables.find("env");
  if (env != document.tables.end() && env->second.count("presets") != 0) {
    auto& items = std::get<std::vector<Scalar>>(env->second.at("presets"));
    std::vector<Scalar> expanded;
    const auto add = [&expanded](const Scalar& name) {
      if (std::find(expanded.begin(), expanded.end(), name) == expanded.end()) {
        expanded.push_back(name);
      }
    };
    for (const Scalar& item : items) {
      if (item == Scalar(std::string("all"))) {
        for (const std::string_view name : test::kNames) add(std::string(name));
      } else {
        add(item);
      }
    }
    items = expanded;
  }
  std::erase_if(document.tables, [](const auto& table) { return table.second.empty(); });
  return document;
}

struct Counts {
  int accepted_by_reader = 0;
  int accepted_as_config = 0;
  int rejected_by_reference = 0;
};

void compare(const std::string& text, Counts* counts) {
  CAPTURE(text);
  const Reference reference = read_with_tomlplusplus(text);
  CAPTURE(reference.problem);
  const std::optional<Document> ours = read_with_ours(text);
  std::string message;
  const std::optional<Document> config = read_as_config(text, &message);
  if (!reference.valid) ++counts->rejected_by_reference;
  if (ours) {
    ++counts->accepted_by_reader;
    REQUIRE(reference.valid);
    REQUIRE(reference.document);
    REQUIRE(*ours == *reference.document);
  }
  if (config) {
    ++counts->accepted_as_config;
    REQUIRE(ours);
    REQUIRE(reference.document);
    REQUIRE(normalised(*config) == normalised(*reference.document));
  }
}

// Pieces that matter to TOML, to be thrown into good files.
constexpr std::string_view kPieces[] = {"\"",
                                        "'",
                                        "\"\"\"",
                                        "'''",
                                        "\\",
                                        "\\\n",
                                        "\\ \n",
                                        "\n",
                                        "\r\n",
                                        "\r",
                                        "#",
                                        "=",
                                        ".",
                                        ",",
                                        "[",
                                        "]",
                                        "[[",
                                        "]]",
                                        "{",
                                        "}",
                                        " ",
                                        "\t",
                                        "\x01",
                                        "\x7f",
                                        "\\u",
                                        "\\u0041",
                                        "\\uD800",
                                        "\\U0001F917",
                                        "\\e",
                                        "\\x41",
                                        "0",
                                        "1",
                                        "0x1f",
                                        "-",
                                        "+",
                                        "_",
                                        "1_000",
                                        "1.5",
                                        "inf",
                                        "nan",
                                        "true",
                                        "false",
                                        "[cache]",
                                        "[env]",
                                        "[[layer]]",
                                        "[[layer]]\nname = \"x\"\npath = \"/x\"\n",
                                        "order = 2",
                                        "lock",
                                        "a = 1",
                                        "\xc3\xa9",
                                        "\xff",
                                        "\xed\xa0\x80",
                                        "\xef\xbb\xbf",
                                        "1979-05-27",
                                        "07:32:00",
                                        "\"\"",
                                        "''",
                                        "#\n",
                                        ",\n",
                                        "\"a\"",
                                        "set = []",
                                        "\xc2\x85",
                                        "\xe2\x80\xa8"};

class Mutator {
 public:
  explicit Mutator(std::vector<File> files) : files_(std::move(files)) {}

  std::string next() {
    std::string text = any_file().text;
    // The long files say nothing new when mutated, and take long.
    while (text.size() > 2000) text = any_file().text;
    const std::size_t changes = 1 + below(3);
    for (std::size_t i = 0; i < changes; ++i) change(&text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const File& any_file() { return files_[below(files_.size())]; }
  std::string_view any_piece() { return kPieces[below(std::size(kPieces))]; }

  void change(std::string* text) {
    const std::size_t at = below(text->size() + 1);
    const std::size_t length = below(std::min<std::size_t>(text->size() - at, 12) + 1);
    switch (below(8)) {
      case 0:
        text->insert(at, any_piece());
        break;
      case 1:
        text->replace(at, length, any_piece());
        break;
      case 2:
        text->erase(at, length);
        break;
      case 3:
        text->insert(at, text->substr(at, length));
        break;
      case 4:
        if (at < text->size()) (*text)[at] = static_cast<char>(below(256));
        break;
      case 5:
        text->resize(at);
        break;
      case 6: {
        // A line of another file after a line of this one.
        const std::string& other = any_file().text;
        const std::size_t start = other.rfind('\n', below(other.size() + 1));
        const std::size_t from = start == std::string::npos ? 0 : start + 1;
        const std::string line = other.substr(from, other.find('\n', from) - from);
        const std::size_t end = text->find('\n', at);
        text->insert(end == std::string::npos ? text->size() : end + 1, line.substr(0, 200) + "\n");
        break;
      }
      default: {
        // The same again with other line ends.
        std::string crlf;
        for (const char c : *text) crlf.append(c == '\n' ? "\r\n" : std::string(1, c));
        *text = crlf;
        break;
      }
    }
  }

  std::vector<File> files_;
  std::mt19937 random_{20261120};
};

}  // namespace

TEST_CASE("every good file is read, and read like toml++ reads it") {
  const std::vector<File> files = corpus("valid");
  CHECK(files.size() > 60);
  Counts counts;
  for (const File& file : files) {
    CAPTURE(file.name);
    std::string message;
    CHECK(read_as_config(file.text, &message));
    CHECK(message == "");
    compare(file.text, &counts);
  }
  CHECK(counts.accepted_as_config == static_cast<int>(files.size()));
}

TEST_CASE("every bad file is refused, each kind for its own reason") {
  const std::vector<File> files = corpus("invalid");
  CHECK(files.size() > 200);
  for (const File& file : files) {
    CAPTURE(file.name);
    std::string message;
    CHECK_FALSE(read_as_config(file.text, &message));
    const Reference reference = read_with_tomlplusplus(file.text);
    const bool ours = read_with_ours(file.text).has_value();
    if (file.name.rfind("toml-", 0) == 0) {
      // Not TOML at all.
      CHECK_FALSE(reference.valid);
      CHECK_FALSE(ours);
    } else if (file.name.rfind("subset-", 0) == 0) {
      // TOML, but not of the part that we read.
      CHECK(reference.valid);
      CHECK_FALSE(ours);
    } else {
      // TOML that sets something wrong.
      CHECK(file.name.rfind("setting-", 0) == 0);
      CHECK(reference.valid);
    }
    Counts counts;
    compare(file.text, &counts);
  }
}

TEST_CASE("mutations of good files are read like toml++ reads them, or not at all") {
  Mutator mutator(corpus("valid"));
  const char* asked = std::getenv("HFOFFLINE_MUTATIONS");
  const int mutations = asked == nullptr ? 10000 : std::atoi(asked);
  Counts counts;
  for (int i = 0; i < mutations; ++i) compare(mutator.next(), &counts);
  // All three outcomes must be frequent, or this proves nothing.
  CHECK(counts.accepted_by_reader > mutations / 10);
  CHECK(counts.accepted_as_config > mutations / 20);
  CHECK(counts.rejected_by_reference > mutations / 10);
}
