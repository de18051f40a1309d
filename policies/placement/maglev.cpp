// A table of M slots, M prime: each member walks the slots in an order of its own and takes the
// next free one in turn, until none is free. Source: Eisenbud et al., NSDI 2016, section 3.4.
// Ours: weights (a member takes its turn in weight / heaviest of the rounds), members in the order
// of their ids, redraws for replicas and for members that are not up, M by a ladder of primes.
#include <string>

#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

/// The smallest primes above 2^16, 2^20, 2^24 and 2^27. The size steps rarely, because each step
/// moves nearly every key.
constexpr std::uint32_t kSizes[] = {65537, 1048583, 16777259, 134217757};

std::uint32_t default_size(std::size_t members) {
  for (const std::uint32_t size : kSizes) {
    if (size >= 100 * static_cast<std::uint64_t>(members)) return size;
  }
  return kSizes[3];
}

bool is_prime(std::uint32_t n) {
  if (n < 2) return false;
  for (std::uint64_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return true;
}

class Maglev : public Redrawn<Maglev> {
 public:
  Maglev(const Config& config, const std::vector<Member>& members, std::uint32_t size)
      : Redrawn(config, members), slots_(size, kNobody) {
    fill(config.seed);
  }

  std::uint32_t draw(std::uint64_t hash, std::uint32_t a) const {
    return slots_[scale_to(attempt_hash(hash, a), slots_.size())];
  }

  std::size_t memory_bytes() const override {
    return sizeof(*this) + roster_bytes() +
           (order_.capacity() + slots_.capacity()) * sizeof(std::uint32_t);
  }

 private:
  struct Walk {
    std::uint32_t at;
    std::uint32_t skip;
    std::uint64_t turn;  // due when it reaches the heaviest weight
  };

  void fill(std::uint64_t seed) {
    const auto size = static_cast<std::uint32_t>(slots_.size());
    std::uint64_t heaviest = 0;
    std::vector<Walk> walks(order_.size());
    for (std::size_t k = 0; k < order_.size(); ++k) {
      const std::uint64_t salt = member_salt(members_[order_[k]].id, seed);
      walks[k] = {static_cast<std::uint32_t>(scale_to(salt, size)),
                  static_cast<std::uint32_t>(scale_to(mix64(salt + 1), size - 1) + 1), 0};
      if (weight_q16_[order_[k]] > heaviest) heaviest = weight_q16_[order_[k]];
    }
    for (std::uint32_t filled = 0; filled < size;) {
      for (std::size_t k = 0; k < order_.size() && filled < size; ++k) {
        Walk& walk = walks[k];
        walk.turn += weight_q16_[order_[k]];
        if (walk.turn < heaviest) continue;
        walk.turn -= heaviest;
        while (slots_[walk.at] != kNobody) walk.at = next(walk, size);
        slots_[walk.at] = order_[k];
        walk.at = next(walk, size);
        ++filled;
      }
    }
  }

  static std::uint32_t next(const Walk& walk, std::uint32_t size) {
    const std::uint64_t at = std::uint64_t{walk.at} + walk.skip;
    return static_cast<std::uint32_t>(at < size ? at : at - size);
  }

  std::vector<std::uint32_t> slots_;
};

}  // namespace

Result<std::unique_ptr<Map>> build_maglev(const Config& config,
                                          const std::vector<Member>& members) {
  ParamReader reader("maglev", config.params);
  const std::uint32_t size = reader.integer("table", default_size(members.size()), 3, 2147483647);
  const Status status = reader.finish();
  if (!status) return status.error();
  if (!is_prime(size)) {
    return Error{"maglev parameter \"table\"", std::to_string(size) + " is not a prime"};
  }
  if (size < members.size()) {
    return Error{"maglev parameter \"table\"", "has fewer slots than there are members"};
  }
  return std::unique_ptr<Map>(std::make_unique<Maglev>(config, members, size));
}

}  // namespace fleetcache::placement
