// What the name of an entry of a site directory means. Pure, but for distribution_of_egg's path.
#pragma once

#include <string_view>

#include "layers/site_directory.h"

namespace hfoffline::layers {

// Whether an import statement can say it: letters, digits and "_" (or anything beyond ASCII), and
// no digit first.
bool is_importable_name(std::string_view name);

// "__init__.py", "__init__.pyc", "__init__.cpython-311-x86_64-linux-gnu.so".
bool is_init_file(std::string_view name);

// Fills name, kind and ABI tag of a module that is a single file; false if it is none.
bool parse_module_file(std::string_view name, ImportName* import);

// Fills name, version, kind and metadata of "NAME-VERSION.dist-info" and ".egg-info".
bool parse_distribution_directory(std::string_view name, Distribution* distribution);

// The distribution of an egg, which is a place of its own: "/x/foo-1.0-py3.11.egg".
Distribution distribution_of_egg(std::string_view place, std::string_view metadata);

// Name and Version, as far as `distribution` lacks them, from METADATA or PKG-INFO.
void read_metadata_header(std::string_view text, Distribution* distribution);

}  // namespace hfoffline::layers
