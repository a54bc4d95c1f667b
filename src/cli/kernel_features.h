// What the kernel and the surroundings offer, found out without changing anything.
#pragma once

#include <string>
#include <string_view>

namespace hfoffline::cli {

struct Feature {
  bool available = false;
  std::string detail;  // version, or why not
};

Feature user_namespaces();  // tried in a child that ends at once
Feature seccomp_notification();
Feature landlock();
Feature openat2_call();
Feature faccessat2_call();

// Whether the loopback device is up. While it is down, 127.0.0.1 is routed like any other address.
Feature loopback_device();

// "docker", "podman", "kubernetes", "lxc", "systemd-nspawn", "wsl" or "" if nothing says so.
std::string container_kind(const char* const* environment);

// The contents of a small file, or "".
std::string read_small_file(const std::string& path);

}  // namespace hfoffline::cli
