// Sources in the order of what a read from them costs: egress, request, and waiting at the price of
// whoever waits. A copy is kept where the reads to come are worth more than keeping it: this read
// is paid for in any case, so with n reads a month, this one included, (n - 1) x read > hold, which
// is n > 1 + hold / read.
#include <algorithm>

#include "policies/pooling/modes.hpp"

namespace fleetcache::pooling {
namespace {

constexpr int kGibShift = 30;

/// A source of the object; costs are pico-dollars x 2^30, so that nothing is rounded.
struct Source {
  Wide cost = 0;
  std::uint32_t region = 0;
  bool origin = false;
};

Wide read_cost(const Config& config, const Link& over, std::uint64_t bytes,
               std::uint64_t nanousd_per_request) {
  const Wide fixed =
      Wide{nanousd_per_request} * 1000 + Wide{expected_us(over, bytes)} * config.picousd_per_us;
  return Wide{bytes} * over.nanousd_per_gib * 1000 + (fixed << kGibShift);
}

/// Peers and the origin, the cheapest first; at equal cost the origin comes last, then by number.
std::uint32_t sources(const Config& config, const View& view, std::uint64_t bytes, Source* out) {
  const std::uint64_t peers = believed_peers(config, view);
  std::uint32_t count = 0;
  for (std::uint32_t r = 0; r < view.regions; ++r) {
    if (!has(peers, r)) continue;
    out[count++] = {read_cost(config, link(view, r, view.self), bytes, 0), r, false};
  }
  const Origin& origin = view.origins[view.self];
  out[count++] = {read_cost(config, origin.link, bytes, origin.nanousd_per_request), view.self,
                  true};
  // By insertion: few, in place, and stable.
  for (std::uint32_t i = 1; i < count; ++i) {
    for (std::uint32_t k = i; k > 0 && out[k].cost < out[k - 1].cost; --k) {
      std::swap(out[k], out[k - 1]);
    }
  }
  return count;
}

bool pays(const Config& config, const View& view, const Request& request, Wide read) {
  const std::uint64_t reads_ppm =
      request.reads_per_month_ppm > 0 ? request.reads_per_month_ppm : config.prior_reads_ppm;
  if (reads_ppm <= kMillion) return false;  // no read after this one
  const Wide hold = Wide{request.bytes} * view.hold_nanousd_per_gib_month * 1000;
  return read / kMillion * (reads_ppm - kMillion) > hold;
}

}  // namespace

extern const Keys keys_cost_aware = {
    {"usd_per_hour", "prior_reads", "stale_ms", "timeout_percent", "hedge_percent"}};

void plan_cost_aware(const Config& config, const View& view, const Request& request, Plan& out) {
  add(out, Act::kGetLocal, view.self);
  Source all[kMaxRegions + 1];
  const std::uint32_t count = sources(config, view, request.bytes, all);
  for (std::uint32_t i = 0; i < count && !(i > 0 && all[i - 1].origin); ++i) {
    if (all[i].origin) {
      add(out, Act::kGetOrigin, view.self);
    } else {
      add_get(config, out, Act::kGetRegion, all[i].region,
              peer_us(view, all[i].region, request.bytes));
    }
  }
  if (pays(config, view, request, all[0].cost)) add(out, Act::kFillLocal, view.self);
}

}  // namespace fleetcache::pooling
