#include "core/policy.h"

#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "catch.h"
#include "policy_test_support.h"

using namespace hfoffline;
using namespace hfoffline::test;

namespace {

PolicyProblem attach(const AlignedBytes& bytes) {
  Policy policy;
  const PolicyProblem problem = policy.attach(bytes.data(), bytes.size());
  // Whatever happened, the two must agree.
  REQUIRE(policy.valid() == (problem == PolicyProblem::kNone));
  return problem;
}

// The problem of a sound policy after one change, with a checksum that fits the change.
PolicyProblem after(const std::function<void(AlignedBytes&)>& change) {
  AlignedBytes bytes = complete_policy();
  REQUIRE(bytes.size() != 0);
  change(bytes);
  repair(bytes);
  return attach(bytes);
}
PolicyProblem after_header(const std::function<void(PolicyHeader&)>& change) {
  return after([&](AlignedBytes& bytes) { change(header_of(bytes)); });
}

struct NamedText {
  const char* name;
  TextReference PolicyHeader::*reference;
};
constexpr NamedText kHeaderTexts[] = {
    {"run", &PolicyHeader::run},
    {"models_dir", &PolicyHeader::models_dir},
    {"config_file", &PolicyHeader::config_file},
    {"record_file", &PolicyHeader::record_file},
    {"run_state_file", &PolicyHeader::run_state_file},
    {"shim_file", &PolicyHeader::shim_file},
    {"default_egress_rule", &PolicyHeader::default_egress_rule},
    {"unshimmed_rule", &PolicyHeader::unshimmed_rule},
};

struct NamedSection {
  const char* name;
  SectionReference PolicyHeader::*section;
  std::size_t row_size;
  std::size_t alignment;
};
constexpr NamedSection kSections[] = {
    {"variables", &PolicyHeader::variables, sizeof(VariableRow), alignof(VariableRow)},
    {"variable_index", &PolicyHeader::variable_index, 2, 2},
    {"trees", &PolicyHeader::trees, sizeof(TreeRow), alignof(TreeRow)},
    {"redirects", &PolicyHeader::redirects, sizeof(RedirectRow), alignof(RedirectRow)},
    {"networks", &PolicyHeader::networks, sizeof(NetworkRow), alignof(NetworkRow)},
    {"names", &PolicyHeader::names, sizeof(NameRow), alignof(NameRow)},
};

// Ways in which a text can lie outside of a policy, or not end with a NUL.
struct BadText {
  const char* name;
  TextReference (*make)(const AlignedBytes& bytes, TextReference sound);
};
constexpr BadText kBadTexts[] = {
    {"starts at the end",
     [](const AlignedBytes& bytes, TextReference) {
       return TextReference{static_cast<std::uint32_t>(bytes.size()), 0};
     }},
    {"starts behind the end",
     [](const AlignedBytes& bytes, TextReference) {
       return TextReference{static_cast<std::uint32_t>(bytes.size() + 1), 0};
     }},
    {"starts far away",
     [](const AlignedBytes&, TextReference) {
       return TextReference{UINT32_MAX, 0};
     }},
    {"its NUL would be behind the end",
     [](const AlignedBytes& bytes, TextReference) {
       return TextReference{static_cast<std::uint32_t>(bytes.size() - 1), 1};
     }},
    {"as long as all of memory",
     [](const AlignedBytes&, TextReference sound) {
       return TextReference{sound.offset, UINT32_MAX};
     }},
    {"start and length add up to 0 in 32 bits",
     [](const AlignedBytes&, TextReference sound) {
       return TextReference{sound.offset, 0U - sound.offset};
     }},
    {"start and length add up to something small in 32 bits",
     [](const AlignedBytes&, TextReference sound) {
       return TextReference{UINT32_MAX - 1, sound.length + 20};
     }},
    {"one byte short, so that no NUL follows",
     [](const AlignedBytes&, TextReference sound) {
       return TextReference{sound.offset, sound.length - 1};
     }},
};

void check_bad_texts(const char* where,
                     const std::function<TextReference&(AlignedBytes&)>& reference) {
  for (const BadText& bad : kBadTexts) {
    CAPTURE(where, bad.name);
    CHECK(after([&](AlignedBytes& bytes) {
            TextReference& text = reference(bytes);
            REQUIRE(text.length > 1);
            text = bad.make(bytes, text);
          }) == PolicyProblem::kOutOfBounds);
  }
}

}  // namespace

