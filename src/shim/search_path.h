// Where execvp(3) and its relatives find a program.
#pragma once

namespace hfoffline::shim {

// The file that execvp(3) would start: `file` itself if it has a slash, else the first executable
// in PATH. False if there is none.
bool find_in_path(const char* file, const char* search_path, char* found, unsigned long size);

}  // namespace hfoffline::shim
