// A key's slot is its hash scaled to the slots; the slot's row names the owners, and further
// candidates come from the rows of the key's next hashes. A design deals every member its exact
// share of each column in a shuffled order, so that a member shares its slots with many others and
// all of them take part when it is lost.
#include "policies/placement/table.hpp"

#include <algorithm>
#include <string>

#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

constexpr std::uint32_t kNone = 0xffffffffU;

class Table : public Redrawn<Table> {
 public:
  Table(const Config& config, const std::vector<Member>& members, std::uint32_t slots,
        std::uint32_t width, std::vector<std::uint32_t> rows)
      : Redrawn(config, members), slots_(slots), width_(width), rows_(std::move(rows)) {}

  std::uint32_t draw(std::uint64_t hash, std::uint32_t a) const {
    const std::uint64_t slot = scale_to(attempt_hash(hash, a / width_), slots_);
    return rows_[slot * width_ + a % width_];
  }

  std::size_t memory_bytes() const override {
    return sizeof(*this) + roster_bytes() +
           (order_.capacity() + rows_.capacity()) * sizeof(std::uint32_t);
  }

 private:
  std::uint32_t slots_;
  std::uint32_t width_;
  std::vector<std::uint32_t> rows_;  // positions, row by row
};

/// Members and their shares, with what `Map` already knows about domains.
class Design : public Map {
 public:
  Design(const Config& config, const std::vector<Member>& members, std::uint32_t slots,
         std::uint32_t width)
      : Map(config, members), order_(by_id(members)), slots_(slots), width_(width) {
    std::uint64_t state = config.seed;
    shuffle_.resize(slots);
    for (std::uint32_t s = 0; s < slots; ++s) shuffle_[s] = s;
    shuffle(shuffle_, state);
    set_targets();
  }

  std::vector<std::uint32_t> run(const SlotTable& old, std::uint64_t seed) {
    rows_.assign(std::size_t{slots_} * width_, kNone);
    for (std::uint32_t column = 0; column < width_; ++column) {
      std::vector<std::uint32_t> left = keep(old, column);  // of each member's share
      std::vector<std::uint32_t> pool;
      for (const std::uint32_t m : order_) pool.insert(pool.end(), left[m], m);
      std::uint64_t state = mix64(seed + column + 1);
      shuffle(pool, state);
      deal(column, pool);
    }
    return std::move(rows_);
  }

  std::uint32_t lookup(std::uint64_t, const Query&, std::uint32_t*) const override { return 0; }
  std::size_t memory_bytes() const override { return 0; }

 private:
  template <class T>
  static void shuffle(std::vector<T>& list, std::uint64_t& state) {
    for (std::size_t k = list.size(); k > 1; --k) {
      state += 0x9e3779b97f4a7c15ULL;
      std::swap(list[k - 1], list[scale_to(mix64(state), k)]);
    }
  }

  /// floor(slots x share), and one more for the largest remainders; ties to the lower id.
  void set_targets() {
    Wide weights = 0;
    for (const std::uint64_t w : weight_q16_) weights += w;
    targets_.resize(members_.size());
    std::vector<Wide> rest(members_.size());
    std::uint64_t dealt = 0;
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Wide exact = static_cast<Wide>(slots_) * weight_q16_[m];
      targets_[m] = static_cast<std::uint32_t>(exact / weights);
      rest[m] = exact % weights;
      dealt += targets_[m];
    }
    std::vector<std::uint32_t> by_rest = order_;
    std::stable_sort(by_rest.begin(), by_rest.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return rest[a] > rest[b]; });
    for (std::size_t k = 0; dealt < slots_; ++k, ++dealt) ++targets_[by_rest[k]];
  }

  std::uint32_t position(std::uint64_t id) const {
    const auto found = std::lower_bound(
        order_.begin(), order_.end(), id,
        [&](std::uint32_t m, std::uint64_t wanted) { return members_[m].id < wanted; });
    return found != order_.end() && members_[*found].id == id ? *found : kNone;
  }

  /// Keeps the old owners of a column up to their shares; returns what is left of each share.
  std::vector<std::uint32_t> keep(const SlotTable& old, std::uint32_t column) {
    std::vector<std::uint32_t> left = targets_;
    if (old.owners.empty()) return left;
    for (const std::uint32_t s : shuffle_) {
      const std::uint32_t m = position(old.owners[std::size_t{s} * width_ + column]);
      if (m == kNone || left[m] == 0 || !fits(s, column, m, column < up_domains_)) continue;
      --left[m];
      rows_[std::size_t{s} * width_ + column] = m;
    }
    return left;
  }

  /// Whether a member may stand in a row beside the columns before this one.
  bool fits(std::uint32_t slot, std::uint32_t column, std::uint32_t m, bool apart) const {
    for (std::uint32_t k = 0; k < column; ++k) {
      const std::uint32_t other = rows_[std::size_t{slot} * width_ + k];
      if (other == m || (apart && domain_[other] == domain_[m])) return false;
    }
    return true;
  }

  /// Gives the free slots of a column to the pool: the next of it that fits, looking a little
  /// ahead; failing that, by an exchange with another slot of the column.
  void deal(std::uint32_t column, std::vector<std::uint32_t>& pool) {
    constexpr std::size_t kAhead = 256;
    std::size_t next = 0;
    for (const std::uint32_t s : shuffle_) {
      std::uint32_t& cell = rows_[std::size_t{s} * width_ + column];
      if (cell != kNone) continue;
      std::size_t pick = next;
      const std::size_t end = std::min(pool.size(), next + kAhead);
      while (pick < end && !fits(s, column, pool[pick], true)) ++pick;
      if (pick < end) std::swap(pool[next], pool[pick]);
      cell = pool[next++];
      if (pick == end) exchange(s, column);
    }
  }

  void exchange(std::uint32_t slot, std::uint32_t column) {
    std::uint32_t& mine = rows_[std::size_t{slot} * width_ + column];
    for (const bool apart : {true, false}) {
      if (!apart && fits(slot, column, mine, false)) return;
      for (const std::uint32_t s : shuffle_) {
        std::uint32_t& cell = rows_[std::size_t{s} * width_ + column];
        if (cell == kNone || s == slot || !fits(slot, column, cell, apart) ||
            !fits(s, column, mine, apart)) {
          continue;
        }
        std::swap(mine, cell);
        return;
      }
    }
  }

  std::vector<std::uint32_t> order_;
  std::uint32_t slots_;
  std::uint32_t width_;
  std::vector<std::uint32_t> shuffle_;  // slots in the order in which they are dealt
  std::vector<std::uint32_t> targets_;
  std::vector<std::uint32_t> rows_;
};

