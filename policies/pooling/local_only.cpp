// Each region for itself: what every cache does without pooling, and the line that the other modes
// have to beat.
#include "policies/pooling/modes.hpp"

namespace fleetcache::pooling {

extern const Keys keys_local_only = {};

void plan_local_only(const Config&, const View& view, const Request&, Plan& out) {
  add(out, Act::kGetLocal, view.self);
  add(out, Act::kGetOrigin, view.self);
  add(out, Act::kFillLocal, view.self);
}

}  // namespace fleetcache::pooling
