// A miss asks the fastest regions that the directory names, then the origin, and keeps a copy. It
// saves the origin; it saves money only where a peer is cheaper than the origin.
#include "policies/pooling/modes.hpp"

namespace fleetcache::pooling {

extern const Keys keys_peer_read_through = {
    {"peers", "stale_ms", "timeout_percent", "hedge_percent", ""}};

void plan_peer_read_through(const Config& config, const View& view, const Request& request,
                            Plan& out) {
  add(out, Act::kGetLocal, view.self);
  std::uint64_t peers = believed_peers(config, view);
  for (std::uint32_t asked = 0; asked < config.peers && peers != 0; ++asked) {
    const std::uint32_t best = fastest(view, peers, request.bytes);
    peers &= ~(std::uint64_t{1} << best);
    add_get(config, out, Act::kGetRegion, best, peer_us(view, best, request.bytes));
  }
  add(out, Act::kGetOrigin, view.self);
  add(out, Act::kFillLocal, view.self);
}

}  // namespace fleetcache::pooling
