#include "layers/findings_text.h"

#include <map>
#include <utility>

#include "cli/help.h"
#include "cli/message.h"
#include "cli/string_tools.h"

namespace hfoffline::layers {
namespace {

using cli::append;
using cli::cat;
using cli::printable;
using cli::wrap;

constexpr std::size_t kWidth = 79;
constexpr std::size_t kLabelWidth = 11;  // "  instead  "

// "  label    text", wrapped; nothing if there is no text.
void add_field(std::string_view label, std::string_view text, std::string* out) {
  if (text.empty()) return;
  std::string start = cat("  ", label);
  start.resize(kLabelWidth, ' ');
  append(out, start, wrap(printable(text), kWidth - kLabelWidth, kLabelWidth), "\n");
}

void add_order(const SearchOrder& order, std::string* out) {
  append(out, order.checker, ": ", wrap(printable(order.title), kWidth - 8, 2), "\n");
  std::size_t name_width = 0;
  for (const SearchedPlace& place : order.places)
    name_width = std::max(name_width, place.layer.size() + (place.core ? 7 : 0));
  name_width = std::min<std::size_t>(name_width, 24);
  std::size_t number = 0;
  for (const SearchedPlace& place : order.places) {
    std::string start = cat(++number < 10 ? "  " : " ", number, " ", printable(place.layer),
                            place.core ? " (core)" : "");
    if (start.size() < name_width + 4) start.resize(name_width + 4, ' ');
    append(out, start, " ", printable(place.path), "\n");
    if (!place.why.empty()) {
      append(out, std::string(name_width + 5, ' '),
             wrap(printable(place.why), kWidth - name_width - 5, name_width + 5), "\n");
    }
  }
  for (const std::string& fact : order.facts)
    append(out, "  ", wrap(printable(fact), kWidth - 2, 4), "\n");
  append(out, "\n");
}

void add_finding(const Finding& finding, std::string* out) {
  const FindingKindInfo& info = finding_kind_info(finding.kind);
  append(out, info.counts ? "SHADOWED " : "note ", printable(finding.subject), "\n");
  add_field("what", cat(info.meaning, " (", info.code, ")"), out);
  const bool layer_says_it = finding.layer.empty();
  add_field("by", layer_says_it ? finding.path : cat(finding.layer, "  ", finding.path), out);
  add_field("instead", finding.core, out);
  if (!finding.winner.empty()) {
    add_field("wins", cat(finding.winner, finding.observed ? "  (observed)" : "  (by the rules)"),
              out);
  }
  add_field("why", finding.why, out);
  add_field("fix", finding.fix, out);
  append(out, "\n");
}

// Findings of one kind and layer that are shown one by one; a whole copy of core has hundreds.
constexpr std::size_t kShownFindings = 10;
constexpr std::size_t kShownSubjects = 12;

using KindAndLayer = std::pair<FindingKind, std::string>;

struct Sum {
  std::size_t count = 0;
  std::string subjects;  // the first few
  void add(std::string_view subject, std::size_t shown) {
    if (++count <= shown) append(&subjects, count == 1 ? "" : ", ", printable(subject));
    if (count == shown + 1) append(&subjects, " ...");
  }
};

void add_rest(const std::map<KindAndLayer, Sum>& rest, std::string* out) {
  for (const auto& [key, sum] : rest) {
    append(out, "SHADOWED ", sum.count, " more by ", printable(key.second), "\n");
    add_field("what", finding_kind_info(key.first).meaning, out);
    add_field("names", sum.subjects, out);
    append(out, "\n");
  }
}

// One line for the notes of a kind and a layer: there may be thousands.
void add_summed_notes(const ShadowReport& report, std::string* out) {
  constexpr std::size_t kShown = 4;
  std::map<KindAndLayer, Sum> sums;
  for (const Finding& finding : report.findings) {
    if (finding_kind_info(finding.kind).counts) continue;
    sums[{finding.kind, finding.layer}].add(finding.subject, kShown);
  }
  for (const auto& [key, notes] : sums) {
    std::string text = cat(key.second.empty() ? "" : cat(printable(key.second), ": "),
                           finding_kind_info(key.first).meaning, ": ", notes.subjects);
    if (notes.count > kShown) append(&text, " (", notes.count, " in all)");
    append(out, "note: ", wrap(text, kWidth - 6, 6), "\n");
  }
  if (!sums.empty()) append(out, "\n");
}

}  // namespace

std::string findings_text(const ShadowReport& report, bool all_notes) {
  std::string text;
  for (const SearchOrder& order : report.orders) add_order(order, &text);
  std::size_t shadowed = 0;
  std::size_t notes = 0;
  std::map<KindAndLayer, std::size_t> seen;
  std::map<KindAndLayer, Sum> rest;
  for (const Finding& finding : report.findings) {
    const bool counts = finding_kind_info(finding.kind).counts;
    ++(counts ? shadowed : notes);
    if (!counts && !all_notes) continue;
    const KindAndLayer key = {finding.kind, finding.layer};
    if (all_notes || ++seen[key] <= kShownFindings) {
      add_finding(finding, &text);
    } else {
      rest[key].add(finding.subject, kShownSubjects);
    }
  }
  add_rest(rest, &text);
  if (!all_notes) add_summed_notes(report, &text);
  append(&text, shadowed == 0 ? "nothing shadows core"
                              : cat(shadowed, shadowed == 1 ? " finding" : " findings"));
  if (notes != 0) append(&text, "; ", notes, notes == 1 ? " note" : " notes");
  if ((notes != 0 || !rest.empty()) && !all_notes) append(&text, " (--notes shows each)");
  append(&text, "\n");
  return text;
}

}  // namespace hfoffline::layers
