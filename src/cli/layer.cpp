// `hfoffline layer`: its flags. The work is in the helper program hfoffline-layers
// (layer_main.cpp).
#include "cli/command.h"
#include "cli/helper_program.h"

namespace hfoffline::cli {
namespace {

constexpr Flag kFlags[] = {
    {"python", "FILE", "the interpreter the layer is for (default: the python3 in PATH)"},
    {"wipe-stale", "", "prepare: empty a layer that was made for another interpreter"},
    {"installer", "NAME", "install: pip or uv (default: the interpreter's pip, else uv)"},
    {"layer", "NAME=DIR",
     "lock, verify: a layer of the stack, the first given is searched first; may be repeated "
     "(default: the [[layer]] tables)"},
    {"file", "FILE",
     "lock, verify: the lock file, - for stdout or stdin (default: hfoffline-layers.lock)"},
    {"json", "", "status, env: JSON"},
    kConfigFlag,
};

}  // namespace

const Usage layer_usage = {
    .synopsis =
        "status DIR | prepare DIR | install DIR SPEC... | env DIR | lock | verify [FLAG]...",
    .description =
        "Looks after durable layers: directories of packages that are installed at run time, next "
        "to a sealed core, and searched after it.\n\n"
        "status says what a layer is and holds: whether it can be written to, the interpreter it "
        "was made for, its distributions, the names that core has too, its size.\n\n"
        "prepare makes a layer for an interpreter and stamps it. One that was made for another "
        "interpreter is reported, and emptied only with --wipe-stale.\n\n"
        "install adds packages by name and version; every package of core is held at its version. "
        "The layer changes as a whole or not at all. Afterwards `hfoffline shadow python` is run. "
        "HFOFFLINE_DISABLE_LAYER_INSTALL=1, or enabled = false in [layer_install], switches it "
        "off.\n\n"
        "env prints what makes the interpreter search the layer last, for eval in a shell.\n\n"
        "lock writes down what each layer of a stack holds, and verify says exactly what differs "
        "from that.\n\n"
        "Exit code: 0 done, and nothing differs; 1 it could not be done, and nothing was changed; "
        "2 wrong usage, bad settings, or refused; 3 something differs: the interpreter's stamp, "
        "the lock, or the layer shadows core.",
    .examples =
        "hfoffline layer prepare /data/durable --python /opt/core/bin/python\n"
        "hfoffline layer install /data/durable 'fsspec>=2024.1'\n"
        "eval \"$(hfoffline layer env /data/durable --python /opt/core/bin/python)\"\n"
        "hfoffline layer lock --layer core=/opt/core --layer durable=/data/durable",
    .flags = kFlags,
    .takes_settings = false,
    .positionals = Positionals::kAny,
    .words = "status prepare install env lock verify",
};

int layer_command(const Context& context, const Arguments& arguments) {
  return run_layers_helper(context, "layer", arguments);
}

}  // namespace hfoffline::cli
