#include "core/config_values.h"

#include <errno.h>

#include <string>

#include "catch.h"
#include "core/errnos.h"

using namespace hfoffline;

namespace {

constexpr std::string_view kNames[] = {"huggingface", "transformers"};
constexpr PresetNames kPresets = {kNames, 2};

}  // namespace

TEST_CASE("values that each type accepts") {
  struct Row {
    ValueType type;
    std::string_view value;
  };
  const std::string longest_path = "/" + std::string(4094, 'a');
  const Row rows[] = {
      {ValueType::absolute_path, "/"},
      {ValueType::absolute_path, "/mnt/my models"},
      {ValueType::absolute_path, "/caf\xc3\xa9/\xff"},
      {ValueType::absolute_path, longest_path},
      {ValueType::path_list, "/opt/core"},
      {ValueType::path, "hfoffline.jsonl"},
      {ValueType::path, "../x"},
      {ValueType::path, "/x"},
      {ValueType::layout, "auto"},
      {ValueType::layout, "hf-home"},
      {ValueType::layout, "hub-cache"},
      {ValueType::mode, "refuse"},
      {ValueType::mode, "audit"},
      {ValueType::errno_name, "ENETUNREACH"},
      {ValueType::errno_name, "ECONNREFUSED"},
      {ValueType::unshimmed, "warn"},
      {ValueType::unshimmed, "refuse"},
      {ValueType::unshimmed, "allow"},
      {ValueType::boolean, "true"},
      {ValueType::boolean, "false"},
      {ValueType::variable, "DYNAMO_MODELS_DIR"},
      {ValueType::variable, "_x1"},
      {ValueType::name, "shard 1/3: \xc3\xa4"},
      {ValueType::variable_list, "a"},
      {ValueType::assignment_list, "A=b"},
      {ValueType::assignment_list, "A="},
      {ValueType::assignment_list, "A=b=c d\n"},
      {ValueType::redirect_list, "/a=/b"},
      {ValueType::redirect_way, "auto"},
      {ValueType::redirect_way, "mount"},
      {ValueType::redirect_way, "in-process"},
      {ValueType::redirect_list, "~/.cache/huggingface=/mnt/models"},
      {ValueType::redirect_list, "/a=b=/c=/d"},
      {ValueType::preset_list, "transformers"},
      {ValueType::preset_list, "all"},
      {ValueType::allow_list, "minio.ci:9000"},
      {ValueType::allow_list, "192.168.0.0/16"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    ValueMistake mistake;
    CHECK(check_value(row.type, row.value, kPresets, mistake));
  }
}

TEST_CASE("values that each type refuses, with what is wrong, where, and what to do") {
  struct Row {
    ValueType type;
    std::string_view value;
    std::size_t offset;
    std::string_view problem;
    std::string_view hint;
  };
  const std::string long_path = "/" + std::string(4095, 'a');
  const std::string_view whole_path =
      "write the whole path from /: programs that change their directory would not agree on this "
      "one";
  const std::string_view letters =
      "names have letters, digits and underscores, and start with no digit";
  const std::string_view examples =
      "write a host, an address or a network, and a port if only one is meant: "
      "\"minio.ci:9000\", \"10.0.0.5\", \"192.168.0.0/16\", \"[fd00::5]:443\"";
  const std::string_view errnos =
      "\"ENETUNREACH\", \"EHOSTUNREACH\", \"ENETDOWN\", \"EACCES\", \"EPERM\"";
  const Row rows[] = {
      {ValueType::absolute_path, "", 0, "the path is empty",
       "give a path, or leave the setting out"},
      {ValueType::absolute_path, "models", 0, "\"models\" is not an absolute path", whole_path},
      {ValueType::absolute_path, "./models", 0, "\"./models\" is not an absolute path", whole_path},
      {ValueType::path_list, "opt", 0, "\"opt\" is not an absolute path", whole_path},
      {ValueType::absolute_path, "~/models", 0, "\"~/models\" is not an absolute path",
       "~ is not expanded here: write the whole path from /"},
      {ValueType::absolute_path, "$HOME/m", 0, "\"$HOME/m\" is not an absolute path",
       "variables are not expanded here: write the whole path from /"},
      {ValueType::absolute_path,
       {"/a\0b", 4},
       2,
       "a NUL character can be in no path and in no variable",
       "remove it"},
      {ValueType::absolute_path, long_path, 0, "the path is longer than 4095 bytes",
       "use a shorter path"},
      {ValueType::path, "", 0, "the path is empty", "give a path, or leave the setting out"},
      {ValueType::path,
       {"\0", 1},
       0,
       "a NUL character can be in no path and in no variable",
       "remove it"},
      {ValueType::name, "", 0, "the name is empty", "give a name, or leave the setting out"},
      {ValueType::name, "a\nb", 1, "a control character can be in no name", "remove it"},
      {ValueType::layout, "hfhome", 0,
       "\"hfhome\" is not one of \"auto\", \"hf-home\" and \"hub-cache\"",
       "did you mean \"hf-home\"?"},
      {ValueType::layout, "HUB_CACHE", 0,
       "\"HUB_CACHE\" is not one of \"auto\", \"hf-home\" and \"hub-cache\"",
       "did you mean \"hub-cache\"?"},
      {ValueType::mode, "", 0, "\"\" is not one of \"refuse\" and \"audit\"",
       "write \"refuse\" or \"audit\""},
      {ValueType::mode, "block", 0, "\"block\" is not one of \"refuse\" and \"audit\"",
       "write \"refuse\" or \"audit\""},
      {ValueType::mode, "refused", 0, "\"refused\" is not one of \"refuse\" and \"audit\"",
       "did you mean \"refuse\"?"},
      {ValueType::unshimmed, "wran", 0, "\"wran\" is not one of \"warn\", \"refuse\" and \"allow\"",
       "did you mean \"warn\"?"},
      {ValueType::errno_name, "ENETUNREACHABLE", 0,
       "\"ENETUNREACHABLE\" is not one of \"ENETUNREACH\", \"EHOSTUNREACH\", \"ENETDOWN\", "
       "\"EACCES\", \"EPERM\" and \"ECONNREFUSED\"",
       "did you mean \"ENETUNREACH\"?"},
      {ValueType::errno_name,
       "EROFS",
       0,
       "\"EROFS\" is not one of \"ENETUNREACH\", \"EHOSTUNREACH\", \"ENETDOWN\", "
       "\"EACCES\", \"EPERM\" and \"ECONNREFUSED\"",
       {}},
      {ValueType::errno_name, "ETIMEDOUT", 0,
       "ETIMEDOUT is not possible: clients wait and retry on it",
       "write \"ENETUNREACH\", what a machine without a network says"},
      {ValueType::boolean, "yes", 0, "\"yes\" is not one of \"true\" and \"false\"",
       "write \"true\""},
      {ValueType::boolean, "1", 0, "\"1\" is not one of \"true\" and \"false\"", "write \"true\""},
      {ValueType::boolean, "off", 0, "\"off\" is not one of \"true\" and \"false\"",
       "write \"false\""},
      {ValueType::boolean, "TRUE", 0, "\"TRUE\" is not one of \"true\" and \"false\"",
       "did you mean \"true\"?"},
      {ValueType::variable, "", 0, "the variable has no name", "write a name such as MY_CACHE"},
      {ValueType::variable, "MY CACHE", 2, "\"MY CACHE\" is not the name of a variable", letters},
      {ValueType::variable, "1A", 0, "\"1A\" is not the name of a variable", letters},
      {ValueType::variable, "$HOME", 0, "\"$HOME\" is not the name of a variable",
       "write the name without $"},
      {ValueType::variable_list, "A=1", 1, "\"A=1\" is not the name of a variable",
       "only the name belongs here, without = and a value"},
      {ValueType::variable_list,
       {"A\0B", 3},
       1,
       "\"A\\x00B\" is not the name of a variable",
       letters},
      {ValueType::assignment_list, "", 0, "\"\" has no = and no value",
       "write NAME=VALUE; to remove a variable, name it in [env] unset"},
      {ValueType::assignment_list, "ABC", 3, "\"ABC\" has no = and no value",
       "write NAME=VALUE; to remove a variable, name it in [env] unset"},
      {ValueType::assignment_list, "=x", 0, "the variable has no name",
       "write a name such as MY_CACHE"},
      {ValueType::assignment_list, "A B=x", 1, "\"A B\" is not the name of a variable", letters},
      {ValueType::assignment_list,
       {"A=x\0y", 5},
       3,
       "a NUL character can be in no path and in no variable",
       "remove it"},
      {ValueType::redirect_way, "mounts", 0,
       "\"mounts\" is not one of \"auto\", \"mount\" and \"in-process\"",
       "did you mean \"mount\"?"},
      {ValueType::redirect_list, "/a", 0, "\"/a\" is not FROM=TO with two absolute paths",
       "write two absolute paths, such as /root/.cache/huggingface=/mnt/models"},
      {ValueType::redirect_list, "a=/b", 0, "\"a=/b\" is not FROM=TO with two absolute paths",
       "write two absolute paths, such as /root/.cache/huggingface=/mnt/models"},
      {ValueType::redirect_list, "/=/b", 0, "\"/=/b\" is not FROM=TO with two absolute paths",
       "write two absolute paths, such as /root/.cache/huggingface=/mnt/models"},
      {ValueType::preset_list, "", 0, "there is no preset \"\"",
       "presets: \"all\", \"huggingface\", \"transformers\""},
      {ValueType::preset_list, "xyz", 0, "there is no preset \"xyz\"",
       "presets: \"all\", \"huggingface\", \"transformers\""},
      {ValueType::preset_list, "transformer", 0, "there is no preset \"transformer\"",
       "did you mean \"transformers\"?"},
      {ValueType::allow_list, "", 0, "it is empty", examples},
      {ValueType::allow_list, "host:0", 5, "\"host:0\": the port must be 1 to 65535", examples},
      {ValueType::allow_list, "10.0.0.1/8", 0,
       "\"10.0.0.1/8\": the network has bits set after its prefix",
       "write \"10.0.0.0/8\" for the network, or \"10.0.0.1\" for the one address"},
      {ValueType::allow_list, "[fd00::1/8]:443", 1,
       "\"[fd00::1/8]:443\": the network has bits set after its prefix",
       "write \"fd00::/8\" for the network, or \"fd00::1\" for the one address"},
      {ValueType::allow_list, "https://huggingface.co/api", 0,
       "\"https://huggingface.co/api\": it is a URL, where only a host and a port belong",
       "write \"huggingface.co:443\""},
      {ValueType::allow_list, "http://u:p@minio.ci:9000?x", 0,
       "\"http://u:p@minio.ci:9000?x\": it is a URL, where only a host and a port belong",
       "write \"minio.ci:9000\""},
      {ValueType::allow_list, "s3://bucket", 0,
       "\"s3://bucket\": it is a URL, where only a host and a port belong", "write \"bucket\""},
      {ValueType::allow_list, "://", 0, "\"://\": it is a URL, where only a host and a port belong",
       "write a host such as \"minio.ci:9000\""},
  };
  CHECK(std::string(rows[18].problem).find(errnos) != std::string::npos);
  for (const Row& row : rows) {
    CAPTURE(row.value);
    ValueMistake mistake;
    CHECK_FALSE(check_value(row.type, row.value, kPresets, mistake));
    CHECK(mistake.offset == row.offset);
    CHECK(std::string(mistake.problem) == row.problem);
    if (!row.hint.empty()) CHECK(std::string(mistake.hint) == row.hint);
    CHECK_FALSE(std::string(mistake.hint).empty());
  }
}

TEST_CASE("no default breaks the rules of its own type") {
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    const KeyInfo& info = key_info(static_cast<Key>(i));
    CAPTURE(info.section, info.name);
    if (info.default_text.empty()) continue;
    ValueMistake mistake;
    CHECK(check_value(info.type, info.default_text, kPresets, mistake));
  }
}

TEST_CASE("no setting is refused with an error that makes clients wait") {
  int number = 0;
  CHECK_FALSE(configurable_errno("ETIMEDOUT", &number));
  CHECK(configurable_errno("EHOSTUNREACH", &number));
  CHECK(number == EHOSTUNREACH);
}

TEST_CASE("what each type looks like in a file") {
  CHECK(expected_in_file(ValueType::boolean) == "true or false");
  CHECK(expected_in_file(ValueType::absolute_path) == "a string");
  CHECK(expected_in_file(ValueType::allow_list) == "an array of strings");
}
