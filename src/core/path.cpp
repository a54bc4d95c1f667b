#include "core/path.h"

#include "core/text.h"

namespace hfoffline {
namespace {

// Takes the next component off `rest`, skipping slashes and "." components; "" at the end.
std::string_view next_component(std::string_view& rest) {
  for (;;) {
    while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    std::size_t length = find_byte(rest, '/');
    if (length == std::string_view::npos) length = rest.size();
    const std::string_view component = slice(rest, 0, length);
    rest.remove_prefix(length);
    if (component != ".") return component;
  }
}

}  // namespace

bool is_at_or_below(std::string_view path, std::string_view tree) {
  if (tree == "/") return true;
  return path.starts_with(tree) && (path.size() == tree.size() || path[tree.size()] == '/');
}

bool has_parent_component(std::string_view path) {
  while (!path.empty()) {
    const std::string_view component = next_component(path);
    if (component == "..") return true;
    if (component.empty()) return false;
  }
  return false;
}

bool lexically_below(std::string_view path, std::string_view tree) {
  for (;;) {
    const std::string_view wanted = next_component(tree);
    if (wanted.empty()) return true;
    if (next_component(path) != wanted) return false;
  }
}

bool is_plain(const char* path) {
  if (*path == '.') return false;
  for (; *path != '\0'; ++path) {
    if (*path == '/' && (path[1] == '/' || path[1] == '.')) return false;
  }
  return true;
}

SplitPath split_path(std::string_view path) {
  SplitPath result;
  while (!path.empty() && path.back() == '/') {
    path.remove_suffix(1);
    result.trailing_slash = true;
  }
  if (path.empty()) {
    result.parent = result.trailing_slash ? std::string_view("/") : std::string_view();
    return result;
  }
  std::size_t start = path.size();
  while (start > 0 && path[start - 1] != '/') --start;
  result.last = slice(path, start);
  result.parent = slice(path, 0, start);
  return result;
}

}  // namespace hfoffline
