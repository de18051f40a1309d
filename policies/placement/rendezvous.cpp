// Each member scores each key by a hash of the pair; the best score owns. A member that leaves
// moves only its own keys. With weights the score is -ln(u) / weight, smallest first, in integers,
// which gives shares exactly in proportion; with equal weights the order of u itself is the same
// and needs no logarithm. Ties go to the lower id.
#include "policies/placement/fixed_log.hpp"
#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

class Rendezvous : public Map {
 public:
  Rendezvous(const Config& config, const std::vector<Member>& members)
      : Map(config, members), salts_(members.size()) {
    for (std::size_t m = 0; m < members.size(); ++m) {
      salts_[m] = member_salt(members[m].id, config.seed);
      if (weight_q16_[m] != weight_q16_[0]) weighted_ = true;
    }
  }

  std::uint32_t lookup(std::uint64_t key, const Query& query, std::uint32_t* out) const override {
    const std::uint64_t hash = key_hash(key);
    const bool bounded = query.loads != nullptr;
    std::uint32_t chosen = 0;
    while (chosen < query.count && chosen < up_count_) {
      const bool found = (chosen < up_domains_ && pick(hash, query, out, chosen, true, bounded)) ||
                         pick(hash, query, out, chosen, false, bounded) ||
                         (bounded && pick(hash, query, out, chosen, false, false));
      FLEETCACHE_CHECK(found, "a member that is up is left");
      ++chosen;
    }
    return chosen;
  }

  std::size_t memory_bytes() const override {
    return sizeof(*this) + roster_bytes() + salts_.capacity() * sizeof(std::uint64_t);
  }

 private:
  /// Whether draw `a` of member m beats draw `b` of member n.
  bool beats(std::uint64_t a, std::uint32_t m, std::uint64_t b, std::uint32_t n) const {
    if (weighted_) {
      const Score x{exponential_q58(a), weight_q16_[m]};
      const Score y{exponential_q58(b), weight_q16_[n]};
      if (x.less(y)) return true;
      if (y.less(x)) return false;
    } else if (a != b) {
      return a > b;
    }
    return members_[m].id < members_[n].id;
  }

  /// Writes the best member that may be the next owner to out[chosen].
  bool pick(std::uint64_t hash, const Query& query, std::uint32_t* out, std::uint32_t chosen,
            bool fresh, bool bounded) const {
    bool found = false;
    std::uint64_t top = 0;
    for (std::uint32_t m = 0; m < members_.size(); ++m) {
      const std::uint64_t draw = mix64(hash ^ salts_[m]);
      if (found && !beats(draw, m, top, out[chosen])) continue;
      if (!may_own(m, out, chosen, fresh) || (bounded && !under_bound(query, m))) continue;
      found = true;
      top = draw;
      out[chosen] = m;
    }
    return found;
  }

  std::vector<std::uint64_t> salts_;
  bool weighted_ = false;
};

}  // namespace

Result<std::unique_ptr<Map>> build_rendezvous(const Config& config,
                                              const std::vector<Member>& members) {
  const Status status = ParamReader("rendezvous", config.params).finish();
  if (!status) return status.error();
  return std::unique_ptr<Map>(std::make_unique<Rendezvous>(config, members));
}

}  // namespace fleetcache::placement
