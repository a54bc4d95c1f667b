// Flags and variables, and who wins over whom.
#include <string>

#include "catch.h"
#include "config_test_support.h"

using namespace hfoffline;
using test::Settings;

TEST_CASE("flag over environment over file over default") {
  Settings settings;
  CHECK(settings.config.text(Key::egress_mode) == "refuse");
  CHECK_FALSE(settings.config.at(Key::egress_mode).given);
  CHECK(settings.source(Key::egress_mode) == "default");

  REQUIRE(settings.read("[egress]\nmode = \"audit\"\nerrno = \"EPERM\"\n[env]\nlock = false\n"));
  CHECK(settings.config.text(Key::egress_mode) == "audit");
  CHECK(settings.config.at(Key::egress_mode).given);
  CHECK(settings.source(Key::egress_mode) == "hfoffline.toml:2");
  CHECK_FALSE(settings.config.boolean(Key::env_lock));

  REQUIRE(settings.environment({"HFOFFLINE_ERRNO=EACCES", "HFOFFLINE_LOCK=true"}));
  CHECK(settings.config.text(Key::egress_mode) == "audit");
  CHECK(settings.config.text(Key::egress_errno) == "EACCES");
  CHECK(settings.source(Key::egress_errno) == "HFOFFLINE_ERRNO");
  CHECK(settings.config.boolean(Key::env_lock));

  REQUIRE(settings.flag(Key::egress_errno, "--errno", "ENETDOWN"));
  CHECK(settings.config.text(Key::egress_errno) == "ENETDOWN");
  CHECK(settings.source(Key::egress_errno) == "--errno");
  REQUIRE(settings.flag(Key::egress_errno, "--errno", "EPERM"));
  CHECK(settings.config.text(Key::egress_errno) == "EPERM");
}

TEST_CASE("lists add up over their sources, and each item knows its own") {
  Settings settings;
  REQUIRE(settings.read("[egress]\nallow = [\n  \"a.ci\",\n  \"b.ci:1\"]\n"));
  REQUIRE(settings.environment({"HFOFFLINE_ALLOW=c.ci, d.ci:2", "HFOFFLINE_PROTECT=/x:/y z"}));
  REQUIRE(settings.flag(Key::egress_allow, "--allow", "e.ci"));
  REQUIRE(settings.flag(Key::egress_allow, "--allow", "f.ci"));
  CHECK(settings.items(Key::egress_allow) ==
        "a.ci@hfoffline.toml:3 b.ci:1@hfoffline.toml:4 c.ci@HFOFFLINE_ALLOW "
        "d.ci:2@HFOFFLINE_ALLOW e.ci@--allow f.ci@--allow");
  CHECK(settings.items(Key::cache_protect) == "/x@HFOFFLINE_PROTECT /y z@HFOFFLINE_PROTECT");
  CHECK(settings.config.at(Key::egress_allow).last->text == "f.ci");
}

TEST_CASE("presets are replaced by a stronger source, and add up over repeated flags") {
  Settings settings;
  CHECK(settings.config.text(Key::env_presets) == "all");
  REQUIRE(settings.read("[env]\npresets = [\"vllm\"]\n"));
  CHECK(settings.config.text(Key::env_presets).empty());
  CHECK(settings.items(Key::env_presets) == "vllm@hfoffline.toml:2");
  REQUIRE(settings.variable(Key::env_presets, "huggingface , transformers"));
  CHECK(settings.items(Key::env_presets) ==
        "huggingface@HFOFFLINE_PRESETS transformers@HFOFFLINE_PRESETS");
  REQUIRE(settings.flag(Key::env_presets, "--presets", "vllm,huggingface"));
  CHECK(settings.items(Key::env_presets) == "vllm@--presets huggingface@--presets");
  REQUIRE(settings.flag(Key::env_presets, "--presets", "transformers,vllm"));
  CHECK(settings.items(Key::env_presets) ==
        "vllm@--presets huggingface@--presets transformers@--presets");
}

TEST_CASE("all presets by name, and none") {
  Settings all;
  REQUIRE(all.read("[env]\npresets = [\"vllm\", \"all\"]\n"));
  CHECK(all.items(Key::env_presets) ==
        "vllm@hfoffline.toml:2 huggingface@hfoffline.toml:2 transformers@hfoffline.toml:2");
  REQUIRE(all.read("[env]\npresets = []\n"));
  CHECK(all.config.at(Key::env_presets).given);
  CHECK(all.config.items(Key::env_presets) == nullptr);
  CHECK(all.config.text(Key::env_presets).empty());
}

TEST_CASE("a flag of list type is one item, commas and colons included") {
  Settings settings;
  REQUIRE(settings.flag(Key::env_set, "--set", "A=1,2"));
  REQUIRE(settings.flag(Key::cache_protect, "--protect", "/a:b,c"));
  CHECK(settings.items(Key::env_set) == "A=1,2@--set");
  CHECK(settings.items(Key::cache_protect) == "/a:b,c@--protect");
}

