// [cache] redirect as text: where a path leads instead, and which name a place has for a program.
// Pure.
//
// For redirects that each process does itself; those by mounts are the kernel's.
#pragma once

#include <string_view>

#include "core/policy.h"
#include "core/text.h"

namespace hfoffline {

// An absolute path without "//", "." and "..", which is taken as text: "/a/link/../b" becomes
// "/a/b". A slash at the end stays. Never longer than the path.
void append_plain_path(std::string_view path, Appender& out);

// Where an absolute path leads, plain: the redirect with the longest FROM that it is at or below
// decides. False, with nothing added: nowhere else.
bool append_redirected(const Policy& policy, std::string_view path, Appender& out);

// The name by which programs know a place, which is given as the kernel tells it: FROM instead of
// the longest TO. False, with nothing added: it is its own.
bool append_known_name(const Policy& policy, std::string_view place, Appender& out);

// Whether a relative path that starts like this could lead to or below a FROM, from some directory:
// its first component is one of FROM's, or "..".
bool may_reach_redirect(const Policy& policy, std::string_view relative_path);

// What the longest FROM or TO adds to a path at most.
std::size_t redirect_growth(const Policy& policy);

}  // namespace hfoffline
