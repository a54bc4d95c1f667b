// What the interpreter is asked to run, with -c.
//
// It reads fields from stdin, each but the last followed by a NUL: a word that the answer starts
// and ends with, so that what start-up prints is not taken for it; then "facts", or "ask" and
//   path ENTRY             the search path, one by one
//   library ENTRY          those of it that are the standard library's
//   mirror NUMBER INDEX DIRECTORY   a directory that stands before the INDEXth entry when asked
//   real LOADED NAME       what an import of NAME gives; LOADED is 1 if modules that start-up
//   imported
//                          stay what they are
//   sentinel NUMBER LOADED NAME     the same with mirror NUMBER in its place
//   distribution NAME      what importlib.metadata says of it; last, since that imports modules
// The answers are fields too: "real" NAME ORIGIN, "sentinel" NUMBER NAME ORIGIN, "distribution"
// NAME DIRECTORY VERSION (both empty: not found, or Python before 3.8), for facts pairs of name and
// value. ORIGIN is a path, "built-in", "frozen", "namespace:" and a path, "" (not found),
// or starts with "?" (found, but nobody says where).
#pragma once

namespace hfoffline::layers {

extern const char* const kPythonProbe;

}  // namespace hfoffline::layers