TEST_CASE("policy: the complete one of these tests is sound and has something everywhere") {
  const AlignedBytes bytes = complete_policy();
  Policy policy;
  REQUIRE(policy.attach(bytes.data(), bytes.size()) == PolicyProblem::kNone);
  CHECK(policy.variable_count() > 40);
  CHECK(policy.tree_count() == 2);
  CHECK(policy.network_count() == 2);
  CHECK(policy.name_count() == 1);
  CHECK(policy.size() == bytes.size());
  CHECK(policy.bytes() == bytes.data());
}

TEST_CASE("policy: truncated at every length, it is refused") {
  const AlignedBytes whole = complete_policy();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    // In memory of exactly that size, so that a sanitizer sees a read behind it.
    const AlignedBytes part(whole.data(), size);
    REQUIRE(attach(part) ==
            (size < sizeof(PolicyHeader) ? PolicyProblem::kTooSmall : PolicyProblem::kWrongSize));
  }
}

TEST_CASE("policy: truncated at every length, with size and checksum that fit, it is refused") {
  const AlignedBytes whole = complete_policy();
  for (std::size_t size = sizeof(PolicyHeader); size < whole.size(); ++size) {
    AlignedBytes part(whole.data(), size);
    repair(part);
    CAPTURE(size);
    REQUIRE(attach(part) == PolicyProblem::kOutOfBounds);
  }
}

TEST_CASE("policy: with bytes behind it, it is refused") {
  const AlignedBytes whole = complete_policy();
  std::vector<std::uint8_t> longer(whole.data(), whole.data() + whole.size());
  longer.push_back(0);
  CHECK(attach(AlignedBytes(longer.data(), longer.size())) == PolicyProblem::kWrongSize);
}

TEST_CASE("policy: larger than any, it is refused, whatever it says") {
  AlignedBytes large(std::vector<std::uint8_t>(kMaximumPolicyBytes + 8).data(),
                     kMaximumPolicyBytes + 8);
  const AlignedBytes whole = complete_policy();
  std::memcpy(large.data(), whole.data(), whole.size());
  repair(large);
  CHECK(attach(large) == PolicyProblem::kWrongSize);
}

TEST_CASE("policy: any single bit that changed is noticed") {
  AlignedBytes bytes = complete_policy();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes.data()[at] ^= static_cast<std::uint8_t>(1 << bit);
      const PolicyProblem problem = attach(bytes);
      bytes.data()[at] ^= static_cast<std::uint8_t>(1 << bit);
      PolicyProblem expected = PolicyProblem::kWrongChecksum;
      if (at < offsetof(PolicyHeader, checksum)) expected = PolicyProblem::kWrongSize;
      if (at < offsetof(PolicyHeader, size)) expected = PolicyProblem::kOtherVersion;
      if (at < offsetof(PolicyHeader, version)) expected = PolicyProblem::kNotAPolicy;
      if (problem != expected) {
        CAPTURE(at, bit);
        REQUIRE(problem == expected);
      }
    }
  }
  CHECK(attach(bytes) == PolicyProblem::kNone);
}

TEST_CASE("policy: other versions are refused, older and newer") {
  for (const std::uint32_t version : {0U, kPolicyVersion - 1, kPolicyVersion + 1, UINT32_MAX}) {
    CAPTURE(version);
    CHECK(after_header([&](PolicyHeader& header) { header.version = version; }) ==
          PolicyProblem::kOtherVersion);
  }
}

