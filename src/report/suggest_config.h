// The smallest hfoffline.toml with which what was recorded would pass.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hfoffline::report {

// What one line of a record asked for; texts as in the record.
struct Need {
  std::string_view kind;
  std::string_view reason;
  std::string_view verdict;
  std::string_view target;
  std::string_view host;
  std::int32_t port = -1;
  std::string_view test;     // empty: none
  std::string_view program;  // named where there is no test
};

class ConfigSuggestion {
 public:
  void add(const Need& need);

  // Entries of [egress] allow, sorted: no entry is covered by another.
  std::vector<std::string> allow() const;
  // As TOML of at most 79 columns where names allow that, each entry with the tests that need it;
  // "" if nothing is needed and nothing is to be said.
  std::string toml() const;
  bool is_empty() const;   // no setting would change anything
  bool is_enough() const;  // nothing was let through that no setting lets through

 private:
  using Users = std::set<std::string>;  // tests, or programs outside of any
  struct Host {
    std::map<std::int32_t, Users> ports;  // that were connected to, or looked up with
    Users lookups;                        // on no particular port
    Users every_port;                     // connections that have no port
  };

  std::map<std::string, Users> entries() const;
  void append_remarks(std::string* text) const;

  std::map<std::string, Host> hosts_;
  Users unshimmed_;            // programs that were not started
  Users writes_;               // paths
  Users probes_;               // what datagram sockets were pointed at
  Users impossible_;           // what no setting lets through
  bool writes_count_ = false;  // some of them were let through
};

}  // namespace hfoffline::report
