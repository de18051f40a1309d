#include "analysis/headline.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace fleetcache::analysis {
namespace {

/// Families in the order of the page: a name belongs when it starts and ends so, the end being
/// whole words.
struct Family {
  std::string_view start, end;
  bool zero_too = true;  ///< false: a figure of 0 is no news
};
constexpr std::array<Family, 15> kFamilies = {{{"train.", "goodput"},
                                               {"train.", "stall"},
                                               {"train.", "checkpoint_share"},
                                               {"train.", "restore_share", false},
                                               {"train.", "down_share", false},
                                               {"train.", "redone_share", false},
                                               {"infer.", "ttft_mean"},
                                               {"infer.", "ttft_p50"},
                                               {"infer.", "ttft_p99"},
                                               {"infer.", "ttft_fetch_p99"},
                                               {"kv.", "block_hit_ratio"},
                                               {"cache.byte_hit_ratio.", ""},
                                               {"origin.", "read_p99"},
                                               {"origin.", "bytes_per_second"},
                                               {"origin.", "throttled_ratio"}}};

bool belongs(std::string_view name, const Family& family) {
  if (name.size() < family.start.size() + family.end.size() || !name.starts_with(family.start) ||
      !name.ends_with(family.end)) {
    return false;
  }
  return family.end.empty() || name[name.size() - family.end.size() - 1] == '.';
}

void add_once(const std::string& name, std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

std::vector<std::string> headlines(const std::map<std::string, Metric>& metrics,
                                   const std::vector<Objective>& objectives, bool simulated) {
  std::vector<std::string> names;
  for (const Objective& objective : objectives) {
    if (metrics.count(objective.metric) != 0) add_once(objective.metric, names);
  }
  for (const Family& family : kFamilies) {
    for (const auto& [name, metric] : metrics) {
      if (belongs(name, family) && (family.zero_too || metric.value != 0)) add_once(name, names);
    }
  }
  if (!simulated) {
    for (const auto& [name, metric] : metrics) add_once(name, names);
  }
  return names;
}

}  // namespace fleetcache::analysis