TEST_CASE("policy: header fields that mean nothing are refused") {
  using Change = void (*)(PolicyHeader&);
  const std::vector<std::pair<const char*, Change>> changes = {
      {"errno 0", [](PolicyHeader& header) { header.egress_errno = 0; }},
      {"errno 4096", [](PolicyHeader& header) { header.egress_errno = 4096; }},
      {"errno -1", [](PolicyHeader& header) { header.egress_errno = UINT32_MAX; }},
      {"unshimmed", [](PolicyHeader& header) { header.unshimmed = static_cast<Unshimmed>(3); }},
      {"an unknown flag", [](PolicyHeader& header) { header.flags |= 1U << 5; }},
      {"the last flag", [](PolicyHeader& header) { header.flags |= 1U << 31; }},
      {"no slots", [](PolicyHeader& header) { header.variable_slots = 0; }},
      {"more slots", [](PolicyHeader& header) { header.variable_slots *= 2; }},
      {"fewer slots", [](PolicyHeader& header) { header.variable_slots /= 2; }},
      {"slots that are no power of two", [](PolicyHeader& header) { --header.variable_slots; }},
      {"slots that are no power of two, and as many in the index",
       [](PolicyHeader& header) { header.variable_index.count = --header.variable_slots; }},
      {"no slots at all",
       [](PolicyHeader& header) {
         header.variable_slots = header.variable_index.count = header.variables.count = 0;
       }},
      {"fewer slots than variables",
       [](PolicyHeader& header) { header.variable_slots = header.variable_index.count = 8; }},
  };
  for (const auto& [name, change] : changes) {
    CAPTURE(name);
    CHECK(after_header(change) == PolicyProblem::kOutOfBounds);
  }
}

TEST_CASE("policy: what may have any value is not refused") {
  CHECK(after_header([](PolicyHeader& header) {
          header.root_device = header.root_inode = UINT64_MAX;
          header.egress_errno = 4095;
        }) == PolicyProblem::kNone);
}

TEST_CASE("policy: sections outside of it are refused") {
  const auto size = static_cast<std::uint32_t>(complete_policy().size());
  for (const NamedSection& named : kSections) {
    const auto row_size = static_cast<std::uint32_t>(named.row_size);
    const std::vector<SectionReference> bad = {
        {(size + 8) / 8 * 8, 1},
        {(size - 1) / 8 * 8, 8},
        {UINT32_MAX / 8 * 8, 1},
        {0, UINT32_MAX},
        {0, size / row_size + 1},
        // In 32 bits the size of these would be small.
        {0, static_cast<std::uint32_t>((std::uint64_t{1} << 32) / row_size + 1)},
        {UINT32_MAX / 8 * 8, 16 / row_size + 1},
    };
    for (const SectionReference& section : bad) {
      CAPTURE(named.name, section.offset, section.count);
      CHECK(after_header([&](PolicyHeader& header) { header.*named.section = section; }) ==
            PolicyProblem::kOutOfBounds);
    }
  }
}

TEST_CASE("policy: a section whose size only fits in 32 bits is refused") {
  // Sound rows up to the last byte, so that it is their number that is wrong. A reader that
  // believed it would go on behind the end.
  const AlignedBytes whole = complete_policy();
  std::vector<std::uint8_t> bytes(whole.data(), whole.data() + whole.size());
  bytes.resize((bytes.size() + 7) / 8 * 8);
  SectionReference section{static_cast<std::uint32_t>(bytes.size()), 3};
  AlignedBytes copy = whole;
  const SectionReference sound = header_of(copy).networks;
  for (std::uint32_t i = 0; i < section.count; ++i) {
    bytes.insert(bytes.end(), whole.data() + sound.offset,
                 whole.data() + sound.offset + sizeof(NetworkRow));
  }
  const auto with_count = [&](std::uint32_t count) {
    AlignedBytes changed(bytes.data(), bytes.size());
    header_of(changed).networks = {section.offset, count};
    repair(changed);
    return attach(changed);
  };
  CHECK(with_count(3) == PolicyProblem::kNone);
  CHECK(with_count(4) == PolicyProblem::kOutOfBounds);
  constexpr std::uint64_t kRow = sizeof(NetworkRow);
  const auto wraps = static_cast<std::uint32_t>((std::uint64_t{1} << 32) / kRow + 1);
  REQUIRE(static_cast<std::uint32_t>(wraps * kRow) <= 3 * kRow);
  CHECK(with_count(wraps) == PolicyProblem::kOutOfBounds);
}

