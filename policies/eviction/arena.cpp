#include "policies/eviction/arena.hpp"

#include "policies/eviction/wheel.hpp"

namespace fleetcache::eviction {
namespace {

struct ColumnShape {
  Column column;
  Feature feature;
  std::uint32_t bytes;
};

/// Widest first, so that each is aligned for what it holds.
constexpr ColumnShape kColumns[] = {
    {Column::kIdHigh, kWideIds, 8},  {Column::kExpiry, kTtl, 8},  {Column::kWheel, kTtl, 8},
    {Column::kLease, kLeases, 8},    {Column::kSoft, kLeases, 8}, {Column::kMates, kGroups, 8},
    {Column::kChildren, kPrefix, 8}, {Column::kCost, kCosts, 4},  {Column::kParent, kPrefix, 4},
    {Column::kKind, kKinds, 4},
};
static_assert(sizeof kColumns / sizeof *kColumns == static_cast<std::size_t>(Column::kCount));

std::uint64_t round8(std::uint64_t n) { return (n + 7) / 8 * 8; }

}  // namespace

void lay_out(CacheState& s, const Shape& shape) {
  const std::uint64_t slots = s.slots;
  const std::uint64_t charge_bytes = s.unit_charge != 0 ? 0 : kChargeBytes;
  std::uint64_t at = sizeof(CacheState);
  const auto place = [&at](std::uint64_t bytes) {
    const std::uint64_t here = at;
    at = round8(at + bytes);
    return here;
  };
  s.ghosts = shape.ghosts;
  s.held_max = shape.held;
  s.buckets = (s.features & kWideIds) != 0 && s.slots > 1 ? s.slots / 2 : s.slots;
  at += sizeof(Slot) * slots;  // the heads follow without a gap
  s.heads_at = place(sizeof(std::uint32_t) * std::uint64_t{s.buckets});
  // A load reads 8 bytes where 6 are stored: two to spare.
  s.charges_at = place(charge_bytes * slots + (charge_bytes != 0 ? 2 : 0));
  for (const ColumnShape& each : kColumns) {
    const bool declared = (s.features & each.feature) != 0;
    s.column_at[static_cast<std::size_t>(each.column)] = place(declared ? each.bytes * slots : 0);
  }
  s.wheel_at = place((s.features & kTtl) != 0 ? sizeof(WheelState) : 0);
  s.ghosts_at = at;
  at += sizeof(Ghost) * std::uint64_t{s.ghosts};
  s.ghost_heads_at = place(sizeof(std::uint32_t) * std::uint64_t{s.ghosts});
  const bool ghost_charges = charge_bytes != 0 && s.ghosts != 0;
  s.ghost_charges_at = place(ghost_charges ? charge_bytes * s.ghosts + 2 : 0);
  // 8 bytes to spare: a policy with two extra arrays may have to align the second.
  s.extra_at = place(std::uint64_t{shape.extra_per_slot} * slots + 8);
  s.block_at = place(shape.block);
  s.block_bytes = shape.block;
  s.bytes = at;
}

}  // namespace fleetcache::eviction
