// hfoffline-sample DIR LAYOUT: what `hfoffline sample` starts.
#include <cstdio>
#include <string_view>

#include "cache/sample_cache.h"
#include "cli/exit_codes.h"

int main(int count, char** texts) {
  using namespace hfoffline;
  if (count != 3) {
    std::fputs("hfoffline: error: use `hfoffline sample DIR`\n", stderr);
    return cli::kWrongUse;
  }
  const Layout layout =
      std::string_view(texts[2]) == "hub-cache" ? Layout::kHubCache : Layout::kHfHome;
  const absl::StatusOr<SampleCache> sample = write_sample_cache(texts[1], layout);
  if (!sample.ok()) {
    std::fprintf(stderr, "hfoffline: error: %s\n", std::string(sample.status().message()).c_str());
    return cli::kWrongUse;
  }
  std::printf("%s\n", sample->hub_cache.c_str());
  for (const SampleRepository& repository : sample->repositories) {
    std::printf("%s %s %s\n", std::string(repository_type_name(repository.type)).c_str(),
                repository.id.c_str(), repository.commit.c_str());
    for (const std::string& file : repository.files) std::printf("  %s\n", file.c_str());
  }
  return std::fflush(stdout) == 0 ? cli::kSuccess : cli::kOurFailure;
}
