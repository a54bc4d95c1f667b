#include "core/config.h"
#include "core/config_store.h"
#include "core/config_values.h"

namespace hfoffline {
namespace {

bool fail(const Source& source, std::string_view value, std::size_t offset,
          std::string_view problem, std::string_view hint, Diagnostic& error) {
  point_at(error, value, offset);
  error.line = 0;
  DiagnosticText(error.message).add_input(source.name).add(": ").add(problem);
  DiagnosticText(error.hint).add(hint);
  return false;
}

// What stands between the items of a list, or '\0' if the whole value is one item.
char separator(ValueType type, Source::Origin origin) {
  if (type == ValueType::preset_list) return ',';
  if (origin != Source::Origin::kEnvironment) return '\0';
  return type == ValueType::path_list ? ':' : ',';
}

bool apply_item(Key key, std::string_view value, std::string_view item, const Source& source,
                const PresetNames& presets, Arena& arena, Config& config, Diagnostic& error) {
  const auto offset = static_cast<std::size_t>(item.data() - value.data());
  ValueMistake mistake;
  if (!check_value(key_info(key).type, item, presets, mistake)) {
    return fail(source, value, offset + mistake.offset, mistake.problem, mistake.hint, error);
  }
  if (store_item(key, item, source, presets, arena, config)) return true;
  return fail(source, value, offset, "there are more settings than fit into memory",
              "give fewer of them", error);
}

bool apply_list(Key key, std::string_view value, const Source& source, const PresetNames& presets,
                Arena& arena, Config& config, Diagnostic& error) {
  const char between = separator(key_info(key).type, source.origin);
  begin_list(key, source, config);
  if (between == '\0') {
    return apply_item(key, value, value, source, presets, arena, config, error);
  }
  std::size_t start = 0;
  for (;;) {
    std::size_t end = find_byte(value, between, start);
    const bool last = end == std::string_view::npos;
    if (last) end = value.size();
    std::string_view item = slice(value, start, end - start);
    if (between == ',') item = trim_blanks(item);
    if (item.empty()) {
      return fail(source, value, start, "an item of the list is empty",
                  between == ',' ? "write the items with single commas between them"
                                 : "write the paths with single colons between them",
                  error);
    }
    if (!apply_item(key, value, item, source, presets, arena, config, error)) return false;
    if (last) return true;
    start = end + 1;
  }
}

}  // namespace

bool apply_override(Key key, std::string_view value, Source source, const PresetNames& presets,
                    Arena& arena, Config& config, Diagnostic& error) {
  error = {};
  if (value.empty()) {
    const bool variable = source.origin == Source::Origin::kEnvironment;
    return fail(source, value, 0, "the value is empty",
                variable ? "give it a value, or unset the variable"
                         : "give it a value, or leave the flag out",
                error);
  }
  const ValueType type = key_info(key).type;
  if (is_list(type)) return apply_list(key, value, source, presets, arena, config, error);
  ValueMistake mistake;
  if (!check_value(type, value, presets, mistake)) {
    return fail(source, value, mistake.offset, mistake.problem, mistake.hint, error);
  }
  store_scalar(key, value, source, config);
  return true;
}

bool apply_environment(const char* const* environment, const PresetNames& presets, Arena& arena,
                       Config& config, Diagnostic& error) {
  if (environment == nullptr) return true;
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    const Key key = static_cast<Key>(i);
    const std::string_view name = key_info(key).environment;
    if (name.empty()) continue;
    // A name that is there twice means its first value, as to getenv.
    for (const char* const* entry = environment; *entry != nullptr; ++entry) {
      const std::string_view variable = *entry;
      if (variable.size() <= name.size() || variable[name.size()] != '=' ||
          slice(variable, 0, name.size()) != name) {
        continue;
      }
      const Source source = {Source::Origin::kEnvironment, name};
      if (!apply_override(key, slice(variable, name.size() + 1), source, presets, arena, config,
                          error)) {
        return false;
      }
      break;
    }
  }
  return true;
}

}  // namespace hfoffline
