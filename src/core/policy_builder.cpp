#include "core/policy_builder.h"

#include "core/allow_rule.h"
#include "core/errnos.h"
#include "core/policy.h"

namespace hfoffline {
namespace {

// Each row carries its rule, and a record line has room for this much.
constexpr std::size_t kMaximumRuleBytes = 512;

// Grows upwards in one buffer: rows first, then text. Running out is remembered, not checked at
// each step.
class Block {
 public:
  Block(std::uint8_t* bytes, std::size_t capacity) : bytes_(bytes), capacity_(capacity) {}

  std::uint32_t reserve(std::size_t size, std::size_t alignment) {
    const std::size_t start = (used_ + alignment - 1) / alignment * alignment;
    if (start > capacity_ || size > capacity_ - start) {
      overflowed_ = true;
      return 0;
    }
    __builtin_memset(bytes_ + used_, 0, start + size - used_);
    used_ = start + size;
    return static_cast<std::uint32_t>(start);
  }

  template <class Row>
  SectionReference section(std::size_t count) {
    SectionReference section;
    section.offset = reserve(count * sizeof(Row), alignof(std::uint64_t));
    section.count = overflowed_ ? 0 : static_cast<std::uint32_t>(count);
    return section;
  }

  template <class Row>
  Row& row(const SectionReference& section, std::size_t i) {
    return reinterpret_cast<Row*>(bytes_ + section.offset)[i];
  }

  TextReference text(std::string_view text) {
    const std::uint32_t offset = reserve(text.size() + 1, 1);
    if (overflowed_) return {};
    // An empty view may have no data at all, which memcpy does not allow.
    if (!text.empty()) __builtin_memcpy(bytes_ + offset, text.data(), text.size());
    return {offset, static_cast<std::uint32_t>(text.size())};
  }

  TextReference lower_case_text(std::string_view original) {
    const TextReference reference = text(original);
    for (std::uint32_t i = 0; i < reference.length; ++i) {
      char& c = reinterpret_cast<char&>(bytes_[reference.offset + i]);
      c = ascii_lower(c);
    }
    return reference;
  }

  // A long one loses its start: its end has the file's name and the line.
  TextReference rule(const Source& source) {
    char array[4096 + 64];
    Appender name(array);
    append_source(source, name);
    if (name.size() <= kMaximumRuleBytes) return shared_text(name.view());
    constexpr std::string_view kCut = "...";
    std::size_t start = name.size() - kMaximumRuleBytes + kCut.size();
    while ((static_cast<unsigned char>(array[start]) & 0xc0) == 0x80) ++start;
    for (std::size_t i = kCut.size(); i > 0; --i) array[--start] = kCut[i - 1];
    return shared_text(slice(name.view(), start));
  }

  // Many rows have the same few rules, and every process of a run carries the block.
  TextReference shared_text(std::string_view wanted) {
    for (std::size_t i = 0; i < shared_count_; ++i) {
      if (std::string_view(reinterpret_cast<char*>(bytes_) + shared_[i].offset,
                           shared_[i].length) == wanted) {
        return shared_[i];
      }
    }
    const TextReference reference = text(wanted);
    if (shared_count_ < kShared && !overflowed_) shared_[shared_count_++] = reference;
    return reference;
  }

  std::uint8_t* bytes() { return bytes_; }
  std::size_t used() const { return used_; }
  std::size_t capacity() const { return capacity_; }
  bool overflowed() const { return overflowed_; }

