// Asks a real interpreter, under the shim, what it searches and what it finds.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "layers/checker.h"

namespace hfoffline::layers {

struct StartModule {
  std::string name;
  std::string origin;  // as python_probe.h has it
};

struct InterpreterFacts {
  std::string version;         // "3.11.2"
  std::string implementation;  // "cpython"
  std::string executable;
  std::string prefix;
  std::string base_prefix;
  std::string base_exec_prefix;
  std::string platlibdir;
  std::string stdlib;  // "" before 3.11
  bool ignores_environment = false;
  std::vector<std::string> suffixes;  // of extension modules: ".cpython-311-x86_64-linux-gnu.so"
  std::set<std::string, std::less<>> builtins;
  std::vector<std::string> path;           // sys.path; "" stands for the directory of the script
  std::vector<std::string> site_packages;  // site.getsitepackages()
  std::string user_site;                   // "" : not used
  std::vector<StartModule> start_modules;  // what start-up imported
};

// A directory with sentinels, to stand before the entry `index` of the search path.
struct Mirror {
  std::size_t index = 0;
  std::string directory;
};
struct SentinelQuestion {
  std::size_t mirror = 0;  // index of Questions::mirrors
  bool loaded = false;     // what start-up imported stays
  std::string name;
};
struct Questions {
  std::vector<std::string> path;
  std::vector<std::string> library;  // of it, the standard library
  std::vector<Mirror> mirrors;
  std::vector<std::string> real;
  bool loaded = true;  // for `real`: what start-up imported stays
  std::vector<SentinelQuestion> sentinels;
  std::vector<std::string> distributions;  // canonical names
};
// The copy of a distribution that importlib.metadata takes.
struct FoundDistribution {
  std::string directory;
  std::string version;
};
struct Answers {
  std::map<std::string, std::string, std::less<>> real;                 // name to origin
  std::vector<std::string> sentinels;                                   // as Questions::sentinels
  std::map<std::string, FoundDistribution, std::less<>> distributions;  // those that are found
};

class Interpreter {
 public:
  // InvalidArgument if there is no such program, or the flags are not those of an interpreter.
  static absl::StatusOr<Interpreter> find(const ShadowRequest& request);

  const std::string& path() const { return path_; }
  std::size_t starts() const { return starts_; }

  // `protect`: directories that cannot be written meanwhile; those that are none are left out.
  absl::StatusOr<InterpreterFacts> facts(const std::vector<std::string>& protect);
  absl::StatusOr<Answers> ask(const Questions& questions, const std::vector<std::string>& protect);

 private:
  absl::StatusOr<std::vector<std::string>> exchange(const std::vector<std::string>& fields,
                                                    const std::vector<std::string>& protect);

  const ShadowRequest* request_ = nullptr;
  std::string path_;
  std::vector<std::string> flags_;
  std::size_t starts_ = 0;
};

}  // namespace hfoffline::layers
