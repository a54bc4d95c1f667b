#include <ctime>
#include <random>
#include <set>
#include <string>

#include "catch.h"
#include "config_test_support.h"

using namespace hfoffline;
using test::Settings;

TEST_CASE("the config file of the design, read in full") {
  Settings settings;
  REQUIRE(settings.read(R"toml([cache]
models_dir = "/mnt/models"
layout = "auto"                    # auto | hf-home | hub-cache
protect = ["/opt/core"]            # further trees nobody may write
marker = "DYNAMO_MODELS_DIR"       # also set to models_dir
[env]
presets = ["huggingface", "transformers"]   # default: all known
set = ["TOKENIZERS_PARALLELISM=false"]
unset = ["MY_CACHE"]
lock = true
[egress]
mode = "refuse"                    # refuse | audit
allow = ["10.0.0.5:9000", "minio.ci:9000", "192.168.0.0/16"]
errno = "ENETUNREACH"
[exec]
unshimmed = "warn"
[record]
file = "hfoffline.jsonl"
)toml"));
  CHECK(settings.error.empty());
  const Config& config = settings.config;
  CHECK(config.file == "hfoffline.toml");
  CHECK(config.text(Key::cache_models_dir) == "/mnt/models");
  CHECK(config.text(Key::cache_layout) == "auto");
  CHECK(config.at(Key::cache_layout).given);
  CHECK(settings.items(Key::cache_protect) == "/opt/core@hfoffline.toml:4");
  CHECK(config.text(Key::cache_marker) == "DYNAMO_MODELS_DIR");
  CHECK_FALSE(config.at(Key::cache_scratch).given);
  CHECK(settings.items(Key::env_presets) ==
        "huggingface@hfoffline.toml:7 transformers@hfoffline.toml:7");
  CHECK(settings.items(Key::env_set) == "TOKENIZERS_PARALLELISM=false@hfoffline.toml:8");
  CHECK(settings.items(Key::env_unset) == "MY_CACHE@hfoffline.toml:9");
  CHECK(config.boolean(Key::env_lock));
  CHECK(config.text(Key::env_lock) == "true");
  CHECK(config.text(Key::egress_mode) == "refuse");
  CHECK(settings.items(Key::egress_allow) ==
        "10.0.0.5:9000@hfoffline.toml:13 minio.ci:9000@hfoffline.toml:13 "
        "192.168.0.0/16@hfoffline.toml:13");
  CHECK(config.at(Key::egress_allow).items->next->source.column == 27);
  CHECK(config.text(Key::egress_errno) == "ENETUNREACH");
  CHECK(config.text(Key::exec_unshimmed) == "warn");
  CHECK(config.text(Key::record_file) == "hfoffline.jsonl");
  CHECK_FALSE(config.boolean(Key::record_quiet));
  CHECK(config.at(Key::cache_models_dir).source.line == 2);
  CHECK(config.at(Key::cache_models_dir).source.column == 14);
}

TEST_CASE("an empty file changes nothing") {
  for (const std::string_view text :
       {"", "\n", "# nothing\n", "  \t\r\n", "[cache]", "[env]\n[cache]\n"}) {
    CAPTURE(text);
    Settings settings;
    CHECK(settings.read(text));
    for (const Setting& setting : settings.config.settings) CHECK_FALSE(setting.given);
    CHECK(settings.config.text(Key::env_presets) == "all");
    CHECK(settings.config.boolean(Key::env_lock));
  }
}

TEST_CASE("all ways of writing the same thing") {
  const std::string_view rows[] = {
      "[cache]\nmodels_dir = \"/m n\"",
      "  [ cache ]  # x\n\tmodels_dir\t=\t\"/m n\"\t# y\n",
      "[\"cache\"]\r\n'models_dir'='/m n'\r\n",
      "['cache']\n\"models_dir\" = \"\"\"/m n\"\"\"\n",
      "[cache]\n\"models\\u005fdir\" = '''/m n'''\n",
      "[cache]\nmodels_dir = \"\"\"\n/m \\\n\n   n\"\"\"\n",
      "[cache]\nmodels_dir = \"\\u002F\\U0000006D\\u0020n\"\n",
  };
  for (const std::string_view text : rows) {
    CAPTURE(text);
    Settings settings;
    REQUIRE(settings.read(text));
    CHECK(settings.config.text(Key::cache_models_dir) == "/m n");
  }
}

TEST_CASE("the order of tables and keys does not matter") {
  Settings settings;
  REQUIRE(settings.read("[record]\nquiet = true\nfile = \"a\"\n[cache]\nmodels_dir = \"/m\"\n"));
  CHECK(settings.config.boolean(Key::record_quiet));
  CHECK(settings.config.text(Key::record_file) == "a");
}

TEST_CASE("layers are read in their order, wherever they stand") {
  Settings settings;
  REQUIRE(settings.read(
      "[[layer]]\nname = \"core\"\npath = \"/opt/core\"\n"
      "[cache]\nmodels_dir = \"/m\"\n"
      "[[layer]]\nname = \"libraries\"\npath = \"/opt/lib\"\nkind = \"libs\"\norder = 0x10\n"));
  const LayerTable* core = settings.config.layers;
  REQUIRE(core != nullptr);
  CHECK(core->text(LayerKey::name) == "core");
  CHECK(core->text(LayerKey::path) == "/opt/core");
  CHECK(core->text(LayerKey::kind) == "python");
  CHECK_FALSE(core->at(LayerKey::kind).given);
  CHECK(core->order == 1);
  CHECK(core->source.line == 1);
  const LayerTable* libraries = core->next;
  REQUIRE(libraries != nullptr);
  CHECK(libraries->text(LayerKey::kind) == "libs");
  CHECK(libraries->text(LayerKey::order) == "16");
  CHECK(libraries->order == 16);
  CHECK(libraries->at(LayerKey::order).source.line == 10);
  CHECK(libraries->next == nullptr);
  CHECK(settings.config.text(Key::cache_models_dir) == "/m");
}

TEST_CASE("bad config files: the whole message") {
  struct Row {
    std::string_view text;
    std::string_view message;
  };
  const Row rows[] = {
      // Names
      {"[cache]\nmodel_dir = \"/mnt/models\"\n",
       "hfoffline.toml:2:1: unknown key \"model_dir\" in [cache]\n"
       "  2 | model_dir = \"/mnt/models\"\n"
       "    | ^\n"
       "  did you mean \"models_dir\"?\n"},
      {"[cache]\n  colour = 1\n",
       "hfoffline.toml:2:3: unknown key \"colour\" in [cache]\n"
       "  2 |   colour = 1\n"
       "    |   ^\n"
       "  the keys of [cache] are models_dir layout protect marker scratch redirect\n"
       "  redirect_way audit_writes\n"},
      {"[egress]\nmodels_dir = \"/m\"\n",
       "hfoffline.toml:2:1: unknown key \"models_dir\" in [egress]\n"
       "  2 | models_dir = \"/m\"\n"
       "    | ^\n"
       "  \"models_dir\" belongs in [cache]\n"},
      {"models_dir = \"/m\"\n",
       "hfoffline.toml:1:1: unknown key \"models_dir\" before the first table\n"
       "  1 | models_dir = \"/m\"\n"
       "    | ^\n"
       "  \"models_dir\" belongs in [cache]\n"},
      {"[exec]\nmodels-dir = \"/m\"\n",
       "hfoffline.toml:2:1: unknown key \"models-dir\" in [exec]\n"
       "  2 | models-dir = \"/m\"\n"
       "    | ^\n"
       "  did you mean \"models_dir\" in [cache]?\n"},
      {"x = 1\n",
       "hfoffline.toml:1:1: unknown key \"x\" before the first table\n"
       "  1 | x = 1\n"
       "    | ^\n"
       "  every key belongs in a table such as [cache]\n"},
      {"cache = 1\n",
       "hfoffline.toml:1:1: unknown key \"cache\" before the first table\n"
       "  1 | cache = 1\n"
       "    | ^\n"
       "  write the table as [cache] on a line of its own\n"},
      {"[egres]\n",
       "hfoffline.toml:1:2: unknown table [egres]\n"
       "  1 | [egres]\n"
       "    |  ^\n"
       "  did you mean [egress]?\n"},
      {"[Cache]\n",
       "hfoffline.toml:1:2: unknown table [Cache]\n"
       "  1 | [Cache]\n"
       "    |  ^\n"
       "  did you mean [cache]?\n"},
      {"[\"\"]\n",
       "hfoffline.toml:1:2: unknown table []\n"
       "  1 | [\"\"]\n"
       "    |  ^\n"
       "  the tables are [cache] [env] [egress] [exec] [layer_install] [record]\n"
       "  [[layer]]\n"},
      // Twice
      {"[cache]\nmodels_dir = \"/a\"\n\n'models_dir' = \"/b\"\n",
       "hfoffline.toml:4:1: the key \"models_dir\" is given twice in [cache]\n"
       "  4 | 'models_dir' = \"/b\"\n"
       "    | ^\n"
       "  it is first on line 2; keep one of the two\n"},
      {"[cache]\n[env]\n[ \"cache\" ]\n",
       "hfoffline.toml:3:3: the table [cache] is there twice\n"
       "  3 | [ \"cache\" ]\n"
       "    |   ^\n"
       "  it is first on line 1; put all its keys there\n"},
      // Types
      {"[cache]\nmodels_dir = [\"/m\"]\n",
       "hfoffline.toml:2:14: [cache] models_dir: expected a string, found an array\n"
       "  2 | models_dir = [\"/m\"]\n"
       "    |              ^\n"
       "  write models_dir = \"...\"\n"},
      {"[egress]\nallow = \"a.ci\"\n",
       "hfoffline.toml:2:9: [egress] allow: expected an array of strings, found a string\n"
       "  2 | allow = \"a.ci\"\n"
       "    |         ^\n"
       "  write allow = [\"a.ci\"]\n"},
      {"[egress]\nallow = 9000\n",
       "hfoffline.toml:2:9: [egress] allow: expected an array of strings, found an integer\n"
       "  2 | allow = 9000\n"
       "    |         ^\n"
       "  write allow = [\"...\"]\n"},
      {"[egress]\nallow = [\"a.ci\", 9000]\n",
       "hfoffline.toml:2:18: [egress] allow: every item must be a string, found an integer\n"
       "  2 | allow = [\"a.ci\", 9000]\n"
       "    |                  ^\n"
       "  write \"9000\"\n"},
      {"[egress]\nallow = [[\"a.ci\"]]\n",
       "hfoffline.toml:2:10: [egress] allow: every item must be a string, found an array in an "
       "array\n"
       "  2 | allow = [[\"a.ci\"]]\n"
       "    |          ^\n"
       "  write all items as strings in one array\n"},
      {"[env]\nlock = \"false\"\n",
       "hfoffline.toml:2:8: [env] lock: expected true or false, found a string\n"
       "  2 | lock = \"false\"\n"
       "    |        ^\n"
       "  write lock = false, without quotes\n"},
      {"[env]\nlock = 0\n",
       "hfoffline.toml:2:8: [env] lock: expected true or false, found an integer\n"
       "  2 | lock = 0\n"
       "    |        ^\n"
       "  write lock = false\n"},
      {"[env]\nlock = 1.0\n",
       "hfoffline.toml:2:8: [env] lock: expected true or false, found a float\n"
       "  2 | lock = 1.0\n"
       "    |        ^\n"
       "  write lock = true or false\n"},
      {"[egress]\nerrno = 101\n",
       "hfoffline.toml:2:9: [egress] errno: expected a string, found an integer\n"
       "  2 | errno = 101\n"
       "    |         ^\n"
       "  write errno = \"...\"\n"},
      {"[egress]\nmode = true\n",
       "hfoffline.toml:2:8: [egress] mode: expected a string, found a boolean\n"
       "  2 | mode = true\n"
       "    |        ^\n"
       "  write mode = \"...\"\n"},
      {"[egress]\nmode = 1979-05-27\n",
       "hfoffline.toml:2:8: [egress] mode: expected a string, found a date or time\n"
       "  2 | mode = 1979-05-27\n"
       "    |        ^\n"
       "  write mode = \"...\"\n"},
      {"[env]\nset = {A = \"1\"}\n",
       "hfoffline.toml:2:7: [env] set: expected an array of strings, found an inline table\n"
       "  2 | set = {A = \"1\"}\n"
       "    |       ^\n"
       "  write set = [\"...\"]\n"},
      // Values, at the exact column inside the string
      {"[cache]\nmodels_dir = \"models\"\n",
       "hfoffline.toml:2:15: [cache] models_dir: \"models\" is not an absolute path\n"
       "  2 | models_dir = \"models\"\n"
       "    |               ^\n"
       "  write the whole path from /: programs that change their directory would not\n"
       "  agree on this one\n"},
      {"[cache]\nmodels_dir = \"\"\n",
       "hfoffline.toml:2:15: [cache] models_dir: the path is empty\n"
       "  2 | models_dir = \"\"\n"
       "    |               ^\n"
       "  give a path, or leave the setting out\n"},
      {"[cache]\nmodels_dir = \"/a\\u0000b\"\n",
       "hfoffline.toml:2:17: [cache] models_dir: a NUL character can be in no path and in no "
       "variable\n"
       "  2 | models_dir = \"/a\\u0000b\"\n"
       "    |                 ^\n"
       "  remove it\n"},
      {"[cache]\nlayout = \"hf_home\"\n",
       "hfoffline.toml:2:11: [cache] layout: \"hf_home\" is not one of \"auto\", \"hf-home\" and "
       "\"hub-cache\"\n"
       "  2 | layout = \"hf_home\"\n"
       "    |           ^\n"
       "  did you mean \"hf-home\"?\n"},
      {"[egress]\nallow = [\"10.0.0.1/8\"]\n",
       "hfoffline.toml:2:11: [egress] allow: \"10.0.0.1/8\": the network has bits set after its "
       "prefix\n"
       "  2 | allow = [\"10.0.0.1/8\"]\n"
       "    |           ^\n"
       "  write \"10.0.0.0/8\" for the network, or \"10.0.0.1\" for the one address\n"},
      {"[egress]\nallow = [\"ok.ci\",\n  \"\\u0031\\u0030.0.0.1:99999\"]\n",
       "hfoffline.toml:3:23: [egress] allow: \"10.0.0.1:99999\": the port must be 1 to 65535\n"
       "  3 |   \"\\u0031\\u0030.0.0.1:99999\"]\n"
       "    |                       ^\n"
       "  write a host, an address or a network, and a port if only one is meant:\n"
       "  \"minio.ci:9000\", \"10.0.0.5\", \"192.168.0.0/16\", \"[fd00::5]:443\"\n"},
      {"[egress]\nallow = [\"\"\"\\\n   10.0.0.0\\\n   /33\"\"\"]\n",
       "hfoffline.toml:4:5: [egress] allow: \"10.0.0.0/33\": the prefix length of an IPv4 network "
       "must be 0 to 32\n"
       "  4 |    /33\"\"\"]\n"
       "    |     ^\n"
       "  write a host, an address or a network, and a port if only one is meant:\n"
       "  \"minio.ci:9000\", \"10.0.0.5\", \"192.168.0.0/16\", \"[fd00::5]:443\"\n"},
      {"[env]\npresets = [\"huggingfase\"]\n",
       "hfoffline.toml:2:13: [env] presets: there is no preset \"huggingfase\"\n"
       "  2 | presets = [\"huggingfase\"]\n"
       "    |             ^\n"
       "  did you mean \"huggingface\"?\n"},
      {"[env]\nset = ['A']\n",
       "hfoffline.toml:2:10: [env] set: \"A\" has no = and no value\n"
       "  2 | set = ['A']\n"
       "    |          ^\n"
       "  write NAME=VALUE; to remove a variable, name it in [env] unset\n"},
      {"[env]\nset = ['\xe6\xa8\xa1=1']\n",
       "hfoffline.toml:2:9: [env] set: \"\xe6\xa8\xa1\" is not the name of a variable\n"
       "  2 | set = ['\xe6\xa8\xa1=1']\n"
       "    |         ^\n"
       "  names have letters, digits and underscores, and start with no digit\n"},
      // TOML
      {"[egress]\nmode = refuse\n",
       "hfoffline.toml:2:8: the value is neither text in quotes, nor a number, true or false\n"
       "  2 | mode = refuse\n"
       "    |        ^\n"
       "  write \"refuse\"\n"},
      {"[env]\nlock = True\n",
       "hfoffline.toml:2:8: the value is neither text in quotes, nor a number, true or false\n"
       "  2 | lock = True\n"
       "    |        ^\n"
       "  write true\n"},
      {"[cache]\nmodels_dir = \xe2\x80\x9c/m\xe2\x80\x9d\n",
       "hfoffline.toml:2:14: the value is neither text in quotes, nor a number, true or false\n"
       "  2 | models_dir = \xe2\x80\x9c/m\xe2\x80\x9d\n"
       "    |              ^\n"
       "  use straight quotes: \"...\"\n"},
      {"[cache]\nmodels_dir: /m\n",
       "hfoffline.toml:2:11: expected = after the key\n"
       "  2 | models_dir: /m\n"
       "    |           ^\n"
       "  write models_dir = and its value\n"},
      {"[cache]\nmodels_dir =\n",
       "hfoffline.toml:2:13: the key has no value\n"
       "  2 | models_dir =\n"
       "    |             ^\n"
       "  write a value after the =\n"},
      {"[cache]\nmodels_dir = \"/m\n",
       "hfoffline.toml:2:14: the string is not closed\n"
       "  2 | models_dir = \"/m\n"
       "    |              ^\n"
       "  close it with the same quote on the same line\n"},
      {"[cache]\nmodels_dir = \"/m\" \"/n\"\n",
       "hfoffline.toml:2:19: only a comment may follow here\n"
       "  2 | models_dir = \"/m\" \"/n\"\n"
       "    |                   ^\n"
       "  start a new line, or put # before a comment\n"},
      {"[cache]\nmodels_dir = \"C:\\models\"\n",
       "hfoffline.toml:2:17: TOML has no such escape\n"
       "  2 | models_dir = \"C:\\models\"\n"
       "    |                 ^\n"
       "  write \\\\ for a backslash, or use 'single quotes', which know no escapes\n"},
      {"[egress]\nallow = [\"a.ci\"\nmode = \"audit\"\n",
       "hfoffline.toml:3:1: expected a comma or the closing bracket of the array\n"
       "  3 | mode = \"audit\"\n"
       "    | ^\n"
       "  the array was opened on line 2; its items are separated by commas\n"},
      {"[egress]\nallow = [\"a.ci\",\n\n",
       "hfoffline.toml:2:9: the array is not closed\n"
       "  2 | allow = [\"a.ci\",\n"
       "    |         ^\n"
       "  close it with ]\n"},
      {"cache.models_dir = \"/m\"\n",
       "hfoffline.toml:1:6: dotted keys are not supported\n"
       "  1 | cache.models_dir = \"/m\"\n"
       "    |      ^\n"
       "  write a table such as [cache] on its own line, and below it models_dir = ...\n"},
      {"[[layer]]\nname = \"core\"\n[cache]\n",
       "hfoffline.toml:1:3: [[layer]] has no path\n"
       "  1 | [[layer]]\n"
       "    |   ^\n"
       "  add path = \"...\" below it\n"},
      {"[layer]\nname = \"core\"\n",
       "hfoffline.toml:1:2: there may be several tables [layer]\n"
       "  1 | [layer]\n"
       "    |  ^\n"
       "  write [[layer]]\n"},
      {"[[cache]]\n",
       "hfoffline.toml:1:3: there is only one table [cache]\n"
       "  1 | [[cache]]\n"
       "    |   ^\n"
       "  write [cache]\n"},
      {"[[layers]]\n",
       "hfoffline.toml:1:3: unknown table [[layers]]\n"
       "  1 | [[layers]]\n"
       "    |   ^\n"
       "  did you mean [[layer]]?\n"},
      {"[[layer]\n",
       "hfoffline.toml:1:8: expected ]] after the table's name\n"
       "  1 | [[layer]\n"
       "    |        ^\n"
       "  write a table such as [[layer]]\n"},
      {"[[layer]]\nname = \"core\"\nname = \"b\"\n",
       "hfoffline.toml:3:1: the key \"name\" is given twice in [[layer]]\n"
       "  3 | name = \"b\"\n"
       "    | ^\n"
       "  it is first on line 2; keep one of the two\n"},
      {"[[layer]]\nname = \"core\"\npath = \"/c\"\n[[layer]]\nname = \"core\"\n",
       "hfoffline.toml:5:9: [[layer]] name: two layers are called \"core\"\n"
       "  5 | name = \"core\"\n"
       "    |         ^\n"
       "  the other one is on line 1; give each a name of its own\n"},
      {"[[layer]]\nname = \"the core\"\n",
       "hfoffline.toml:2:12: [[layer]] name: a layer's name has only letters, digits, '.', '_' and "
       "'-'\n"
       "  2 | name = \"the core\"\n"
       "    |            ^\n"
       "  write one such as \"core\"\n"},
      {"[[layer]]\npaht = \"/core\"\n",
       "hfoffline.toml:2:1: unknown key \"paht\" in [[layer]]\n"
       "  2 | paht = \"/core\"\n"
       "    | ^\n"
       "  did you mean \"path\"?\n"},
      {"[[layer]]\nmodels_dir = \"/core\"\n",
       "hfoffline.toml:2:1: unknown key \"models_dir\" in [[layer]]\n"
       "  2 | models_dir = \"/core\"\n"
       "    | ^\n"
       "  \"models_dir\" belongs in [cache]\n"},
      {"[[layer]]\nkind = \"pyton\"\n",
       "hfoffline.toml:2:9: [[layer]] kind: \"pyton\" is not one of \"python\", \"libs\" "
       "and \"cache\"\n"
       "  2 | kind = \"pyton\"\n"
       "    |         ^\n"
       "  did you mean \"python\"?\n"},
      {"[[layer]]\norder = \"1\"\n",
       "hfoffline.toml:2:9: [[layer]] order: expected an integer, found a string\n"
       "  2 | order = \"1\"\n"
       "    |         ^\n"
       "  write order = 1\n"},
      {"[[layer]]\norder = -1\n",
       "hfoffline.toml:2:9: [[layer]] order: it must be an integer from 0 to 9999\n"
       "  2 | order = -1\n"
       "    |         ^\n"
       "  number the layers from 1; the lowest is searched first\n"},
      {"layer = []\n",
       "hfoffline.toml:1:1: unknown key \"layer\" before the first table\n"
       "  1 | layer = []\n"
       "    | ^\n"
       "  write the table as [[layer]] on a line of its own\n"},
      {"{\"cache\": {}}\n",
       "hfoffline.toml:1:1: expected a key, a [table] or a comment\n"
       "  1 | {\"cache\": {}}\n"
       "    | ^\n"
       "  this looks like JSON; write [cache], and below it models_dir = \"...\"\n"},
      {"// models\n",
       "hfoffline.toml:1:1: expected a key, a [table] or a comment\n"
       "  1 | // models\n"
       "    | ^\n"
       "  comments start with #\n"},
      {"[cache]\nmodels_dir = \"/m\"\rlayout = \"auto\"\n",
       "hfoffline.toml:2:18: a carriage return without a line feed is not allowed\n"
       "  2 | models_dir = \"/m\"\\x0Dlayout = \"auto\"\n"
       "    |                  ^\n"
       "  save the file with LF line ends\n"},
      // Bytes
      {{"[cache]\nmodels_dir = \"/m\0\"\n", 26},
       "hfoffline.toml:2:17: the file has a NUL byte\n"
       "  2 | models_dir = \"/m\\x00\"\n"
       "    |                 ^\n"
       "  check that this is a text file, and remove the byte\n"},
      {"[cache]\nmodels_dir = \"/caf\xe9\"\n",
       "hfoffline.toml:2:19: the file is not valid UTF-8 here\n"
       "  2 | models_dir = \"/caf\\xE9\"\n"
       "    |                   ^\n"
       "  save it as UTF-8; in a path, a byte that is not UTF-8 cannot be written in\n  TOML\n"},
      {{"\xff\xfe[\0c\0", 6},
       "hfoffline.toml:1:1: the file is UTF-16, not UTF-8\n"
       "  1 | \\xFF\\xFE[\\x00c\\x00\n"
       "    | ^\n"
       "  save it as UTF-8\n"},
      {{"[\0c\0", 4},
       "hfoffline.toml:1:2: the file has a NUL byte\n"
       "  1 | [\\x00c\\x00\n"
       "    |  ^\n"
       "  the file looks like UTF-16: save it as UTF-8\n"},
      {"\xef\xbb\xbf[cache]\n",
       "hfoffline.toml:1:1: the file starts with a byte order mark\n"
       "  1 | \\uFEFF[cache]\n"
       "    | ^\n"
       "  save it as UTF-8 without a byte order mark\n"},
      {"# bell \x07\n",
       "hfoffline.toml:1:8: a control character is not allowed in a comment\n"
       "  1 | # bell \\x07\n"
       "    |        ^\n"
       "  remove it\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    Settings settings;
    CHECK_FALSE(settings.read(row.text));
    CHECK(settings.message() == row.message);
    // The same with Windows line ends, where they do not stand in a string.
    if (row.text.find("\"\"\"") != std::string_view::npos) continue;
    std::string crlf;
    for (const char c : row.text) crlf.append(c == '\n' ? "\r\n" : std::string(1, c));
    Settings windows;
    CHECK_FALSE(windows.read(crlf));
    CHECK(windows.message() == row.message);
  }
}

TEST_CASE("only the first mistake is told") {
  Settings settings;
  CHECK_FALSE(settings.read("[env]\nlock = true\nlok = 1\n[nope]\n"));
  CHECK(settings.error.line == 3);
  // An error of before is gone once a file is fine.
  CHECK(settings.read("[env]\nlock = false\n"));
  CHECK(settings.error.empty());
}

TEST_CASE("the name of the file is printed safely and cut if it is endless") {
  Settings settings;
  CHECK_FALSE(settings.read("x", "/tmp/\x1b[31m.toml"));
  CHECK(settings.message().substr(0, 28) == "/tmp/\\x1B[31m.toml:1:2: expe");
  Settings endless;
  const std::string name(5000, 'n');
  CHECK_FALSE(endless.read("x", name));
  CHECK(std::string(endless.error.file).size() == sizeof(endless.error.file) - 1);
}

TEST_CASE("ten megabytes of garbage are refused for their size") {
  std::mt19937 random(3);
  std::string garbage(10 * 1024 * 1024, '\0');
  for (char& c : garbage) c = static_cast<char>(random());
  Settings settings;
  CHECK_FALSE(settings.read(garbage));
  CHECK(settings.message() ==
        "hfoffline.toml: the file has 10485760 bytes; a config file has at most 1048576\n"
        "  check that this is the file you meant\n");
}

namespace {

// Of two tries, in the processor's own time: other work on the machine does not count.
double seconds_to_read(std::string_view text) {
  double least = 1e9;
  for (int tries = 0; tries < 2; ++tries) {
    Settings settings(std::size_t{1} << 26);
    const std::clock_t start = std::clock();
    settings.read(std::string(text));
    const double taken = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (taken < least) least = taken;
  }
  return least;
}

}  // namespace

TEST_CASE("the time for a megabyte of anything grows with its size, not with the square of it") {
  // One shape for every loop of the reader that could take time in the square of the size.
  const auto repeat = [](std::string head, std::string_view unit) {
    while (head.size() + unit.size() <= kMaximumConfigBytes) head += unit;
    return head;
  };
  const std::string files[] = {
      repeat("", "a"),
      repeat("", "\n"),
      repeat("", "["),
      repeat("", "[cache]\n"),
      repeat("#", "x"),
      repeat("[cache]\nmodels_dir = \"", "\\n"),
      repeat("", "\\"),
      repeat("[cache]\nmodels_dir = \"\"\"", "\""),
      repeat("[cache]\nmodels_dir = \"\"\"", "\\\n"),
      repeat("[egress]\nallow = [", "\"a\","),
      repeat("[env]\npresets = [", "\"vllm\","),
      repeat("[egress]\nallow = [", "\n"),
      repeat("[cache]\nmodels_dir = '''", "''\n"),
      repeat("[cache]\nmodels_dir = ", "1"),
      repeat("[cache]\nmodels_dir = ", "\xe2\x80\xae"),
      repeat("\x01", "\x01"),
      repeat("[cache]\nmodels_dir = \"/", "m"),
  };
  for (const std::string& file : files) {
    CAPTURE(file.substr(0, 40));
    // Four times the text takes 4 times as long, or 16 times if some loop goes back each time. What
    // takes next to no time is told by no ratio.
    const double quarter = seconds_to_read(std::string_view(file).substr(0, file.size() / 4));
    constexpr double kTooShortToTell = 0.02;
    CHECK(seconds_to_read(file) < 10 * quarter + kTooShortToTell);
  }
  const std::string comment = repeat("#", "x");
  REQUIRE(comment.size() == kMaximumConfigBytes);
  Settings exactly;
  CHECK(exactly.read(comment));
  Settings over;
  CHECK_FALSE(over.read(comment + "x"));
}

TEST_CASE("running out of memory is an error with a place, not a crash") {
  const std::size_t needed = 8 + 3 * sizeof(ListItem);  // the text with an escape, and three items
  for (std::size_t bytes = 0; bytes < 400; bytes += 8) {
    Settings settings(bytes);
    const bool read = settings.read("[egress]\nallow = [\"\\u0061.ci\", \"b.ci\", \"c.ci\"]\n");
    CHECK(read == (bytes >= needed));
    if (!read) {
      CHECK(settings.error.line == 2);
      CHECK(settings.message().find("there are more settings than fit into memory") !=
            std::string::npos);
    }
  }
}

TEST_CASE("the key table is sound") {
  std::set<std::string> names;
  std::set<std::string> variables;
  std::set<std::string> flags;
  std::set<std::string> finished_sections;
  std::string section;
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    const KeyInfo& info = key_info(static_cast<Key>(i));
    CAPTURE(info.section, info.name);
    // A misplaced key is told where it belongs: its name must be there once only.
    CHECK(names.insert(std::string(info.name)).second);
    if (!info.environment.empty()) CHECK(variables.insert(std::string(info.environment)).second);
    if (!info.flag.empty()) CHECK(flags.insert(std::string(info.flag)).second);
    CHECK_FALSE(info.help.empty());
    if (info.section != section) {
      CHECK(finished_sections.insert(section).second);
      section = info.section;
      CHECK(finished_sections.count(section) == 0);
    }
  }
  CHECK(key_info(Key::cache_models_dir).environment == "HFOFFLINE_MODELS_DIR");
  CHECK(key_info(Key::record_quiet).flag == "quiet");
  CHECK(is_list(ValueType::path_list));
  CHECK_FALSE(is_list(ValueType::absolute_path));
}
