/// The resolved document as a Scenario, and the checks that need more than one key.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/scenario/document.hpp"
#include "sim/scenario/scenario.hpp"

namespace fleetcache::scenario {

/// Collects errors at the place of a path, or of its nearest written parent.
class PlacedErrors {
 public:
  PlacedErrors(const std::map<std::string, Place>& places, std::vector<Error>& errors)
      : places_(&places), errors_(&errors) {}
  void add(const std::string& path, const std::string& what) const;
  /// True when somebody wrote the key, in a file, a preset or --set; false for a default.
  bool written(const std::string& path) const;

 private:
  const std::map<std::string, Place>* places_;
  std::vector<Error>* errors_;
};

/// Requires: resolved without errors by Resolver. Errors: texts with a grammar of their own
/// (objectives, events, links).
Scenario to_scenario(const nlohmann::json& resolved, const PlacedErrors& errors);

/// References, sums and sizes across keys: a pool that does not exist, more nodes asked for than a
/// pool has, an object larger than every tier, a capacity that the node cannot hold.
void cross_check(const Scenario& scenario, const PlacedErrors& errors);

}  // namespace fleetcache::scenario
