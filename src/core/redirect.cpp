#include "core/redirect.h"

#include "core/path.h"

namespace hfoffline {
namespace {

// The next component of `rest`, which loses it; "" at the end.
std::string_view take_component(std::string_view& rest) {
  while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
  std::size_t length = find_byte(rest, '/');
  if (length == std::string_view::npos) length = rest.size();
  const std::string_view component = slice(rest, 0, length);
  rest.remove_prefix(length);
  return component;
}

bool has_component(std::string_view path, std::string_view wanted) {
  for (;;) {
    const std::string_view component = take_component(path);
    if (component.empty()) return false;
    if (component == wanted) return true;
  }
}

// `path` with `from` in front replaced by `to`; it is at or below `from`.
void append_replaced(std::string_view path, std::string_view from, std::string_view to,
                     Appender& out) {
  const std::string_view rest = slice(path, from == "/" ? 0 : from.size());
  if (to != "/" || rest.empty()) out.add(to);
  out.add(rest);
}

}  // namespace

void append_plain_path(std::string_view path, Appender& out) {
  const std::size_t start = out.size();
  bool ends_in_directory = false;
  for (std::string_view rest = path;;) {
    const std::string_view component = take_component(rest);
    if (component.empty()) break;
    ends_in_directory = !rest.empty() || component == ".";
    if (component == ".") continue;
    if (component == "..") {
      std::size_t size = out.size();
      while (size > start && out.view()[size - 1] != '/') --size;
      out.truncate(size > start ? size - 1 : start);
      continue;
    }
    out.add_byte('/').add(component);
  }
  if (ends_in_directory || out.size() == start) out.add_byte('/');
}

bool append_redirected(const Policy& policy, std::string_view path, Appender& out) {
  const std::size_t start = out.size();
  append_plain_path(path, out);
  if (out.overflowed()) return false;
  const std::string_view plain = slice(out.view(), start);
  // Sorted: the longest FROM comes first.
  for (std::size_t i = 0; i < policy.redirect_count(); ++i) {
    const std::string_view from = policy.text(policy.redirect(i).from);
    if (!is_at_or_below(plain, from)) continue;
    const std::string_view to = policy.text(policy.redirect(i).to);
    // What is in front changes its length: the rest moves first.
    const std::size_t rest = plain.size() - from.size();
    if (to.size() > from.size()) {
      for (std::size_t more = to.size() - from.size(); more != 0; --more) out.add_byte('\0');
      if (out.overflowed()) return false;
    }
    char* text = const_cast<char*>(out.view().data()) + start;
    __builtin_memmove(text + to.size(), text + from.size(), rest);
    __builtin_memcpy(text, to.data(), to.size());
    out.truncate(start + to.size() + rest);
    return true;
  }
  out.truncate(start);
  return false;
}

bool append_known_name(const Policy& policy, std::string_view place, Appender& out) {
  const RedirectRow* found = nullptr;
  for (std::size_t i = 0; i < policy.redirect_count(); ++i) {
    const RedirectRow& row = policy.redirect(i);
    if (is_at_or_below(place, policy.text(row.to)) &&
        (found == nullptr || row.to.length > found->to.length))
      found = &row;
  }
  if (found == nullptr) return false;
  append_replaced(place, policy.text(found->to), policy.text(found->from), out);
  return true;
}

bool may_reach_redirect(const Policy& policy, std::string_view relative_path) {
  std::string_view rest = relative_path;
  std::string_view first = take_component(rest);
  while (first == ".") first = take_component(rest);
  if (first.empty()) return false;
  if (first == "..") return true;
  for (std::size_t i = 0; i < policy.redirect_count(); ++i) {
    if (has_component(policy.text(policy.redirect(i).from), first)) return true;
  }
  return false;
}

std::size_t redirect_growth(const Policy& policy) {
  std::size_t growth = 0;
  for (std::size_t i = 0; i < policy.redirect_count(); ++i) {
    const RedirectRow& row = policy.redirect(i);
    if (row.from.length > growth) growth = row.from.length;
    if (row.to.length > growth) growth = row.to.length;
  }
  return growth;
}

}  // namespace hfoffline
