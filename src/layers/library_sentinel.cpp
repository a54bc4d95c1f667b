#include "layers/library_sentinel.h"

#include "layers/elf_writer.h"
#include "layers/library_observation.h"
#include "layers/scratch_file.h"

namespace hfoffline::layers {
namespace {

// Found nowhere but in the scratch directory: it must be seen, or the loader never looked there.
constexpr char kControl[] = "libhfoffline-control.so.1";

void add(std::string& list, const std::string& directory) {
  if (!list.empty()) list.push_back(':');
  list.append(directory);
}

}  // namespace

absl::StatusOr<SentinelAnswer> plant_sentinel(const LoaderRules& rules,
                                              const SentinelQuestion& question,
                                              const std::string& scratch, std::size_t number,
                                              const std::vector<std::string>& environment) {
  const LibraryRequest& request = *question.request;
  const SearchPlace& judged = request.places[question.place];
  const std::string base = scratch + "/sentinel-" + std::to_string(number);
  const std::string mirror = base + "/mirror";
  const std::string planted = mirror + "/" + request.name;

  ElfImage program = {.interpreter = rules.loader, .needed = {request.name, kControl}};
  std::string library_path;
  for (const SearchPlace& place : request.places) {
    // Wherever else the directory stands in the order, the sentinel would be there too.
    const std::string& directory = place.directory == judged.directory ? mirror : place.directory;
    // A path with a separator in it cannot be written into a list; no list of the requester had it
    // either.
    if (place.rule == SearchRule::kRpath) add(program.rpath, directory);
    if (place.rule == SearchRule::kRunpath) add(program.runpath, directory);
    if (place.rule == SearchRule::kLibraryPath) add(library_path, directory);
  }
  // musl ignores DT_RPATH beside DT_RUNPATH, but looks into one after the other by its chain.
  if (rules.libc == Libc::kMusl && !program.rpath.empty() && !program.runpath.empty()) {
    add(program.runpath, program.rpath);
    program.rpath.clear();
  }
  const std::string path = base + "/program";
  for (const auto& [file, image] :
       {std::pair(path, program), std::pair(planted, ElfImage{.soname = request.name}),
        std::pair(mirror + "/" + kControl, ElfImage{.soname = kControl})}) {
    if (absl::Status status = write_scratch_file(file, write_elf(image)); !status.ok())
      return status;
  }
  std::vector<std::string> variables = environment;
  std::erase_if(variables, [](const std::string& entry) {
    return entry.starts_with("LD_LIBRARY_PATH=") || entry.starts_with("LD_PRELOAD=");
  });
  if (!library_path.empty()) variables.push_back("LD_LIBRARY_PATH=" + library_path);
  const absl::StatusOr<LoadedLibraries> seen = list_libraries(rules, path, variables);
  if (!seen.ok()) return seen.status();
  const auto control = seen->find(kControl);
  if (control == seen->end() || control->second != mirror + "/" + kControl)
    return SentinelAnswer::kNotAsked;
  const auto answer = seen->find(request.name);
  return answer != seen->end() && answer->second == planted ? SentinelAnswer::kSeen
                                                            : SentinelAnswer::kNotSeen;
}

}  // namespace hfoffline::layers
