// `hfoffline shadow`: its flags. The work is in the helper program hfoffline-layers
// (shadow_main.cpp).
#include "cli/command.h"
#include "cli/helper_program.h"

namespace hfoffline::cli {
namespace {

constexpr Flag kFlags[] = {
    {"core", "NAME", "the layer that must win: its name, or its path"},
    {"layer", "NAME=PATH",
     "a place of the search order, the first given is searched first; may be repeated (default: "
     "[[layer]] tables, and what the interpreter itself says)"},
    {"python", "FILE", "the interpreter (default: the python3 in PATH)"},
    {"python-flags", "FLAGS", "what it is started with: -I, -s, -E, -P, -S, as in \"-I -S\""},
    {"script", "FILE", "the script that is run; without it, the working directory is searched"},
    {"program", "FILE",
     "libs: the program (default: the interpreter); cache: a program that may have a client "
     "inside"},
    {"extension", "FILE", "libs: an extension module, as the interpreter loads it"},
    {"sample", "COUNT",
     "how many names of core are asked about besides contested ones (default: 50)"},
    {"only-read", "", "start nothing: what wins follows from the rules, and is not observed"},
    {"notes", "", "show every note, and not only how many there are"},
    {"json", "", "the report as JSON"},
};

}  // namespace

const Usage shadow_usage = {
    .synopsis = "[FLAG]... [CHECK]...",
    .description =
        "Says what shadows the sealed copy: which module, library, cache or variable of another "
        "layer is used instead of core's. CHECK is one of the checks below, or all, the default. "
        "What is contested is found by reading, and then asked of the real program under the shim, "
        "with sentinels in a scratch copy of each layer's place. Nothing is written into the "
        "layers.\n\n"
#define CHECKER(name, function, help) #name ": " help "\n\n"
#include "layers/checkers.def"
#undef CHECKER
        "Exit code: 0 nothing shadows core; 3 something does; 2 wrong usage or bad settings; 125 "
        "the check itself failed, a sentinel that must be seen was not, for example.",
    .examples =
        "hfoffline shadow\n"
        "hfoffline shadow python --python app/bin/python --script app/main.py\n"
        "hfoffline shadow python --layer core=/opt/core --layer more=/data/more",
    .flags = kFlags,
    .takes_settings = true,
    .positionals = Positionals::kAny,
#define CHECKER(name, function, help) #name " "
    .words =
#include "layers/checkers.def"
        "all",
#undef CHECKER
};

int shadow_command(const Context& context, const Arguments& arguments) {
  return run_layers_helper(context, "shadow", arguments);
}

}  // namespace hfoffline::cli
