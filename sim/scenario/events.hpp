/// The `events` of a scenario: texts like "rack:east/3" taken apart, and checked against the fleet.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.hpp"
#include "sim/scenario/typed.hpp"

namespace fleetcache::scenario {

/// Keys of an event that are texts without a default; all but "into" say what happens.
inline constexpr std::array kEventTexts = {"fail",       "throttle", "drain", "upgrade",
                                           "cold_start", "prestage", "into"};

/// Keys of an event that belong to some of what happens only, and to what.
struct EventKey {
  const char* key;
  std::vector<std::string_view> verbs;
};
const std::vector<EventKey>& event_keys();

/// The resolved list, sorted. Errors: not exactly one thing that happens, a target that is not
/// understood, a key that does not belong to what happens.
std::vector<FleetEvent> parse_events(const nlohmann::json& list, const PlacedErrors& errors);

/// Regions, pools, data sets and indices that do not exist; an event after the horizon is none.
void check_events(const Scenario& scenario, const PlacedErrors& errors);

/// As a person would say it: "fail rack:east/3", "upgrade pool:east/infer", "prestage clips".
std::string describe(const FleetEvent& event);

}  // namespace fleetcache::scenario
