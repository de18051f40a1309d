// A tree of regions, zones, racks, hosts and members; from the root each step draws a straw for
// every child, -ln(u) / weight of the child's members, and follows the shortest. Source: Weil et
// al., SC 2006 (CRUSH), with straw2's exact exponential straws. Ours: 64-bit draws against CRUSH's
// 16, a log table of our own, and a redraw from the root for every further replica.
//
// A member that leaves takes weight from its rack, so some keys of its neighbours move too: up to
// its share at each level. A member listed as down keeps its weight and moves its own keys only.
#include <algorithm>

#include "policies/placement/fixed_log.hpp"
#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

constexpr std::uint32_t kLevels = 5;  // region, zone, rack, host, member

struct Node {
  std::uint64_t salt;
  std::uint64_t weight;
  std::uint32_t first;  // child in the nodes, or for a leaf the member's position
  std::uint32_t count;  // 0: a leaf
  bool equal;           // the children's weights are the same: no logarithm is needed
};

class Straw2 : public Redrawn<Straw2> {
 public:
  Straw2(const Config& config, const std::vector<Member>& members) : Redrawn(config, members) {
    std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
      for (std::uint32_t level = 0; level < kLevels; ++level) {
        const std::uint64_t x = part(a, level);
        const std::uint64_t y = part(b, level);
        if (x != y) return x < y;
      }
      return false;
    });
    const std::uint64_t salt = mix64(config.seed + 0x9e3779b97f4a7c15ULL);
    nodes_.push_back({salt, 0, 0, 0, false});
    std::vector<Span> spans = {{0, static_cast<std::uint32_t>(order_.size())}};
    for (std::uint32_t level = 0; level < kLevels; ++level) spans = grow(level, spans);
    nodes_.shrink_to_fit();
    for (std::size_t n = nodes_.size(); n-- > 0;) sum_up(nodes_[n]);
  }

  std::uint32_t draw(std::uint64_t hash, std::uint32_t a) const {
    const std::uint64_t own = attempt_hash(hash, a);
    const Node* node = nodes_.data();
    while (node->count > 0) node = &nodes_[node->first + shortest(*node, own)];
    return node->first;
  }

  std::size_t memory_bytes() const override {
    return sizeof(*this) + roster_bytes() + order_.capacity() * sizeof(std::uint32_t) +
           nodes_.capacity() * sizeof(Node);
  }

 private:
  struct Span {
    std::uint32_t begin;
    std::uint32_t end;  // of order_
  };

  std::uint64_t part(std::uint32_t m, std::uint32_t level) const {
    const Member& member = members_[m];
    switch (level) {
      case 0:
        return member.region;
      case 1:
        return member.zone;
      case 2:
        return member.domain;
      case 3:
        return member.host;
      default:
        return member.id;
    }
  }

  /// Appends the children of the newest `spans.size()` nodes.
  std::vector<Span> grow(std::uint32_t level, const std::vector<Span>& spans) {
    std::vector<Span> below;
    std::size_t parent = nodes_.size() - spans.size();
    for (const Span& span : spans) {
      nodes_[parent].first = static_cast<std::uint32_t>(nodes_.size());
      for (std::uint32_t k = span.begin; k < span.end;) {
        const std::uint64_t name = part(order_[k], level);
        const std::uint32_t begin = k;
        while (k < span.end && part(order_[k], level) == name) ++k;
        // A chain of single children must not repeat one draw: the level is in the salt.
        const std::uint64_t salt = mix64(nodes_[parent].salt + mix64(name + 1) + level);
        nodes_.push_back({salt, weight_q16_[order_[begin]], order_[begin], 0, true});
        ++nodes_[parent].count;
        below.push_back({begin, k});
      }
      ++parent;
    }
    return below;
  }

  void sum_up(Node& node) {
    if (node.count == 0) return;
    node.weight = 0;
    node.equal = true;
    for (std::uint32_t c = 0; c < node.count; ++c) {
      node.weight += nodes_[node.first + c].weight;
      if (nodes_[node.first + c].weight != nodes_[node.first].weight) node.equal = false;
    }
  }

  /// Ties go to the first child in the order of the topology.
  std::uint32_t shortest(const Node& node, std::uint64_t hash) const {
    if (node.count == 1) return 0;
    std::uint32_t best = 0;
    const Node* children = &nodes_[node.first];
    if (node.equal) {
      std::uint64_t top = mix64(hash ^ children[0].salt);
      for (std::uint32_t c = 1; c < node.count; ++c) {
        const std::uint64_t draw = mix64(hash ^ children[c].salt);
        if (draw > top) {
          top = draw;
          best = c;
        }
      }
      return best;
    }
    Score top{exponential_q58(mix64(hash ^ children[0].salt)), children[0].weight};
    for (std::uint32_t c = 1; c < node.count; ++c) {
      const Score score{exponential_q58(mix64(hash ^ children[c].salt)), children[c].weight};
      if (score.less(top)) {
        top = score;
        best = c;
      }
    }
    return best;
  }

  std::vector<Node> nodes_;
};

}  // namespace

Result<std::unique_ptr<Map>> build_straw2(const Config& config,
                                          const std::vector<Member>& members) {
  const Status status = ParamReader("straw2", config.params).finish();
  if (!status) return status.error();
  return std::unique_ptr<Map>(std::make_unique<Straw2>(config, members));
}

}  // namespace fleetcache::placement
