#include "models/capacity/kv_growth.hpp"

#include <algorithm>
#include <cmath>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"
#include "policies/base/math.hpp"

namespace fleetcache::models {

namespace {

// By turn k = 0, 1, …: seconds of [0, t) after the k-th of the sessions that start at 0, in the
// mean: E (t - X)+ = t P(k, x) - k think P(k + 1, x) for Erlang X, x = t / think and P(k, x) the
// probability that X is below t.
std::vector<double> seconds_begun(std::size_t turns, double think_s, double t) {
  std::vector<double> begun(turns, t);
  if (think_s <= 0) return begun;
  const double x = t / think_s;
  double below = 1, term = portable_exp(-x);  // P(0, x); Poisson probability of 0
  for (std::size_t k = 0; k < turns; ++k) {
    const double next = std::max(0.0, below - term);
    begun[k] = std::max(0.0, t * below - static_cast<double>(k) * think_s * next);
    below = next;
    term *= x / static_cast<double>(k + 1);
  }
  return begun;
}

}  // namespace

double kv_growth(const KvDemand& demand, double from_s, double to_s) {
  FLEETCACHE_CHECK(from_s >= 0 && from_s < to_s, "no time to ask in");
  const std::vector<double> before = seconds_begun(demand.turns.size(), demand.think_s, from_s);
  const std::vector<double> after = seconds_begun(demand.turns.size(), demand.think_s, to_s);
  double asked = 0, steady = 0;
  for (std::size_t k = 0; k < demand.turns.size(); ++k) {
    const double blocks = demand.turns[k].share * demand.turns[k].blocks;
    asked += blocks * (after[k] - before[k]);
    steady += blocks * (to_s - from_s);
  }
  return steady > 0 ? std::clamp(asked / steady, 0.0, 1.0) : 1;
}

double kv_volume_spread(const KvDemand& demand, double sessions) {
  FLEETCACHE_CHECK(sessions > 0, "no sessions");
  double blocks = 0, mean = 0, square = 0, reaches = 1;
  for (const KvTurn& turn : demand.turns) {
    blocks += turn.blocks;
    const double ends = reaches * demand.last_turn;
    mean += ends * blocks;
    square += ends * blocks * blocks;
    reaches -= ends;
  }
  if (mean <= 0) return 0;
  const KvTurn& first = demand.turns.front();
  const double lengths = 1 + first.fresh_variance / (first.prompt_tokens * first.prompt_tokens);
  return std::sqrt(std::max(0.0, square * lengths / (mean * mean) - 1) / sessions);
}

}  // namespace fleetcache::models