TEST_CASE("policy: sections that are not aligned are refused") {
  for (const NamedSection& named : kSections) {
    for (std::uint32_t shift = 0; shift < named.alignment; ++shift) {
      CAPTURE(named.name, shift);
      const PolicyProblem problem = after([&](AlignedBytes& bytes) {
        // Nothing in it and nothing in the index, so that only the alignment can be wrong.
        PolicyHeader& header = header_of(bytes);
        for (std::size_t i = 0; i < header.variable_index.count; ++i) {
          row_of<std::uint16_t>(bytes, header.variable_index, i) = 0;
        }
        if (named.section != &PolicyHeader::variable_index) (header.*named.section).count = 0;
        (header.*named.section).offset -= shift;
      });
      CHECK(problem == (shift == 0 ? PolicyProblem::kNone : PolicyProblem::kOutOfBounds));
    }
  }
}

TEST_CASE("policy: texts outside of it or without an end are refused") {
  for (const NamedText& named : kHeaderTexts) {
    if (named.reference == &PolicyHeader::config_file) continue;  // empty in these tests
    check_bad_texts(named.name, [&](AlignedBytes& bytes) -> TextReference& {
      return header_of(bytes).*named.reference;
    });
  }
  check_bad_texts("tree path", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<TreeRow>(bytes, header_of(bytes).trees, 1).path;
  });
  check_bad_texts("tree rule", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<TreeRow>(bytes, header_of(bytes).trees, 1).rule;
  });
  check_bad_texts("redirect from", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<RedirectRow>(bytes, header_of(bytes).redirects, 0).from;
  });
  check_bad_texts("redirect to", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<RedirectRow>(bytes, header_of(bytes).redirects, 0).to;
  });
  check_bad_texts("redirect rule", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<RedirectRow>(bytes, header_of(bytes).redirects, 0).rule;
  });
  check_bad_texts("network rule", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<NetworkRow>(bytes, header_of(bytes).networks, 1).rule;
  });
  check_bad_texts("name", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<NameRow>(bytes, header_of(bytes).names, 0).name;
  });
  check_bad_texts("name rule", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<NameRow>(bytes, header_of(bytes).names, 0).rule;
  });
  check_bad_texts("variable", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<VariableRow>(bytes, header_of(bytes).variables, 5).text;
  });
  check_bad_texts("variable rule", [](AlignedBytes& bytes) -> TextReference& {
    return row_of<VariableRow>(bytes, header_of(bytes).variables, 5).rule;
  });
}

TEST_CASE("policy: the empty config file's text is checked, too") {
  CHECK(after_header([](PolicyHeader& header) {
          header.config_file = {UINT32_MAX, 0};
        }) == PolicyProblem::kOutOfBounds);
  CHECK(after_header([](PolicyHeader& header) { header.config_file.length = UINT32_MAX; }) ==
        PolicyProblem::kOutOfBounds);
}

TEST_CASE("policy: a network's prefix has at most 128 bits") {
  const auto with_prefix = [](std::uint8_t prefix) {
    return after([&](AlignedBytes& bytes) {
      row_of<NetworkRow>(bytes, header_of(bytes).networks, 1).prefix = prefix;
    });
  };
  CHECK(with_prefix(0) == PolicyProblem::kNone);
  CHECK(with_prefix(128) == PolicyProblem::kNone);
  CHECK(with_prefix(129) == PolicyProblem::kOutOfBounds);
  CHECK(with_prefix(255) == PolicyProblem::kOutOfBounds);
}