 private:
  std::uint8_t* bytes_;
  std::size_t capacity_;
  std::size_t used_ = 0;
  bool overflowed_ = false;
  static constexpr std::size_t kShared = 64;
  TextReference shared_[kShared];
  std::size_t shared_count_ = 0;
};

void add_to_filter(char first, char second, PolicyHeader& header) {
  const std::size_t bit =
      name_filter_bit(static_cast<unsigned char>(first), static_cast<unsigned char>(second));
  header.name_filter[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

void write_variables(const EnvironmentPlan& plan, Block& block, PolicyHeader& header) {
  header.variables = block.section<VariableRow>(plan.count);
  std::uint32_t slots = 8;
  while (slots < plan.count * 4) slots *= 2;
  header.variable_slots = slots;
  header.variable_index = block.section<std::uint16_t>(slots);
  if (block.overflowed()) return;
  for (std::size_t i = 0; i < plan.count; ++i) {
    const PlannedVariable& variable = plan.variables[i];
    VariableRow row{};
    row.text = block.text(variable.text);
    row.rule = block.rule(variable.source);
    row.name_length = static_cast<std::uint32_t>(variable.name.size());
    row.hash = variable_hash(variable.name);
    row.set = variable.set ? 1 : 0;
    block.row<VariableRow>(header.variables, i) = row;

    std::uint32_t slot = row.hash & (slots - 1);
    while (block.row<std::uint16_t>(header.variable_index, slot) != 0)
      slot = (slot + 1) & (slots - 1);
    block.row<std::uint16_t>(header.variable_index, slot) = static_cast<std::uint16_t>(i + 1);

    // A name of one byte is followed by NUL in a call of getenv, and by '=' in an environment.
    const char first = variable.name[0];
    const bool one_byte = variable.name.size() == 1;
    add_to_filter(first, one_byte ? '\0' : variable.name[1], header);
    if (one_byte) add_to_filter(first, '=', header);
  }
}

void write_trees(const PolicyInputs& inputs, Block& block, PolicyHeader& header) {
  header.trees = block.section<TreeRow>(inputs.tree_count);
  for (std::size_t i = 0; i < inputs.tree_count && !block.overflowed(); ++i) {
    const ProtectedTree& tree = inputs.trees[i];
    TreeRow row{};
    row.path = block.text(tree.path);
    row.rule = block.rule(tree.source);
    row.device = tree.id.dev;
    row.inode = tree.id.ino;
    block.row<TreeRow>(header.trees, i) = row;
  }
}

void write_redirects(const PolicyInputs& inputs, Block& block, PolicyHeader& header) {
  header.redirects = block.section<RedirectRow>(inputs.redirect_count);
  for (std::size_t i = 0; i < inputs.redirect_count && !block.overflowed(); ++i) {
    RedirectRow row{};
    row.from = block.text(inputs.redirects[i].from);
    row.to = block.text(inputs.redirects[i].to);
    row.rule = block.rule(inputs.redirects[i].source);
    block.row<RedirectRow>(header.redirects, i) = row;
  }
}

bool write_allow_rules(const Config& config, Block& block, PolicyHeader& header,
                       Diagnostic& error) {
  std::size_t names = 0;
  std::size_t networks = 0;
  for (const ListItem* item = config.items(Key::egress_allow); item != nullptr; item = item->next) {
    AllowRule rule;
    std::string_view why;
    std::size_t offset = 0;
    if (!parse_allow_rule(item->text, &rule, &why, &offset)) {
      DiagnosticText(error.message)
          .add("bad allow rule ")
          .add_quoted(item->text)
          .add(": ")
          .add(why);
      return false;
    }
    ++(rule.is_name ? names : networks);
  }
  header.networks = block.section<NetworkRow>(networks);
  header.names = block.section<NameRow>(names);
  names = networks = 0;
  for (const ListItem* item = config.items(Key::egress_allow);
       item != nullptr && !block.overflowed(); item = item->next) {
    AllowRule rule;
    std::string_view why;
    std::size_t offset = 0;
    parse_allow_rule(item->text, &rule, &why, &offset);
    if (rule.is_name) {
      NameRow row{};
      row.name = block.lower_case_text(rule.name);
      row.rule = block.rule(item->source);
      row.port = rule.port;
      block.row<NameRow>(header.names, names++) = row;
    } else {
      NetworkRow row{};
      __builtin_memcpy(row.base, rule.network.base.bytes, sizeof(row.base));
      row.prefix = rule.network.prefix;
      row.port = rule.port;
      row.rule = block.rule(item->source);
      block.row<NetworkRow>(header.networks, networks++) = row;
    }
  }
  return true;
}

Unshimmed unshimmed_choice(std::string_view text) {
  if (text == "refuse") return Unshimmed::kRefuse;
  return text == "allow" ? Unshimmed::kAllow : Unshimmed::kWarn;
}

}  // namespace

bool build_policy(const PolicyInputs& inputs, std::uint8_t* buffer, std::size_t capacity,
                  std::size_t* size, Diagnostic& error) {
  const Config& config = *inputs.config;
  Block block(buffer, capacity < kMaximumPolicyBytes ? capacity : kMaximumPolicyBytes);
  block.reserve(sizeof(PolicyHeader), 8);
  PolicyHeader header{};
  header.magic = kPolicyMagic;
  header.version = kPolicyVersion;
  if (config.text(Key::egress_mode) == "audit") header.flags |= kPolicyAudit;
  if (config.boolean(Key::cache_audit_writes)) header.flags |= kPolicyAuditWrites;
  if (config.boolean(Key::env_lock)) header.flags |= kPolicyLockEnvironment;
  if (config.boolean(Key::record_quiet)) header.flags |= kPolicyQuiet;
  if (config.boolean(Key::egress_allow_from_tests)) header.flags |= kPolicyAllowFromTests;
  int number = 0;
  if (!configurable_errno(config.text(Key::egress_errno), &number)) {
    DiagnosticText(error.message)
        .add("egress errno ")
        .add_quoted(config.text(Key::egress_errno))
        .add(" is not known");
    return false;
  }
  header.egress_errno = static_cast<std::uint32_t>(number);
  header.unshimmed = unshimmed_choice(config.text(Key::exec_unshimmed));
  header.root_device = inputs.root.dev;
  header.root_inode = inputs.root.ino;
  write_variables(*inputs.environment, block, header);
  write_trees(inputs, block, header);
  write_redirects(inputs, block, header);
  if (!write_allow_rules(config, block, header, error)) return false;
  header.run = block.text(inputs.run);
  header.models_dir = block.text(inputs.models_dir);
  header.config_file = block.text(config.file);
  header.record_file = block.text(inputs.record_file);
  header.run_state_file = block.text(inputs.run_state_file);
  header.shim_file = block.text(inputs.shim_file);
  header.default_egress_rule = block.text("default");
  header.unshimmed_rule = block.rule(config.at(Key::exec_unshimmed).source);
  if (block.overflowed()) {
    DiagnosticText(error.message)
        .add("the policy does not fit into ")
        .add_number(block.capacity())
        .add(" bytes");
    DiagnosticText(error.hint)
        .add(
            "shorten [egress] allow, [cache] protect or [env] set; a network (10.0.0.0/8) replaces "
            "many addresses");
    return false;
  }
  header.size = static_cast<std::uint32_t>(block.used());
  __builtin_memcpy(buffer, &header, sizeof(header));
  constexpr std::size_t kSummedFrom = offsetof(PolicyHeader, flags);
  header.checksum = policy_checksum(buffer + kSummedFrom, block.used() - kSummedFrom);
  __builtin_memcpy(buffer, &header, sizeof(header));
  *size = block.used();
  return true;
}

}  // namespace hfoffline
