#include "core/policy.h"

#include "core/text.h"

namespace hfoffline {
namespace {

bool inside(std::uint64_t offset, std::uint64_t size, std::size_t total) {
  return offset <= total && size <= total - offset;
}

template <class Row>
bool section_fits(const SectionReference& section, std::size_t total) {
  return section.offset % alignof(Row) == 0 &&
         inside(section.offset, std::uint64_t{section.count} * sizeof(Row), total);
}

bool text_fits(const TextReference& reference, const std::uint8_t* bytes, std::size_t total) {
  return inside(reference.offset, std::uint64_t{reference.length} + 1, total) &&
         bytes[reference.offset + reference.length] == 0;
}

bool variables_fit(const Policy& policy, const std::uint8_t* bytes, std::size_t size) {
  const PolicyHeader& header = policy.header();
  for (std::size_t i = 0; i < policy.variable_count(); ++i) {
    const VariableRow& row = policy.variable(i);
    if (!text_fits(row.text, bytes, size) || !text_fits(row.rule, bytes, size)) return false;
    if (row.set > 1 || row.name_length == 0) return false;
    const std::string_view text = policy.text(row.text);
    if (row.set == 1 ? row.name_length >= text.size() || text[row.name_length] != '='
                     : row.name_length != text.size()) {
      return false;
    }
  }
  // Probing ends at an empty slot, so one must exist; and the mask needs a power of two.
  const std::uint32_t slots = header.variable_slots;
  if (slots == 0 || (slots & (slots - 1)) != 0 || header.variable_index.count != slots ||
      header.variables.count >= slots) {
    return false;
  }
  const auto* index = reinterpret_cast<const std::uint16_t*>(bytes + header.variable_index.offset);
  std::size_t empty = 0;
  for (std::size_t i = 0; i < slots; ++i) {
    if (index[i] > header.variables.count) return false;
    if (index[i] == 0) ++empty;
  }
  return empty != 0;
}

}  // namespace

std::string_view describe(PolicyProblem problem) {
  switch (problem) {
    case PolicyProblem::kNone:
      return "it is sound";
    case PolicyProblem::kTooSmall:
      return "it is too short to be a policy (truncated)";
    case PolicyProblem::kNotAPolicy:
      return "it is not an hfoffline policy";
    case PolicyProblem::kOtherVersion:
      return "it was made by another version of hfoffline; use launcher and shim of one version";
    case PolicyProblem::kWrongSize:
      return "its size is not what it says (truncated)";
    case PolicyProblem::kWrongChecksum:
      return "its checksum does not match (damaged)";
    case PolicyProblem::kOutOfBounds:
      return "a reference points outside of it (damaged)";
  }
  return "unknown";
}

std::uint64_t policy_checksum(const std::uint8_t* bytes, std::size_t size) {
  // FNV-1a over eight bytes at a time: it guards against damage, not against an adversary.
  std::uint64_t sum = 0xcbf29ce484222325;
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t chunk;
    __builtin_memcpy(&chunk, bytes + i, 8);
    sum = (sum ^ chunk) * 0x100000001b3;
    sum ^= sum >> 29;
  }
  for (; i < size; ++i) sum = (sum ^ bytes[i]) * 0x100000001b3;
  return sum;
}

PolicyProblem Policy::attach(const std::uint8_t* bytes, std::size_t size) {
  header_ = nullptr;
  if (size < sizeof(PolicyHeader)) return PolicyProblem::kTooSmall;
  const auto& header = *reinterpret_cast<const PolicyHeader*>(bytes);
  if (header.magic != kPolicyMagic) return PolicyProblem::kNotAPolicy;
  if (header.version != kPolicyVersion) return PolicyProblem::kOtherVersion;
  if (header.size != size || size > kMaximumPolicyBytes) return PolicyProblem::kWrongSize;
  constexpr std::size_t kSummedFrom = offsetof(PolicyHeader, flags);
  if (header.checksum != policy_checksum(bytes + kSummedFrom, size - kSummedFrom)) {
    return PolicyProblem::kWrongChecksum;
  }
  if (!section_fits<VariableRow>(header.variables, size) ||
      !section_fits<std::uint16_t>(header.variable_index, size) ||
      !section_fits<TreeRow>(header.trees, size) ||
      !section_fits<RedirectRow>(header.redirects, size) ||
      !section_fits<NetworkRow>(header.networks, size) ||
      !section_fits<NameRow>(header.names, size)) {
    return PolicyProblem::kOutOfBounds;
  }
  for (const TextReference* reference :
       {&header.run, &header.models_dir, &header.config_file, &header.record_file,
        &header.run_state_file, &header.shim_file, &header.default_egress_rule,
        &header.unshimmed_rule}) {
    if (!text_fits(*reference, bytes, size)) return PolicyProblem::kOutOfBounds;
  }
  header_ = &header;
  bool sound = (header.flags & ~kAllPolicyFlags) == 0 && header.unshimmed <= Unshimmed::kAllow &&
               header.egress_errno > 0 && header.egress_errno < 4096 &&
               variables_fit(*this, bytes, size);
  for (std::size_t i = 0; sound && i < tree_count(); ++i) {
    sound = text_fits(tree(i).path, bytes, size) && text_fits(tree(i).rule, bytes, size);
  }
  for (std::size_t i = 0; sound && i < redirect_count(); ++i) {
    sound = redirect(i).from.length != 0 && redirect(i).to.length != 0 &&
            text_fits(redirect(i).from, bytes, size) && text_fits(redirect(i).to, bytes, size) &&
            text_fits(redirect(i).rule, bytes, size);
  }
  for (std::size_t i = 0; sound && i < network_count(); ++i) {
    sound = network(i).prefix <= 128 && text_fits(network(i).rule, bytes, size);
  }
  for (std::size_t i = 0; sound && i < name_count(); ++i) {
    sound = text_fits(name(i).name, bytes, size) && text_fits(name(i).rule, bytes, size);
  }
  if (!sound) {
    header_ = nullptr;
    return PolicyProblem::kOutOfBounds;
  }
  return PolicyProblem::kNone;
}

}  // namespace hfoffline
