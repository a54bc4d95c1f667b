// Asks a client, below `hfoffline run`, which cache it opens.
#pragma once

#include <string>
#include <vector>

#include "layers/cache_clients.h"
#include "layers/cache_sentinels.h"

namespace hfoffline::layers {

struct CacheAnswer {
  std::string place;   // as CacheSentinels names it; "" : none of them
  std::string path;    // "" : there is no answer
  std::string reason;  // why there is none: how the client ended, and its own last line
};

// Starts the client twice at most a few minutes, each time with the scratch home of `sentinels`.
class CacheQuestion {
 public:
  CacheQuestion(const ShadowRequest& request, const CacheSentinels& sentinels)
      : request_(request), sentinels_(sentinels) {}

  // Without any variable that leads to a cache: the default location is to be opened.
  CacheAnswer ask_bare(const InstalledCacheClient& client) const;
  // As a run of these settings starts it, with stand-ins for what variables name now.
  CacheAnswer ask_in_run(const InstalledCacheClient& client, bool hub_cache_layout) const;

 private:
  CacheAnswer ask(const InstalledCacheClient& client, const std::vector<std::string>& flags,
                  std::vector<std::string> environment) const;
  std::vector<std::string> base_environment() const;

  const ShadowRequest& request_;
  const CacheSentinels& sentinels_;
};

}  // namespace hfoffline::layers
