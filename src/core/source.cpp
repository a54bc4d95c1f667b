#include "core/source.h"

namespace hfoffline {

void append_source(const Source& source, Appender& out) {
  switch (source.origin) {
    case Source::Origin::kDefault:
      out.add("default");
      return;
    case Source::Origin::kPreset:
      out.add("preset ").add(source.name);
      return;
    case Source::Origin::kFile:
      out.add(source.name).add_byte(':').add_number(source.line);
      return;
    case Source::Origin::kEnvironment:
    case Source::Origin::kFlag:
      out.add(source.name);
      return;
  }
}

}  // namespace hfoffline