TEST_CASE("policy: variables that are neither NAME nor NAME=VALUE are refused") {
  const auto change_row = [](bool set, void (*change)(AlignedBytes&, VariableRow&)) {
    return after([&](AlignedBytes& bytes) {
      const SectionReference section = header_of(bytes).variables;
      for (std::size_t i = 0; i < section.count; ++i) {
        auto& row = row_of<VariableRow>(bytes, section, i);
        if ((row.set == 1) == set) return change(bytes, row);
      }
      FAIL("there is no such variable");
    });
  };
  for (const bool set : {false, true}) {
    CAPTURE(set);
    CHECK(change_row(set, [](AlignedBytes&, VariableRow& row) { row.set = 2; }) ==
          PolicyProblem::kOutOfBounds);
    CHECK(change_row(set, [](AlignedBytes&, VariableRow& row) { row.set ^= 1; }) ==
          PolicyProblem::kOutOfBounds);
    CHECK(change_row(set, [](AlignedBytes&, VariableRow& row) { row.name_length = 0; }) ==
          PolicyProblem::kOutOfBounds);
    CHECK(change_row(set, [](AlignedBytes&, VariableRow& row) { --row.name_length; }) ==
          PolicyProblem::kOutOfBounds);
    CHECK(change_row(set, [](AlignedBytes&, VariableRow& row) { ++row.name_length; }) ==
          PolicyProblem::kOutOfBounds);
    CHECK(change_row(set, [](AlignedBytes&, VariableRow& row) {
            row.name_length = row.text.length;
          }) == (set ? PolicyProblem::kOutOfBounds : PolicyProblem::kNone));
    CHECK(change_row(set, [](AlignedBytes&, VariableRow& row) {
            row.name_length = row.text.length + 1;
          }) == PolicyProblem::kOutOfBounds);
    CHECK(change_row(set, [](AlignedBytes&, VariableRow& row) { row.name_length = UINT32_MAX; }) ==
          PolicyProblem::kOutOfBounds);
  }
  // "=VALUE" and "" have no name.
  CHECK(change_row(true, [](AlignedBytes&, VariableRow& row) {
          row.text = {row.text.offset + row.name_length, row.text.length - row.name_length};
          row.name_length = 0;
        }) == PolicyProblem::kOutOfBounds);
  CHECK(change_row(false, [](AlignedBytes&, VariableRow& row) {
          row.text = {row.text.offset + row.name_length, 0};
          row.name_length = 0;
        }) == PolicyProblem::kOutOfBounds);
  CHECK(change_row(true, [](AlignedBytes& bytes, VariableRow& row) {
          bytes.data()[row.text.offset + row.name_length] = '_';
        }) == PolicyProblem::kOutOfBounds);
}

TEST_CASE("policy: an index without an empty slot is refused, since a search would not end") {
  CHECK(after([](AlignedBytes& bytes) {
          const SectionReference index = header_of(bytes).variable_index;
          for (std::size_t i = 0; i < index.count; ++i) {
            row_of<std::uint16_t>(bytes, index, i) = 1;
          }
        }) == PolicyProblem::kOutOfBounds);
}

TEST_CASE("policy: an index that points behind the variables is refused") {
  const auto with_entry = [](std::uint32_t more) {
    return after([&](AlignedBytes& bytes) {
      const PolicyHeader& header = header_of(bytes);
      for (std::size_t i = 0; i < header.variable_index.count; ++i) {
        auto& entry = row_of<std::uint16_t>(bytes, header.variable_index, i);
        if (entry == 0) continue;
        entry = static_cast<std::uint16_t>(header.variables.count + more);
        return;
      }
    });
  };
  CHECK(with_entry(0) == PolicyProblem::kNone);  // another row, but a row
  CHECK(with_entry(1) == PolicyProblem::kOutOfBounds);
  CHECK(with_entry(60000) == PolicyProblem::kOutOfBounds);
}

TEST_CASE("policy: an object that had a sound policy has none after a failure") {
  const AlignedBytes sound = complete_policy();
  AlignedBytes broken = complete_policy();
  broken.data()[broken.size() - 1] ^= 1;
  Policy policy;
  REQUIRE(policy.attach(sound.data(), sound.size()) == PolicyProblem::kNone);
  REQUIRE(policy.attach(broken.data(), broken.size()) == PolicyProblem::kWrongChecksum);
  CHECK_FALSE(policy.valid());
}

TEST_CASE("policy: every problem has words of its own") {
  std::set<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(PolicyProblem::kOutOfBounds); ++i) {
    const std::string_view words = describe(static_cast<PolicyProblem>(i));
    CHECK(words.size() > 5);
    CHECK(seen.insert(words).second);
  }
}

TEST_CASE("policy: the checksum tells apart sizes, positions and values") {
  std::set<std::uint64_t> seen;
  std::vector<std::uint8_t> zeros(64);
  for (std::size_t size = 0; size <= zeros.size(); ++size) {
    CHECK(seen.insert(policy_checksum(zeros.data(), size)).second);
  }
  for (std::size_t at = 0; at < zeros.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      zeros[at] = static_cast<std::uint8_t>(1 << bit);
      CHECK(seen.insert(policy_checksum(zeros.data(), zeros.size())).second);
      zeros[at] = 0;
    }
  }
}