/// What `build` checks of the members, without the table.
Status check(const Config& config, const std::vector<Member>& members) {
  Config plain = config;
  plain.params.clear();
  const auto probe = build("rendezvous", plain, members);
  if (!probe) return probe.error();
  return Nothing{};
}

std::uint32_t default_slots(std::size_t members) {
  std::uint32_t slots = 16384;
  while (slots < 64 * static_cast<std::uint64_t>(members) && slots < (1U << 27)) slots *= 2;
  return slots;
}

}  // namespace

Result<SlotTable> evolve(const SlotTable& old, const Config& config,
                         const std::vector<Member>& members) {
  const Status status = check(config, members);
  if (!status) return status.error();
  const std::uint64_t cells = std::uint64_t{old.slots} * old.width;
  if (cells == 0 || cells > (1U << 30)) {
    return Error{"slot table", "needs 1 to 2^30 slots x width"};
  }
  if (!old.owners.empty() && old.owners.size() != cells) {
    return Error{"slot table", std::to_string(old.owners.size()) + " owners in " +
                                   std::to_string(cells) + " places"};
  }
  if (old.width > members.size()) {
    return Error{"slot table", "is wider than there are members"};
  }
  const auto rows = Design(config, members, old.slots, old.width).run(old, config.seed);
  SlotTable table{old.slots, old.width, {}};
  table.owners.reserve(rows.size());
  for (const std::uint32_t m : rows) table.owners.push_back(members[m].id);
  return table;
}

Result<std::unique_ptr<Map>> build_slots(const SlotTable& table, const Config& config,
                                         const std::vector<Member>& members) {
  const Status status = check(config, members);
  if (!status) return status.error();
  if (table.owners.empty() || table.owners.size() != std::uint64_t{table.slots} * table.width) {
    return Error{"slot table", "has not slots x width owners"};
  }
  std::vector<std::uint32_t> rows;
  rows.reserve(table.owners.size());
  const std::vector<std::uint32_t> order = by_id(members);
  for (const std::uint64_t id : table.owners) {
    const auto found = std::lower_bound(
        order.begin(), order.end(), id,
        [&](std::uint32_t m, std::uint64_t wanted) { return members[m].id < wanted; });
    if (found == order.end() || members[*found].id != id) {
      return Error{"slot table", "owner " + std::to_string(id) + " is no member"};
    }
    rows.push_back(*found);
  }
  return std::unique_ptr<Map>(
      std::make_unique<Table>(config, members, table.slots, table.width, std::move(rows)));
}

Result<std::unique_ptr<Map>> build_table(const Config& config, const std::vector<Member>& members) {
  ParamReader reader("table", config.params);
  SlotTable table;
  table.slots = reader.integer("slots", default_slots(members.size()), 1, 1U << 27);
  table.width = reader.integer("width", 3, 1, 8);
  const Status status = reader.finish();
  if (!status) return status.error();
  table.width = std::min(table.width, static_cast<std::uint32_t>(members.size()));
  const auto rows = Design(config, members, table.slots, table.width).run(table, config.seed);
  return std::unique_ptr<Map>(
      std::make_unique<Table>(config, members, table.slots, table.width, rows));
}

}  // namespace fleetcache::placement
