// Buckets are the members in the order of their ids. Jump has no weights and no holes; both are
// made by drawing again: a draw of a member is kept with probability weight / heaviest weight, and
// one that is not up is passed over. Source of the bucket function: jump.hpp. Ours: the redraws.
//
// A member appended with the highest id takes only its own share. One taken out of the middle
// renumbers all after it: keep it listed as down instead.
#include "policies/placement/jump.hpp"

#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

class Jump : public Redrawn<Jump> {
 public:
  Jump(const Config& config, const std::vector<Member>& members)
      : Redrawn(config, members), seed_(mix64(config.seed + 0x9e3779b97f4a7c15ULL)) {
    std::uint64_t heaviest = 0;
    for (const std::uint64_t w : weight_q16_) heaviest = w > heaviest ? w : heaviest;
    for (const std::uint64_t w : weight_q16_) weighted_ = weighted_ || w != heaviest;
    if (!weighted_) return;
    keep_.resize(order_.size());
    for (std::size_t b = 0; b < order_.size(); ++b) {
      const Wide part = (static_cast<Wide>(weight_q16_[order_[b]]) << 32) / heaviest;
      keep_[b] = static_cast<std::uint32_t>(part > 0xffffffffU ? 0xffffffffU : part);
    }
  }

  std::uint32_t draw(std::uint64_t hash, std::uint32_t a) const {
    const std::uint64_t own = attempt_hash(hash ^ seed_, a);
    const std::uint32_t bucket = jump_bucket(own, static_cast<std::uint32_t>(order_.size()));
    if (weighted_ && (mix64(own + 0xd1b54a32d192ed03ULL) >> 32) > keep_[bucket]) return kNobody;
    return order_[bucket];
  }

  std::size_t memory_bytes() const override {
    return sizeof(*this) + roster_bytes() +
           (order_.capacity() + keep_.capacity()) * sizeof(std::uint32_t);
  }

 private:
  std::uint64_t seed_;
  std::vector<std::uint32_t> keep_;  // chance to keep a draw, in 2^-32, by bucket
  bool weighted_ = false;
};

}  // namespace

Result<std::unique_ptr<Map>> build_jump(const Config& config, const std::vector<Member>& members) {
  const Status status = ParamReader("jump", config.params).finish();
  if (!status) return status.error();
  return std::unique_ptr<Map>(std::make_unique<Jump>(config, members));
}

}  // namespace fleetcache::placement