TEST_CASE("the environment is searched for exactly the variables of the table") {
  Settings settings;
  REQUIRE(settings.environment({"HFOFFLINE_MODE", "HFOFFLINE_MODEX=audit", "XHFOFFLINE_MODE=audit",
                                "HFOFFLINE_MOD=audit", "HFOFFLINE_CONFIG=/x", "", "=",
                                "HFOFFLINE_MODELS_DIR=/a=b", "HFOFFLINE_MODELS_DIR=/second"}));
  CHECK_FALSE(settings.config.at(Key::egress_mode).given);
  CHECK(settings.config.text(Key::cache_models_dir) == "/a=b");
  CHECK(settings.environment({}));
  Diagnostic error;
  char memory[64];
  Arena arena(memory, sizeof memory);
  CHECK(apply_environment(nullptr, test::kPresets, arena, settings.config, error));
}

TEST_CASE("bad flags and variables: the whole message") {
  struct Row {
    bool is_flag;
    Key key;
    std::string_view value;
    std::string_view message;
  };
  const Row rows[] = {
      {true, Key::egress_allow, "10.0.0.1:99999",
       "--allow: \"10.0.0.1:99999\": the port must be 1 to 65535\n"
       "  | 10.0.0.1:99999\n"
       "  |          ^\n"
       "  write a host, an address or a network, and a port if only one is meant:\n"
       "  \"minio.ci:9000\", \"10.0.0.5\", \"192.168.0.0/16\", \"[fd00::5]:443\"\n"},
      {false, Key::egress_allow, "a.ci, 10.0.0.1/8",
       "HFOFFLINE_ALLOW: \"10.0.0.1/8\": the network has bits set after its prefix\n"
       "  | a.ci, 10.0.0.1/8\n"
       "  |       ^\n"
       "  write \"10.0.0.0/8\" for the network, or \"10.0.0.1\" for the one address\n"},
      {false, Key::egress_allow, "a.ci,,b.ci",
       "HFOFFLINE_ALLOW: an item of the list is empty\n"
       "  | a.ci,,b.ci\n"
       "  |      ^\n"
       "  write the items with single commas between them\n"},
      {false, Key::egress_allow, "a.ci,",
       "HFOFFLINE_ALLOW: an item of the list is empty\n"
       "  | a.ci,\n"
       "  |      ^\n"
       "  write the items with single commas between them\n"},
      {false, Key::cache_protect, "/a:b",
       "HFOFFLINE_PROTECT: \"b\" is not an absolute path\n"
       "  | /a:b\n"
       "  |    ^\n"
       "  write the whole path from /: programs that change their directory would not\n"
       "  agree on this one\n"},
      {false, Key::cache_protect, ":/a",
       "HFOFFLINE_PROTECT: an item of the list is empty\n"
       "  | :/a\n"
       "  | ^\n"
       "  write the paths with single colons between them\n"},
      {false, Key::cache_models_dir, "",
       "HFOFFLINE_MODELS_DIR: the value is empty\n"
       "  give it a value, or unset the variable\n"},
      {true, Key::cache_models_dir, "",
       "--models-dir: the value is empty\n"
       "  give it a value, or leave the flag out\n"},
      {true, Key::cache_models_dir, "models",
       "--models-dir: \"models\" is not an absolute path\n"
       "  | models\n"
       "  | ^\n"
       "  write the whole path from /: programs that change their directory would not\n"
       "  agree on this one\n"},
      {true, Key::env_presets, "vllm,transformer",
       "--presets: there is no preset \"transformer\"\n"
       "  | vllm,transformer\n"
       "  |      ^\n"
       "  did you mean \"transformers\"?\n"},
      {false, Key::env_lock, "0",
       "HFOFFLINE_LOCK: \"0\" is not one of \"true\" and \"false\"\n"
       "  | 0\n"
       "  | ^\n"
       "  write \"false\"\n"},
      {true, Key::env_set, "\xff\x1b",
       "--set: \"\\xFF\\x1B\" has no = and no value\n"
       "  | \\xFF\\x1B\n"
       "  |         ^\n"
       "  write NAME=VALUE; to remove a variable, name it in [env] unset\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    Settings settings;
    const std::string flag = "--" + std::string(key_info(row.key).flag);
    const bool applied = row.is_flag ? settings.flag(row.key, flag, row.value)
                                     : settings.variable(row.key, row.value);
    CHECK_FALSE(applied);
    CHECK(settings.message() == row.message);
    CHECK(settings.error.line == 0);
    CHECK(std::string(settings.error.file).empty());
  }
}

TEST_CASE("an environment with a bad value is refused as a whole") {
  Settings settings;
  CHECK_FALSE(settings.environment({"HFOFFLINE_MODE="}));
  CHECK(settings.message() ==
        "HFOFFLINE_MODE: the value is empty\n"
        "  give it a value, or unset the variable\n");
}

TEST_CASE("a full arena is an error in a flag too") {
  Settings settings(8);
  CHECK_FALSE(settings.flag(Key::egress_allow, "--allow", "a.ci"));
  CHECK(settings.message() ==
        "--allow: there are more settings than fit into memory\n"
        "  | a.ci\n"
        "  | ^\n"
        "  give fewer of them\n");
}
