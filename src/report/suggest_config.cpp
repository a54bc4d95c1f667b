#include "report/suggest_config.h"

#include <algorithm>

#include "core/allow_rule.h"
#include "report/escape.h"
#include "report/groups.h"

namespace hfoffline::report {
namespace {

constexpr std::size_t kWidth = 79;
constexpr std::size_t kMaximumUsers = 3;
constexpr std::size_t kMaximumRemarks = 5;
// A set is cut at this size: nobody reads on, and a record may be long.
constexpr std::size_t kMaximumKept = 1000;

bool is_allow_rule(const std::string& entry) {
  AllowRule rule;
  std::string_view why;
  std::size_t offset = 0;
  return parse_allow_rule(entry, &rule, &why, &offset);
}

void keep(std::string text, std::set<std::string>* texts) {
  if (texts->size() < kMaximumKept) texts->insert(std::move(text));
}

// The tests on one line if they fit behind `entry`, else one per line above it.
std::string with_users(const std::string& entry, const std::set<std::string>& users) {
  std::string behind;
  std::string above;
  std::size_t shown = 0;
  for (const std::string& user : users) {
    if (shown++ == kMaximumUsers) break;
    behind += (behind.empty() ? "  # " : ", ") + display(user);
    above += "  # " + shorten(display(user), kWidth - 4) + "\n";
  }
  if (users.size() > kMaximumUsers) {
    const std::string more = "and " + std::to_string(users.size() - kMaximumUsers) + " more";
    behind += " " + more;
    above += "  # " + more + "\n";
  }
  const std::string line = "  \"" + entry + "\",";
  if (line.size() + behind.size() <= kWidth) return line + behind + "\n";
  return above + line + "\n";
}

void remark(std::string_view what, const std::set<std::string>& texts, std::string* text) {
  if (texts.empty()) return;
  for (const char c : "# " + wrap(what, kWidth - 2, 0)) {
    text->push_back(c);
    if (c == '\n') *text += "# ";
  }
  text->push_back('\n');
  std::size_t shown = 0;
  for (const std::string& each : texts) {
    if (shown++ == kMaximumRemarks) break;
    *text += "#   " + shorten(display(each), kWidth - 4) + "\n";
  }
  if (texts.size() > kMaximumRemarks)
    *text += "#   and " + std::to_string(texts.size() - kMaximumRemarks) + " more\n";
}

}  // namespace

void ConfigSuggestion::add(const Need& need) {
  std::string user(need.test.empty() ? need.program : test_without_phase(need.test));
  if (need.kind == "exec") {
    // What was only warned about runs as it is; without the shim's file nothing helps.
    if (need.verdict != "refuse") return;
    keep(std::string(need.target),
         need.reason == "exec_shim_unreachable" ? &impossible_ : &unshimmed_);
  } else if (need.kind == "write") {
    keep(std::string(need.target), &writes_);
    // What was refused then is refused again, and the run is the same.
    if (need.verdict == "audit") writes_count_ = true;
  } else if (need.kind == "probe") {
    keep(std::string(need.target), &probes_);
  } else if (need.reason == "egress_address" || need.reason == "egress_name") {
    const std::string host(need.host.empty() ? need.target : need.host);
    const std::string entry = host_and_port(host, need.port);
    if (!is_allow_rule(entry)) {
      keep(std::string(need.target), &impossible_);
      return;
    }
    Host& known = hosts_[host];
    if (need.port > 0) {
      keep(std::move(user), &known.ports[need.port]);
    } else {
      keep(std::move(user), need.kind == "name" ? &known.lookups : &known.every_port);
    }
  } else if (need.kind == "egress" || need.kind == "name") {
    keep(std::string(need.target), &impossible_);
  }
}

std::map<std::string, std::set<std::string>> ConfigSuggestion::entries() const {
  std::map<std::string, Users> result;
  for (const auto& [host, known] : hosts_) {
    // A host without a port is allowed on every port.
    if (known.ports.empty() || !known.every_port.empty()) {
      Users& users = result[host];
      users.insert(known.lookups.begin(), known.lookups.end());
      users.insert(known.every_port.begin(), known.every_port.end());
      for (const auto& [port, its_users] : known.ports)
        users.insert(its_users.begin(), its_users.end());
      continue;
    }
    for (const auto& [port, its_users] : known.ports) {
      // A lookup on no particular port is allowed with any of them.
      Users& users = result[host_and_port(host, port)];
      users = its_users;
      users.insert(known.lookups.begin(), known.lookups.end());
    }
  }
  return result;
}

std::vector<std::string> ConfigSuggestion::allow() const {
  std::vector<std::string> result;
  for (const auto& [entry, users] : entries()) result.push_back(entry);
  return result;
}

bool ConfigSuggestion::is_empty() const { return hosts_.empty() && unshimmed_.empty(); }

bool ConfigSuggestion::is_enough() const { return impossible_.empty() && !writes_count_; }

void ConfigSuggestion::append_remarks(std::string* text) const {
  remark(
      "No setting allows writes below a protected tree. Stage what is missing, or lead the "
      "program to scratch:",
      writes_, text);
  remark("No setting lets these through:", impossible_, text);
  remark(
      "Datagram sockets were pointed at these without sending, which is refused and no "
      "violation. Allow them if a program fails without:",
      probes_, text);
}

std::string ConfigSuggestion::toml() const {
  std::string text;
  const std::map<std::string, Users> allowed = entries();
  if (!allowed.empty()) {
    text += "[egress]\nallow = [\n";
    for (const auto& [entry, users] : allowed) text += with_users(entry, users);
    text += "]\n";
  }
  if (!unshimmed_.empty()) {
    text += "[exec]\n";
    std::size_t shown = 0;
    for (const std::string& program : unshimmed_) {
      if (shown++ == kMaximumUsers) break;
      text += "# " + shorten(display(program), kWidth - 2) + "\n";
    }
    if (unshimmed_.size() > kMaximumUsers)
      text += "# and " + std::to_string(unshimmed_.size() - kMaximumUsers) + " more\n";
    text += "unshimmed = \"warn\"\n";
  }
  append_remarks(&text);
  return text;
}

}  // namespace hfoffline::report
