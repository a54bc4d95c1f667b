#include "layers/findings_json.h"

#include <nlohmann/json.hpp>

namespace hfoffline::layers {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const SearchOrder& order) {
  Json places = Json::array();
  for (const SearchedPlace& place : order.places) {
    places.push_back(
        {{"layer", place.layer}, {"path", place.path}, {"why", place.why}, {"core", place.core}});
  }
  return {{"checker", order.checker},
          {"title", order.title},
          {"places", std::move(places)},
          {"facts", order.facts}};
}

Json to_json(const Finding& finding) {
  const FindingKindInfo& info = finding_kind_info(finding.kind);
  return {{"kind", info.code},          {"checker", info.checker},  {"shadows", info.counts},
          {"subject", finding.subject}, {"layer", finding.layer},   {"path", finding.path},
          {"core", finding.core},       {"winner", finding.winner}, {"observed", finding.observed},
          {"why", finding.why},         {"fix", finding.fix}};
}

}  // namespace

bool shadows_core(const ShadowReport& report) {
  for (const Finding& finding : report.findings) {
    if (finding_kind_info(finding.kind).counts) return true;
  }
  return false;
}

std::string findings_json(const ShadowReport& report) {
  Json orders = Json::array();
  for (const SearchOrder& order : report.orders) orders.push_back(to_json(order));
  Json findings = Json::array();
  for (const Finding& finding : report.findings) findings.push_back(to_json(finding));
  const Json all = {{"schema", 1},
                    {"shadowed", shadows_core(report)},
                    {"orders", std::move(orders)},
                    {"findings", std::move(findings)}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace hfoffline::layers
