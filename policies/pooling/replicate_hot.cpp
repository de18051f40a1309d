// The home region's copy serves what is cold. A region that reads an object often keeps a copy of
// its own; what the whole pool reads very often is pushed to all; copies that cooled down go. A
// replica that is nearer than the home is asked first.
#include "policies/pooling/modes.hpp"

namespace fleetcache::pooling {
namespace {

std::uint64_t total_heat(const View& view, const Request& request) {
  std::uint64_t sum = 0;
  for (std::uint32_t r = 0; r < view.regions; ++r) sum += request.heat[r];
  return sum;
}

/// Pushes to regions without a copy, or drops copies that nobody reads. Only on a directory that is
/// believed: a stale one would send copies to where they are.
void move_copies(const Config& config, const View& view, const Request& request, Plan& out) {
  const bool everywhere = config.push > 0 && total_heat(view, request) >= config.push;
  for (std::uint32_t r = 0; r < view.regions; ++r) {
    if (r == view.self || r == view.home) continue;
    const bool held = has(view.have, r);
    if (everywhere && !held && link(view, view.self, r).bytes_per_us > 0) {
      add(out, Act::kPush, r);
    } else if (!everywhere && held && request.heat[r] < config.cool) {
      add(out, Act::kDrop, r);
    }
  }
}

}  // namespace

extern const Keys keys_replicate_hot = {{"hot", "push", "cool", "stale_ms", "hedge_percent"}};

void plan_replicate_hot(const Config& config, const View& view, const Request& request, Plan& out) {
  add(out, Act::kGetLocal, view.self);
  const std::uint32_t near = fastest(view, believed_peers(config, view), request.bytes);
  if (near < view.regions && near != view.home) {
    const std::uint32_t us = peer_us(view, near, request.bytes);
    if (view.self == view.home || us < peer_us(view, view.home, request.bytes)) {
      add_get(config, out, Act::kGetRegion, near, us);
    }
  }
  if (view.home != view.self && link(view, view.home, view.self).bytes_per_us > 0) {
    add_get(config, out, Act::kGetThrough, view.home, through_us(view, view.home, request.bytes));
  }
  add(out, Act::kGetOrigin, view.self);
  const bool hot = request.heat != nullptr && request.heat[view.self] >= config.hot;
  if (view.self == view.home || hot) add(out, Act::kFillLocal, view.self);
  if (request.heat != nullptr && view.have_age <= config.stale) {
    move_copies(config, view, request, out);
  }
}

}  // namespace fleetcache::pooling
