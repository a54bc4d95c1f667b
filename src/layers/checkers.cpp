#include "layers/checker.h"

namespace hfoffline::layers {
namespace {

// The last row is no checker: a table without any would not compile.
constexpr Checker kCheckers[] = {
#define CHECKER(name, function, help) {#name, help, &function},
#include "layers/checkers.def"
#undef CHECKER
    {},
};

}  // namespace

std::span<const Checker> checkers() { return std::span(kCheckers).first(std::size(kCheckers) - 1); }

}  // namespace hfoffline::layers
