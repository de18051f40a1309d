// Each member scores each key by a hash of the pair; the highest score owns. A member that leaves
// moves only its own keys. With weights the score is -weight / ln(u), which gives shares exactly in
// proportion; with equal weights the order of u itself is the same and needs no logarithm.
#include "policies/base/check.hpp"
#include "policies/base/math.hpp"
#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

class Rendezvous : public Map {
 public:
  Rendezvous(const Config& config, const std::vector<Member>& members)
      : members_(members), salts_(members.size()), domains_(count_domains(members)) {
    for (std::size_t m = 0; m < members.size(); ++m) {
      salts_[m] = mix64(members[m].id + mix64(config.seed + 0x9e3779b97f4a7c15ULL));
      if (members[m].weight != members[0].weight) weighted_ = true;
    }
  }

  void owners(std::uint64_t key, std::uint32_t* out, std::uint32_t count) const override {
    FLEETCACHE_CHECK(count > 0 && count <= members_.size(), "more owners asked than members");
    const std::uint64_t hash = mix64(key + 0x632be59bd9b4e019ULL);
    for (std::uint32_t chosen = 0; chosen < count; ++chosen) {
      pick_best(hash, out, chosen, chosen < domains_);
    }
  }

  std::size_t memory_bytes() const override {
    return sizeof(*this) + members_.capacity() * sizeof(Member) +
           salts_.capacity() * sizeof(std::uint64_t);
  }

 private:
  double score(std::uint64_t draw, double weight) const {
    return weight / -portable_log((static_cast<double>(draw >> 11) + 0.5) * 0x1.0p-53);
  }

  /// Writes the best remaining member to out[chosen]; ties go to the lower id.
  void pick_best(std::uint64_t hash, std::uint32_t* out, std::uint32_t chosen, bool fresh) const {
    bool found = false;
    std::uint64_t top_draw = 0;
    double top_score = 0;
    for (std::uint32_t m = 0; m < members_.size(); ++m) {
      const std::uint64_t draw = mix64(hash ^ salts_[m]);
      const double value = weighted_ ? score(draw, members_[m].weight) : 0;
      if (found) {
        const bool tie = weighted_ ? value == top_score : draw == top_draw;
        const bool lower = weighted_ ? value < top_score : draw < top_draw;
        if (lower || (tie && members_[m].id > members_[out[chosen]].id)) continue;
      }
      if (!may_own(members_, m, out, chosen, fresh)) continue;
      found = true;
      top_draw = draw;
      top_score = value;
      out[chosen] = m;
    }
  }

  std::vector<Member> members_;
  std::vector<std::uint64_t> salts_;
  std::uint32_t domains_;
  bool weighted_ = false;
};

}  // namespace

Result<std::unique_ptr<Map>> build_rendezvous(const Config& config,
                                              const std::vector<Member>& members) {
  return std::unique_ptr<Map>(std::make_unique<Rendezvous>(config, members));
}

}  // namespace fleetcache::placement
