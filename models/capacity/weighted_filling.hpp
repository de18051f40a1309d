/// Rates of users that take several resources in fixed proportions: progressive filling with
/// coefficients, the closed-form counterpart of max-min fair flows.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace fleetcache::models {

/// A resource of the analytic rung.
struct FilledResource {
  double capacity = 0;   ///< > 0
  double base_load = 0;  ///< what is taken before any user
  /// (user, units of this resource for each unit of the user's rate), users distinct, amounts >= 0.
  std::vector<std::pair<std::uint32_t, double>> uses;
};

struct FilledUser {
  double weight = 1;   ///< rates grow in this proportion; > 0
  double ceiling = 0;  ///< what it wants; >= 0
};

constexpr std::uint32_t kNoResource = 0xffffffffU;

struct Filling {
  std::vector<double> rate;            ///< by user
  std::vector<std::uint32_t> binding;  ///< by user: the resource that stopped it, or kNoResource
};

/// Rates grow together in proportion to the weights; a user stops at its ceiling or when a resource
/// it uses is full. A resource whose base load leaves nothing stops its users at 0. Ties go to the
/// resource named first. O(users x sum of uses).
/// Source: Bertsekas and Gallager, Data Networks, 6.5.2, with coefficients.
Filling weighted_filling(const std::vector<FilledUser>& users,
                         const std::vector<FilledResource>& resources);

}  // namespace fleetcache::models
