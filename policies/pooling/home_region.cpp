// One copy in the whole pool, where the placement puts it: the most room and the fewest origin
// reads, and a WAN read for every request from elsewhere. Needs no directory.
#include "policies/pooling/modes.hpp"

namespace fleetcache::pooling {

extern const Keys keys_home_region = {{"timeout_percent", "hedge_percent", "", "", ""}};

void plan_home_region(const Config& config, const View& view, const Request& request, Plan& out) {
  add(out, Act::kGetLocal, view.self);
  if (view.home != view.self && link(view, view.home, view.self).bytes_per_us > 0) {
    add_get(config, out, Act::kGetThrough, view.home, through_us(view, view.home, request.bytes));
  }
  add(out, Act::kGetOrigin, view.self);
  if (view.home == view.self) add(out, Act::kFillLocal, view.self);
}

}  // namespace fleetcache::pooling
