#include "policies/placement/epochs.hpp"

#include <algorithm>
#include <string>

#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

constexpr std::uint32_t kNobody = 0xffffffffU;

}  // namespace

Result<EpochPair> EpochPair::make(const Map& from, const Map& to) {
  if (to.epoch() <= from.epoch()) {
    return Error{"placement epoch", std::to_string(to.epoch()) + " does not come after " +
                                        std::to_string(from.epoch())};
  }
  return EpochPair(from, to);
}

EpochPair::EpochPair(const Map& from, const Map& to)
    : from_(&from), to_(&to), serving_(from.members().size(), kNobody) {
  const std::vector<std::uint32_t> old_order = by_id(from.members());
  const std::vector<std::uint32_t> new_order = by_id(to.members());
  std::size_t at = 0;
  for (const std::uint32_t m : old_order) {
    const std::uint64_t id = from.members()[m].id;
    while (at < new_order.size() && to.members()[new_order[at]].id < id) ++at;
    if (at == new_order.size()) return;
    const Member& now = to.members()[new_order[at]];
    if (now.id == id && now.state != State::kDown) serving_[m] = new_order[at];
  }
}

Sources EpochPair::sources(std::uint64_t key) const {
  Sources found;
  found.owner = to_->owner(key);
  found.old_owner = serving_[from_->owner(key)];
  found.has_old = found.old_owner != kNobody && found.old_owner != found.owner;
  if (!found.has_old) found.old_owner = found.owner;
  return found;
}

std::size_t EpochPair::memory_bytes() const {
  return sizeof(*this) + serving_.capacity() * sizeof(std::uint32_t);
}

double moved_fraction(const Map& from, const Map& to, std::uint64_t seed, std::uint32_t samples) {
  FLEETCACHE_CHECK(samples > 0, "a fraction of no samples");
  std::uint32_t moved = 0;
  for (std::uint32_t k = 0; k < samples; ++k) {
    const std::uint64_t key = mix64(mix64(seed) + k);
    if (from.members()[from.owner(key)].id != to.members()[to.owner(key)].id) ++moved;
  }
  return static_cast<double>(moved) / samples;
}

}  // namespace fleetcache::placement
