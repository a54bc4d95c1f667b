#include "layers/interpreter.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "cli/nested_run.h"
#include "cli/string_tools.h"
#include "cli/target.h"
#include "core/settings.h"
#include "layers/python_probe.h"
#include "layers/run_program.h"

namespace hfoffline::layers {
namespace {

using cli::cat;

constexpr int kSeconds = 60;
// Of what an interpreter knows, what changes its search path, and -B, -O and -v's likes that do
// not.
constexpr std::string_view kFlagLetters = "IsEPSOu";

absl::StatusOr<std::vector<std::string>> split_flags(std::string_view text) {
  std::vector<std::string> flags;
  for (const std::string_view flag : cli::split_skipping_empty(text, " ")) {
    if (flag.size() < 2 || flag[0] != '-' || flag.find_first_not_of(kFlagLetters, 1) != flag.npos) {
      return absl::InvalidArgumentError(
          cat("--python-flags may have -I, -s, -E, -P, -S, -O and -u, not \"", flag, "\""));
    }
    flags.emplace_back(flag);
  }
  return flags;
}

bool is_ours(std::string_view entry) {
  return entry.starts_with("HFOFFLINE_") && !entry.starts_with("HFOFFLINE_SHIM=");
}

// A run cannot protect what it cannot list, nor everything there is.
bool can_be_protected(const std::string& directory) {
  struct stat status;
  return directory.starts_with("/") && directory != "/" && stat(directory.c_str(), &status) == 0 &&
         S_ISDIR(status.st_mode) && access(directory.c_str(), R_OK | X_OK) == 0;
}

// What the interpreter said, for a message: its last lines.
std::string last_words(std::string_view messages) {
  messages = cli::strip_blanks(messages);
  constexpr std::size_t kMaximum = 400;
  if (messages.size() > kMaximum) messages.remove_prefix(messages.size() - kMaximum);
  return messages.empty() ? "" : cat("; it said: ", messages);
}

}  // namespace

absl::StatusOr<Interpreter> Interpreter::find(const ShadowRequest& request) {
  Interpreter interpreter;
  interpreter.request_ = &request;
  const std::string_view name =
      request.python.empty() ? "python3" : std::string_view(request.python);
  const cli::Target target =
      cli::find_target(name, find_in_environment(request.environment, "PATH"));
  if (target.error != 0) {
    return absl::InvalidArgumentError(
        cat("the interpreter ", name, " ",
            target.error == ENOENT ? "is not there" : "cannot be executed",
            "\n  --python FILE names another"));
  }
  interpreter.path_ = target.path;
  absl::StatusOr<std::vector<std::string>> flags = split_flags(request.python_flags);
  if (!flags.ok()) return flags.status();
  interpreter.flags_ = *std::move(flags);
  return interpreter;
}

absl::StatusOr<std::vector<std::string>> Interpreter::exchange(
    const std::vector<std::string>& fields, const std::vector<std::string>& protect) {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  // Inside a run the shim is there already, and its policy stays what it is.
  const bool nested = cli::is_nested(cli::Context{request_->environment});
  for (const char* const* entry = request_->environment; *entry != nullptr; ++entry) {
    if (nested || !is_ours(*entry)) environment.emplace_back(*entry);
  }
  if (!nested) {
    arguments = {request_->launcher, "run", "--config", "/dev/null", "--quiet"};
    for (const std::string& directory : protect) {
      if (can_be_protected(directory)) arguments.push_back(cat("--protect=", directory));
    }
    arguments.emplace_back("--");
  }
  arguments.push_back(path_);
  // No bytecode: it would be written into the layers.
  arguments.emplace_back("-B");
  arguments.insert(arguments.end(), flags_.begin(), flags_.end());
  arguments.emplace_back("-c");
  arguments.emplace_back(kPythonProbe);

  const std::string word = cat("hfoffline-answer-", getpid(), "-", starts_);
  std::string input = word;
  for (const std::string& field : fields) {
    input.push_back('\0');
    input.append(field);
  }
  ++starts_;
  absl::StatusOr<ProgramResult> result = run_program(arguments, environment, input, kSeconds);
  if (!result.ok()) return result.status();
  const std::string& output = result->output;
  const std::size_t begin = output.find(word);
  const std::size_t end = output.rfind(word);
  if (!WIFEXITED(result->wait_status) || begin == output.npos || begin == end) {
    return absl::InternalError(cat("the interpreter ", path_, " did not answer",
                                   last_words(result->messages),
                                   "\n  it must be Python 3.6 or newer, and start by itself"));
  }
  std::vector<std::string> answer;
  std::size_t at = begin + word.size();
  while (at < end) {
    const std::size_t next = output.find('\0', ++at);
    if (next >= end) break;
    answer.push_back(output.substr(at, next - at));
    at = next;
  }
  return answer;
}

absl::StatusOr<InterpreterFacts> Interpreter::facts(const std::vector<std::string>& protect) {
  const absl::StatusOr<std::vector<std::string>> answer = exchange({"facts"}, protect);
  if (!answer.ok()) return answer.status();
  InterpreterFacts facts;
  const std::map<std::string_view, std::string*> texts = {
      {"version", &facts.version},         {"implementation", &facts.implementation},
      {"executable", &facts.executable},   {"prefix", &facts.prefix},
      {"base_prefix", &facts.base_prefix}, {"base_exec_prefix", &facts.base_exec_prefix},
      {"platlibdir", &facts.platlibdir},   {"stdlib", &facts.stdlib},
      {"user", &facts.user_site},
  };
  const std::map<std::string_view, std::vector<std::string>*> lists = {
      {"suffix", &facts.suffixes}, {"path", &facts.path}, {"site", &facts.site_packages}};
  for (std::size_t i = 0; i + 1 < answer->size(); i += 2) {
    const std::string& name = (*answer)[i];
    const std::string& value = (*answer)[i + 1];
    if (const auto text = texts.find(name); text != texts.end()) *text->second = value;
    if (const auto list = lists.find(name); list != lists.end()) list->second->push_back(value);
    if (name == "ignore_environment") facts.ignores_environment = value != "0";
    if (name == "builtin") facts.builtins.insert(value);
    if (name == "module") facts.start_modules.push_back({value, {}});
    if (name == "origin" && !facts.start_modules.empty()) facts.start_modules.back().origin = value;
  }
  return facts;
}

absl::StatusOr<Answers> Interpreter::ask(const Questions& questions,
                                         const std::vector<std::string>& protect) {
  std::vector<std::string> fields = {"ask"};
  const auto add = [&](std::initializer_list<std::string> more) {
    fields.insert(fields.end(), more.begin(), more.end());
  };
  for (const std::string& entry : questions.path) add({"path", entry});
  for (const std::string& entry : questions.library) add({"library", entry});
  for (std::size_t i = 0; i < questions.mirrors.size(); ++i) {
    const Mirror& mirror = questions.mirrors[i];
    add({"mirror", std::to_string(i), std::to_string(mirror.index), mirror.directory});
  }
  for (const std::string& name : questions.real) add({"real", questions.loaded ? "1" : "0", name});
  for (const SentinelQuestion& question : questions.sentinels) {
    add({"sentinel", std::to_string(question.mirror), question.loaded ? "1" : "0", question.name});
  }
  for (const std::string& name : questions.distributions) add({"distribution", name});
  absl::StatusOr<std::vector<std::string>> answer = exchange(fields, protect);
  if (!answer.ok()) return answer.status();
  Answers answers;
  for (std::size_t i = 0; i < answer->size();) {
    const std::string& what = (*answer)[i];
    const std::size_t last = i + (what == "real" ? 2 : 3);
    if (last >= answer->size()) break;
    const std::string& name = (*answer)[i + 1];
    if (what == "real") {
      answers.real[name] = (*answer)[last];
    } else if (what == "sentinel") {
      answers.sentinels.push_back((*answer)[last]);
    } else if (!(*answer)[last - 1].empty()) {
      answers.distributions[name] = {(*answer)[last - 1], (*answer)[last]};
    }
    i = last + 1;
  }
  if (answers.sentinels.size() != questions.sentinels.size())
    return absl::InternalError(cat("the interpreter ", path_, " answered only a part"));
  return answers;
}

}  // namespace hfoffline::layers
