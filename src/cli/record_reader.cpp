#include "cli/record_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/record.h"

namespace hfoffline::cli {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const Json& object, const char* key, std::int64_t otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                             : otherwise;
}

std::string last_component(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

void read_line(std::string_view text, const std::string& run, RecordContents& contents) {
  const Json object = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!object.is_object() || number_of(object, "schema", 0) != kRecordSchema) {
    ++contents.damaged;
    return;
  }
  if (!run.empty() && text_of(object, "run") != run) return;
  RecordLine line;
  line.kind = text_of(object, "kind");
  line.operation = text_of(object, "op");
  line.target = text_of(object, "target");
  line.host = text_of(object, "host");
  line.port = static_cast<int>(number_of(object, "port", -1));
  line.test = text_of(object, "test");
  line.program = last_component(text_of(object, "exe"));
  if (line.program.empty()) line.program = last_component(text_of(object, "argv0"));
  line.error = text_of(object, "errno");
  line.verdict = text_of(object, "verdict");
  line.reason = text_of(object, "reason");
  line.rule = text_of(object, "rule");
  line.pid = number_of(object, "pid", 0);
  line.count = static_cast<std::uint64_t>(number_of(object, "count", 1));
  contents.lines.push_back(std::move(line));
}

// Whole lines of a file, without reading all of it into memory at once.
class LineReader {
 public:
  explicit LineReader(int descriptor) : descriptor_(descriptor) {}

  // The last line may lack its newline; it is returned all the same.
  bool next(std::string_view* line) {
    for (;;) {
      const std::size_t end = buffer_.find('\n', searched_);
      if (end != buffer_.npos) {
        *line = std::string_view(buffer_).substr(start_, end - start_);
        start_ = searched_ = end + 1;
        return true;
      }
      buffer_.erase(0, start_);
      start_ = 0;
      searched_ = buffer_.size();
      if (!fill()) break;
    }
    *line = buffer_;
    const bool any = !buffer_.empty() && !ended_;
    ended_ = true;
    return any;
  }

 private:
  bool fill() {
    constexpr std::size_t kChunk = 64 * 1024;
    const std::size_t size = buffer_.size();
    buffer_.resize(size + kChunk);
    const ssize_t count = read(descriptor_, buffer_.data() + size, kChunk);
    buffer_.resize(size + (count > 0 ? static_cast<std::size_t>(count) : 0));
    return count > 0;
  }

  int descriptor_;
  std::string buffer_;
  std::size_t start_ = 0;
  std::size_t searched_ = 0;
  bool ended_ = false;
};

}  // namespace

RecordContents read_record(const std::string& path, std::uint64_t from, const std::string& run) {
  RecordContents contents;
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return contents;
  struct stat status;
  // A pipe or a device gives nothing back, or never ends (/dev/full).
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    contents.readable = true;
    if (static_cast<std::uint64_t>(status.st_size) >= from)
      lseek(descriptor, static_cast<off_t>(from), SEEK_SET);
    LineReader reader(descriptor);
    std::string_view line;
    while (reader.next(&line)) {
      if (!line.empty()) read_line(line, run, contents);
    }
  }
  close(descriptor);
  return contents;
}

}  // namespace hfoffline::cli
