// Runs a fuzz target over the files of its corpus, without a fuzzer: a regression test for every
// compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
  int files = 0;
  for (int i = 1; i < count; ++i) {
    const int before = files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::string text(std::istreambuf_iterator<char>(stream), {});
      if (!stream) {
        std::fprintf(stderr, "cannot read %s\n", entry.path().c_str());
        return 1;
      }
      // Exactly as large as the text, so that a sanitizer sees a read beyond its end.
      const std::vector<std::uint8_t> bytes(text.begin(), text.end());
      std::printf("%s\n", entry.path().c_str());
      std::fflush(stdout);  // the last line names the file that a failed property ends at
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      ++files;
    }
    if (files == before) {
      std::fprintf(stderr, "no files in %s\n", arguments[i]);
      return 1;
    }
  }
  std::printf("%d files\n", files);
  return files == 0 ? 1 : 0;
}
