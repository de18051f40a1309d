#include "models/capacity/weighted_filling.hpp"

#include <algorithm>
#include <limits>

namespace fleetcache::models {

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

// The common level at which a resource is full, given who still grows; kNever when nobody does.
double full_at(const FilledResource& r, const std::vector<FilledUser>& users,
               const std::vector<char>& growing, const std::vector<double>& rate) {
  double left = r.capacity - r.base_load, slope = 0;
  for (const auto& [user, amount] : r.uses) {
    if (growing[user]) {
      slope += amount * users[user].weight;
    } else {
      left -= amount * rate[user];
    }
  }
  if (slope <= 0) return kNever;
  return std::max(0.0, left / slope);
}

}  // namespace

Filling weighted_filling(const std::vector<FilledUser>& users,
                         const std::vector<FilledResource>& resources) {
  Filling out;
  out.rate.assign(users.size(), 0);
  out.binding.assign(users.size(), kNoResource);
  std::vector<char> growing(users.size(), 1);
  std::size_t left = users.size();
  while (left > 0) {
    double level = kNever;
    std::uint32_t resource = kNoResource;
    for (std::size_t u = 0; u < users.size(); ++u)
      if (growing[u]) level = std::min(level, users[u].ceiling / users[u].weight);
    for (std::uint32_t r = 0; r < resources.size(); ++r) {
      const double full = full_at(resources[r], users, growing, out.rate);
      if (full < level) {
        level = full;
        resource = r;
      }
    }
    const auto stop = [&](std::uint32_t user) {
      if (!growing[user]) return;
      growing[user] = 0;
      --left;
      // At its ceiling exactly: a rounded quotient would look like a stall.
      const double ceiling = users[user].ceiling;
      out.rate[user] =
          resource == kNoResource ? ceiling : std::min(ceiling, level * users[user].weight);
      out.binding[user] = resource;
    };
    if (resource != kNoResource) {
      for (const auto& [user, amount] : resources[resource].uses)
        if (amount > 0) stop(user);
    } else {
      for (std::uint32_t u = 0; u < users.size(); ++u)
        if (growing[u] && users[u].ceiling / users[u].weight <= level) stop(u);
    }
  }
  return out;
}

}  // namespace fleetcache::models
