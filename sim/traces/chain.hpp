/// What policies of prefix trees are told of a request: its parent, depth and class.
#pragma once

#include <limits>

#include "policies/eviction/eviction.hpp"
#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

/// Follows the requests of one cache, in order. The parent is what is resident under its id just
/// then; a block whose parent is not is useless and not to be stored (Cache::admissible).
class Chain {
 public:
  /// `find` gives the handle of an id in that cache, or a null one.
  template <class Find>
  eviction::Meta meta(const Find& find, const Request& r, std::uint64_t charge) {
    eviction::Meta meta{r.id, charge, r.next_access};
    const std::uint64_t parent = parent_of(r, before_);
    const bool on = parent != kNoParent && parent == before_;
    const bool deeper = on && depth_ < std::numeric_limits<std::uint16_t>::max();
    depth_ = deeper ? static_cast<std::uint16_t>(depth_ + 1) : on ? depth_ : std::uint16_t{0};
    before_ = r.id;
    meta.klass = r.klass;
    meta.depth = depth_;
    if (parent != kNoParent) {
      meta.parent = find(parent);
      if (!meta.parent) meta.parent = {eviction::Handle::kNone - 1, 0};  // names nobody
    }
    return meta;
  }

 private:
  std::uint64_t before_ = kNoParent;
  std::uint16_t depth_ = 0;
};

}  // namespace fleetcache::traces
