// `hfoffline explain`: which rule decides about one path, host or variable.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "cli/child_environment.h"
#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/hosts_lookup.h"
#include "cli/message.h"
#include "cli/redirects.h"
#include "cli/run_policy.h"
#include "cli/run_settings.h"
#include "cli/shell_quote.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/allow_rule.h"
#include "core/decide.h"
#include "core/errnos.h"
#include "core/path.h"
#include "core/policy_transport.h"
#include "core/settings.h"
#include "presets/presets.h"

namespace hfoffline::cli {
namespace {

std::string text_of(const Source& source) {
  char text[600];
  Appender out(text);
  append_source(source, out);
  return printable(out.view());
}

std::string text_of(const IpAddress& address) {
  char text[64];
  Appender out(text);
  append_address(address, out);
  return std::string(out.view());
}

// ---- Paths

// Where a path leads, as far as it exists; a link that leads nowhere is followed as well, since
// writing makes its target.
std::string real_path(const std::string& path, int links = 0) {
  constexpr int kMaximumLinks = 40;
  char buffer[PATH_MAX];
  if (realpath(path.c_str(), buffer) != nullptr) return buffer;
  const std::size_t end = path.find_last_not_of('/');
  const std::size_t slash = end == path.npos ? path.npos : path.rfind('/', end);
  if (slash == path.npos) return path;
  const std::string parent = slash == 0 ? "/" : real_path(path.substr(0, slash), links);
  std::string whole =
      cat(parent, parent.ends_with('/') ? "" : "/", path.substr(slash + 1, end - slash));
  const ssize_t size = readlink(whole.c_str(), buffer, sizeof(buffer));
  if (size <= 0 || links == kMaximumLinks) return whole;
  const std::string target(buffer, static_cast<std::size_t>(size));
  return real_path(target.starts_with('/') ? target : cat(parent, "/", target), links + 1);
}

const ProtectedTree* tree_of(const RunPlan& plan, std::string_view path) {
  for (std::size_t i = 0; i < plan.tree_count; ++i) {
    if (is_at_or_below(path, plan.trees[i].path)) return &plan.trees[i];
  }
  return nullptr;
}

std::string describe_place(const RunPlan& plan, const std::string& path) {
  const ProtectedTree* tree = tree_of(plan, path);
  if (tree == nullptr)
    return cat("writes go through: ", printable(path), " is below no protected tree\n");
  return cat("writes are refused (EROFS): ", printable(path), " is ",
             path == tree->path ? "the root of" : "below", " the protected tree ",
             printable(tree->path), "\nrule: ", text_of(tree->source), "\n");
}

std::string explain_path(const RunPlan& plan, std::string_view given) {
  const std::string path = absolute_path(given);
  const std::string target = real_path(path);
  // Where the name itself is: a link can be in one tree and lead to another.
  const std::size_t end = path.find_last_not_of('/') + 1;
  const std::size_t slash = path.substr(0, end).rfind('/');
  const std::string last = path.substr(slash + 1, end - slash - 1);
  std::string place = target;
  if (!last.empty() && last != "." && last != "..") {
    const std::string parent = real_path(slash == 0 ? "/" : path.substr(0, slash));
    place = cat(parent, parent.ends_with('/') ? "" : "/", last);
  }
  std::string text = printable(path);
  if (target != path) append(&text, "\nleads to ", printable(target));
  append(&text, "\n", describe_place(plan, target));
  if (place != target && tree_of(plan, place) != tree_of(plan, target)) {
    append(&text, "the link itself (unlink, rename): ", describe_place(plan, place));
  }
  if (plan.tree_count == 0) append(&text, "no models dir and no [cache] protect is given\n");
  append(&text, "reads are never refused\n");
  return text;
}

// Where [cache] redirect leads a path, or "".
std::string explain_redirected(const RunPlan& plan, const char* home, std::string_view given) {
  const std::string path = absolute_path(given);
  for (const ListItem* item = plan.config->items(Key::cache_redirect); item != nullptr;
       item = item->next) {
    Redirect redirect;
    if (!parse_redirect(item->text, &redirect)) continue;
    std::string from(redirect.from);
    if (from.starts_with("~/") && home != nullptr) from = cat(home, redirect.from.substr(1));
    if (!is_at_or_below(path, from)) continue;
    const std::string to = cat(redirect.to, std::string_view(path).substr(from.size()));
    return cat(
        printable(path), "\nredirected, ",
        choose_redirect_way(plan.config->text(Key::cache_redirect_way)) == RedirectWay::kMount
            ? "by a read-only mount"
            : "in each process",
        "; writes fail with EROFS\nrule: ", text_of(item->source), "\n", explain_path(plan, to));
  }
  return "";
}

// ---- Hosts

// As the shim asks: towards an own address the kernel's source address is that very address. Sends
// nothing.
bool is_own_address(const IpAddress& address) {
  if (is_multicast_or_broadcast(address)) return false;
  sockaddr_in6 v6 = {};
  sockaddr_in v4 = {};
  sockaddr* target = reinterpret_cast<sockaddr*>(&v6);
  socklen_t size = sizeof(v6);
  if (address.is_v4()) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(9);
    std::memcpy(&v4.sin_addr, address.bytes + 12, 4);
    target = reinterpret_cast<sockaddr*>(&v4);
    size = sizeof(v4);
  } else {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(9);
    std::memcpy(&v6.sin6_addr, address.bytes, 16);
  }
  const int descriptor = socket(target->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  bool own = false;
  if (connect(descriptor, target, size) == 0 && getsockname(descriptor, target, &size) == 0) {
    const IpAddress source =
        address.is_v4() ? address_from_v4(&v4.sin_addr) : address_from_v6(&v6.sin6_addr);
    own = source == address;
  }
  close(descriptor);
  return own;
}

std::string not_allowed(const Policy& policy) {
  if (policy.audit()) {
    return "let through and recorded (mode = \"audit\"): not on this machine and not on the "
           "allow-list\n";
  }
  return cat("refused with ", errno_name(static_cast<int>(policy.header().egress_errno)),
             ": not on this machine and not on the allow-list\n");
}

std::string describe_address(const Policy& policy, const IpAddress& address, std::uint16_t port) {
  Endpoint endpoint;
  endpoint.address = address;
  endpoint.port = port;
  const Verdict verdict = decide_endpoint(policy, endpoint);
  if (verdict.allowed && verdict.rule == "loopback")
    return "allowed: loopback stays on this machine\n";
  if (verdict.allowed)
    return cat("allowed by the allow-list\nrule: ", printable(verdict.rule), "\n");
  if (is_own_address(address)) return "allowed: this is one of the machine's own addresses\n";
  return cat(not_allowed(policy), "rule: ", printable(verdict.rule), "\n");
}

std::string read_hosts_file() {
  ArenaMemory memory;
  std::string_view text;
  return read_file("/etc/hosts", memory.arena(), &text) == 0 ? std::string(text) : std::string();
}

std::string explain_name(const Policy& policy, std::string_view text_given, std::string_view name,
                         std::uint16_t port) {
  if (is_localhost(name)) return "allowed: localhost is this machine\n";
  const Verdict verdict = decide_name(policy, name, port);
  if (verdict.allowed) {
    return cat(
        "allowed by the allow-list: the name is looked up, and its addresses may be "
        "reached\nrule: ",
        printable(verdict.rule), "\n");
  }
  std::string text;
  for (const HostsEntry& entry : find_in_hosts(read_hosts_file(), name)) {
    append(&text, "/etc/hosts:", entry.line, " says ", text_of(entry.address), ": ",
           describe_address(policy, entry.address, port));
  }
  if (!text.empty()) return text;
  if (port != 0 && decide_name(policy, name, 0).allowed) {
    append(&text, "the allow-list has this name for another port\n");
  }
  if (policy.audit())
    return text + "let through and recorded (mode = \"audit\"): the lookup and the connection\n";
  return text +
         "refused: the lookup fails at once (EAI_NONAME); the name is neither in /etc/hosts nor on "
         "the allow-list\n"
         "rule: default; to allow it: --allow " +
         shell_quote(printable(text_given)) + "\n";
}

// "10.0.0.0/8", which --allow takes; who means a directory of that name writes ./ before it.
bool is_network(std::string_view text, std::string* address) {
  AllowRule rule;
  std::string_view why;
  std::size_t offset = 0;
  if (text.find('/') == text.npos || !parse_allow_rule(text, &rule, &why, &offset) || rule.is_name)
    return false;
  *address = text_of(rule.network.base);
  return true;
}

// "https://host:443/path"; a directory "https:" is written with ./ before it.
bool is_url(std::string_view text) {
  const std::size_t scheme = text.find("://");
  return scheme != text.npos && scheme != 0 && text.find('/') == scheme + 1;
}

std::string_view host_of_url(std::string_view text) {
  text.remove_prefix(text.find("://") + 3);
  text = text.substr(0, text.find_first_of("/?#"));
  return text.substr(text.rfind('@') + 1);
}

int refuse_question(std::string_view text, std::string_view what, std::string_view instead) {
  error(cat("\"", printable(text), "\" is ", what, ": ask about ",
            instead.empty() ? std::string("a host") : shell_quote(printable(instead)),
            "\n  a path starts with / or ./, and a variable ends in ="));
  return kWrongUse;
}

int explain_host(const RunPlan& plan, std::string_view text) {
  HostAndPort host;
  std::string_view why;
  std::size_t offset = 0;
  if (!parse_host_and_port(text, &host, &why, &offset)) {
    error(cat("\"", printable(text), "\" is no host: ", why,
              "\n  a path starts with / or ./, and a variable ends in ="));
    return kWrongUse;
  }
  BuiltPolicy built;
  Diagnostic problem;
  if (!build_run_policy(plan, RunFiles{}, built, problem)) {
    error(problem);
    return kWrongUse;
  }
  Policy policy;
  policy.attach(built.bytes(), built.size);
  const std::string head = cat(printable(text), "\n");
  return print(cat(head, host.is_address ? describe_address(policy, host.address, host.port)
                                         : explain_name(policy, text, host.host, host.port)));
}

// ---- Variables

// What the launcher and the exec hooks do to variables that no setting may name.
std::string_view own_doing(std::string_view name) {
  if (name == "LD_PRELOAD")
    return "the shim is put before what is in it, at every start of a program";
  if (name == "LD_AUDIT") return "removed: such a library would be loaded before the shim";
  if (name == kPolicyVariable) return "set to the policy of the run, at every start of a program";
  if (name == "HFOFFLINE_CHECKIN")
    return "set for the first program alone, which tells the launcher that the shim is there";
  if (name == "ASAN_OPTIONS") {
    return "verify_asan_link_order=0 is added, since a shared AddressSanitizer would refuse a shim "
           "before it";
  }
  for (const std::string_view output : kOutputVariables) {
    if (name == output)
      return "removed if it points below a protected tree, where nobody may write; else handed on";
  }
  return "";
}

std::string explain_variable(const RunPlan& plan, std::string_view name,
                             const char* const* environment) {
  const char* present = find_in_environment(environment, name);
  const std::string now =
      present != nullptr ? cat("now: ", shell_quote(printable(present)), "\n") : "now: not set\n";
  for (std::size_t i = 0; i < plan.environment.count; ++i) {
    const PlannedVariable& variable = plan.environment.variables[i];
    if (variable.name != name) continue;
    std::string text = cat(printable(name), "\n");
    if (variable.set) {
      append(&text, "set to ", shell_quote(printable(variable.value)), "\n");
    } else {
      append(&text, "removed\n");
    }
    if (!variable.why.empty()) append(&text, "why: ", variable.why, "\n");
    return cat(text, "rule: ", text_of(variable.source), "\n", now);
  }
  if (const std::string_view doing = own_doing(name); !doing.empty())
    return cat(printable(name), "\n", doing, "\nrule: hfoffline itself\n", now);
  return cat(printable(name), "\nnot managed: a run hands it on as it is\n", now);
}

bool looks_like_path(std::string_view text) {
  return text == "." || text == ".." || text.find('/') != text.npos;
}

}  // namespace

const Usage explain_usage = {
    .synopsis = "[FLAG]... PATH | HOST[:PORT] | NAME=",
    .description =
        "Says what a run with these settings does about a path (with a slash in it), a host or "
        "address, or a variable "
        "(with = behind its name), and which rule decides. Nothing is run and nothing is sent.",
    .examples =
        "hfoffline explain --models-dir /mnt/models /mnt/models/hub/refs\n"
        "hfoffline explain --allow minio.ci:9000 minio.ci:9000\n"
        "hfoffline explain HF_HUB_CACHE=",
    .flags = {},
    .takes_settings = true,
    .positionals = Positionals::kOne,
};

int explain_command(const Context& context, const Arguments& arguments) {
  const std::string_view text = arguments.positionals[0];
  RunSettings settings;
  if (!load_run_settings(context, arguments, settings)) return kWrongUse;
  RunPlan plan;
  Diagnostic problem;
  if (!plan_run(settings.config, known_presets(), "/tmp/hfoffline-XXXXXX", HFOFFLINE_VERSION,
                settings.memory.arena(), plan, problem)) {
    error(problem);
    return kWrongUse;
  }
  if (text.size() > 1 && text.ends_with('=') && !looks_like_path(text)) {
    return print(explain_variable(plan, text.substr(0, text.size() - 1), context.environment));
  }
  if (is_url(text)) return refuse_question(text, "a URL", host_of_url(text));
  if (std::string address; is_network(text, &address))
    return refuse_question(text, "a network", address);
  if (!looks_like_path(text)) return explain_host(plan, text);
  const std::string redirected =
      explain_redirected(plan, find_in_environment(context.environment, "HOME"), text);
  return print(redirected.empty() ? explain_path(plan, text) : redirected);
}

}  // namespace hfoffline::cli