namespace {

const VariableRow* find_one_by_one(const Policy& policy, std::string_view name) {
  for (std::size_t i = 0; i < policy.variable_count(); ++i) {
    if (policy.variable_name(policy.variable(i)) == name) return &policy.variable(i);
  }
  return nullptr;
}

void check_find(const Policy& policy, const std::string& name) {
  const VariableRow* wanted = find_one_by_one(policy, name);
  if (policy.find_variable(name) != wanted) {
    CAPTURE(name);
    REQUIRE(policy.find_variable(name) == wanted);
  }
  // The name as getenv() is asked for it, and as it stands in the environment.
  for (const std::string& text : {name, name + "=value"}) {
    if (wanted != nullptr && !policy.may_manage(text.c_str())) {
      CAPTURE(text);
      REQUIRE(policy.may_manage(text.c_str()));
    }
  }
}

void check_all_finds(const Policy& policy) {
  std::mt19937 random(5);
  for (std::size_t i = 0; i < policy.variable_count(); ++i) {
    const std::string name(policy.variable_name(policy.variable(i)));
    REQUIRE(policy.find_variable(name) == &policy.variable(i));
    for (std::size_t length = 0; length <= name.size(); ++length) {
      check_find(policy, name.substr(0, length));
      check_find(policy, name.substr(length));
    }
    check_find(policy, name + "X");
    check_find(policy, "X" + name);
    std::string changed = name;
    changed[random() % name.size()] ^= 1;
    check_find(policy, changed);
    for (char& c : changed) c = static_cast<char>(std::tolower(c));
    check_find(policy, changed);
  }
}

}  // namespace

TEST_CASE("policy: find_variable and may_manage agree with a search one by one") {
  const AlignedBytes bytes = complete_policy();
  Policy policy;
  REQUIRE(policy.attach(bytes.data(), bytes.size()) == PolicyProblem::kNone);
  check_all_finds(policy);
  check_find(policy, "PATH");
  check_find(policy, "");
}

TEST_CASE("policy: names of every length are found, one letter and hundreds of variables") {
  for (const std::size_t count : {0U, 1U, 2U, 7U, 8U, 100U, 600U}) {
    std::string text = "[env]\npresets = []\nset = [";
    for (std::size_t i = 0; i < count; ++i) {
      // Short, long, and alike at both ends.
      std::string name = i < 26 ? std::string(1, static_cast<char>('A' + i))
                                : "V" + std::string(i % 40, '_') + std::to_string(i) + "_END";
      text += "\"" + name + "=" + std::to_string(i) + "\",";
    }
    text += "]\n";
    PolicyMaker maker;
    REQUIRE(maker.read(text));
    REQUIRE(maker.build());
    Policy policy;
    REQUIRE(policy.attach(maker.made.data(), maker.made.size()) == PolicyProblem::kNone);
    // HFOFFLINE_ACTIVE, HFOFFLINE_MODELS_DIR and the proxies are always there.
    CHECK(policy.variable_count() > count);
    check_all_finds(policy);
  }
}

TEST_CASE("policy: the filter proves for every pair of bytes what it says") {
  const AlignedBytes bytes = complete_policy();
  Policy policy;
  REQUIRE(policy.attach(bytes.data(), bytes.size()) == PolicyProblem::kNone);
  int refused = 0;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      // NUL-terminated, as an environment entry is: behind a NUL nothing may be read.
      const std::string name =
          first == 0 ? std::string()
                     : std::string{static_cast<char>(first), static_cast<char>(second)}.c_str();
      if (policy.may_manage(name.c_str())) continue;
      ++refused;
      for (std::size_t i = 0; i < policy.variable_count(); ++i) {
        const std::string_view managed = policy.variable_name(policy.variable(i));
        if (managed.substr(0, 2) == name) {
          CAPTURE(name, managed);
          FAIL("a managed variable starts like this");
        }
      }
    }
  }
  // Or it would save nothing.
  CHECK(refused > 60000);
}
