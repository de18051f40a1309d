#include <algorithm>

#include "policies/base/check.hpp"
#include "policies/pooling/modes.hpp"

namespace fleetcache::pooling {
namespace {

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
constexpr std::uint32_t kLongest = 0xffff'ffffU;

using Make = void (*)(const Config&, const View&, const Request&, Plan&);

constexpr Make kModes[] = {
#define POOLING_POLICY(ident, name, summary, source) plan_##ident,
#include "policies/pooling/pooling_policies.def"
#undef POOLING_POLICY
};

std::uint32_t percent_of(std::uint32_t us, std::uint32_t percent) {
  const std::uint64_t part = std::uint64_t{us} * percent / 100;
  if (percent > 0 && part == 0) return 1;  // 0 would mean none
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(part, kLongest));
}

}  // namespace

std::uint32_t expected_us(const Link& over, std::uint64_t bytes) {
  if (over.bytes_per_us == 0) return kLongest;
  const std::uint64_t us = over.rtt_us + bytes / over.bytes_per_us;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(us, kLongest));
}

std::uint64_t transfer_nanousd(const Link& over, std::uint64_t bytes) {
  return static_cast<std::uint64_t>(Wide{bytes} * over.nanousd_per_gib / kGib);
}

void add_get(const Config& config, Plan& plan, Act act, std::uint32_t region, std::uint32_t us) {
  plan.steps[plan.count++] = {act, region, percent_of(us, config.timeout_percent),
                              percent_of(us, config.hedge_percent)};
}

std::uint32_t through_us(const View& view, std::uint32_t region, std::uint64_t bytes) {
  const std::uint64_t us =
      std::uint64_t{peer_us(view, region, bytes)} + expected_us(view.origins[region].link, bytes);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(us, kLongest));
}

std::uint64_t believed_peers(const Config& config, const View& view) {
  if (view.have_age > config.stale) return 0;
  std::uint64_t peers = 0;
  for (std::uint32_t r = 0; r < view.regions; ++r) {
    if (r == view.self || !has(view.have, r)) continue;
    if (link(view, r, view.self).bytes_per_us > 0) peers |= std::uint64_t{1} << r;
  }
  return peers;
}

std::uint32_t fastest(const View& view, std::uint64_t peers, std::uint64_t bytes) {
  std::uint32_t best = view.regions;
  for (std::uint32_t r = 0; r < view.regions; ++r) {
    if (!has(peers, r)) continue;
    if (best == view.regions) {
      best = r;
      continue;
    }
    const Link& mine = link(view, r, view.self);
    const Link& other = link(view, best, view.self);
    const std::uint32_t us = peer_us(view, r, bytes);
    const std::uint32_t least = peer_us(view, best, bytes);
    if (us < least || (us == least && mine.nanousd_per_gib < other.nanousd_per_gib)) best = r;
  }
  return best;
}

void plan(const Config& config, const View& view, const Request& request, Plan& out) {
  FLEETCACHE_CHECK(view.regions > 0 && view.regions <= kMaxRegions, "too many regions or none");
  FLEETCACHE_CHECK(view.self < view.regions && view.home < view.regions,
                   "a region beyond the last");
  out.count = 0;
  kModes[config.mode](config, view, request, out);
}

}  // namespace fleetcache::pooling
