// Tail-first LRU is leaf-only LRU: a theorem, on random trees and on the recorded traces.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <tuple>

#include "tests/unit/eviction/kv_traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

Config blocks(std::uint64_t capacity, bool parents = true) {
  Config config = unit_config(capacity);
  if (parents) config.features = kPrefix;
  return config;
}

/// Leaf-only LRU as it is told: every block bears the number of the last prompt that touched it;
/// the victim is the least recent of those without resident child.
class LeafLru {
 public:
  explicit LeafLru(std::size_t capacity) : capacity_(capacity) {}

  void look_up(const Prompt& prompt, PrefixCounts& counts) {
    ++now_;
    std::size_t resident = 0;
    while (resident < prompt.size() && blocks_.count(prompt[resident]) != 0) ++resident;
    counts.prefix_hits += resident;
    counts.blocks += prompt.size();
    for (std::size_t k = 0; k < prompt.size(); ++k) {
      const ObjectId parent = k == 0 ? 0 : prompt[k - 1];
      const auto known = blocks_.find(prompt[k]);
      if (known != blocks_.end()) {
        ++counts.hits;
        stamp(known->first, known->second);
        continue;
      }
      while (blocks_.size() >= capacity_) {
        if (!evict(parent)) return;
      }
      if (parent != 0) leave(parent, blocks_.at(parent));
      if (parent != 0) ++blocks_.at(parent).children;
      blocks_[prompt[k]] = {parent, now_, 0};
      leaves_.insert({now_, prompt[k]});
    }
  }

 private:
  struct Block {
    ObjectId parent = 0;
    std::uint64_t touched = 0;
    int children = 0;
  };
  void leave(ObjectId id, const Block& block) { leaves_.erase({block.touched, id}); }
  void stamp(ObjectId id, Block& block) {
    leave(id, block);
    block.touched = now_;
    if (block.children == 0) leaves_.insert({now_, id});
  }
  bool evict(ObjectId keep) {
    for (const auto& [touched, id] : leaves_) {
      if (id == keep) continue;
      const ObjectId parent = blocks_.at(id).parent;
      const ObjectId victim = id;
      leaves_.erase(leaves_.find({touched, victim}));
      blocks_.erase(victim);
      if (parent != 0 && --blocks_.at(parent).children == 0) {
        leaves_.insert({blocks_.at(parent).touched, parent});
      }
      return true;
    }
    return false;
  }

  std::size_t capacity_;
  std::uint64_t now_ = 0;
  std::map<ObjectId, Block> blocks_;
  std::set<std::pair<std::uint64_t, ObjectId>> leaves_;
};

std::vector<Prompt> random_prompts(std::uint64_t seed, std::size_t count) {
  SplitMix random(seed);
  std::vector<Prompt> prompts;
  for (std::size_t k = 0; k < count; ++k) {
    Prompt prompt;
    std::uint64_t path = random.below(6);
    const std::uint64_t length = 1 + random.below(12);
    for (std::uint64_t d = 0; d < length; ++d) {
      prompt.push_back(mix64(path * 1000 + d) | 1);
      path = path * 3 + (random.below(4) == 0 ? random.below(3) : 0);
    }
    prompts.push_back(prompt);
  }
  return prompts;
}

void check_theorem(const std::vector<Prompt>& prompts, std::uint64_t capacity) {
  CAPTURE(capacity);
  Cache tail_first = make_cache("prefix-lru", blocks(capacity));
  LeafLru leaf(static_cast<std::size_t>(capacity));
  PrefixCounts a;
  PrefixCounts b;
  for (const Prompt& prompt : prompts) {
    look_up(tail_first, prompt, true, true, a);
    leaf.look_up(prompt, b);
    REQUIRE(a.hits == b.hits);
    REQUIRE(a.prefix_hits == b.prefix_hits);
  }
  CHECK(a.hits >= a.prefix_hits);
  CHECK(tail_first.audit() == "");
  // Nothing was passed over: the oldest is always a leaf.
  if (capacity > 300) CHECK(tail_first.stats().skipped == 0);
}

}  // namespace

TEST_CASE("without parents prefix-lru is LRU") {
  Cache a = make_cache("prefix-lru", blocks(40, false));
  Cache b = make_cache("lru", blocks(40, false));
  for (const Meta& meta : mixed_trace(120, 5000, 1, 3)) {
    CHECK(a.request({}, meta) == b.request({}, meta));
  }
}

TEST_CASE("a chain lies in the order with its tail last") {
  Cache cache = make_cache("prefix-lru", blocks(6));
  PrefixCounts counts;
  look_up(cache, {1, 2, 3}, true, true, counts);
  look_up(cache, {1, 2, 4, 5}, true, true, counts);
  Victim out[6];
  std::vector<ObjectId> order;
  while (const std::size_t found = cache.reserve({}, nullptr, out, 6)) {
    for (std::size_t k = 0; k < found; ++k) order.push_back(out[k].id);
  }
  CHECK(order == std::vector<ObjectId>{3, 5, 4, 2, 1});
}

TEST_CASE("leaf-only LRU and tail-first LRU hit alike on random trees") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    const std::vector<Prompt> prompts = random_prompts(seed, 1500);
    for (const std::uint64_t capacity : {13U, 20U, 50U, 200U, 400U}) {
      check_theorem(prompts, capacity);
    }
  }
}

TEST_CASE("leaf-only LRU and tail-first LRU hit alike on recorded conversations") {
  const std::vector<Prompt> prompts = mooncake_prompts();
  if (prompts.empty()) {
    MESSAGE("shared conversation trace absent: skipped");
    return;
  }
  for (const std::uint64_t capacity : {1000U, 10000U, 50000U}) check_theorem(prompts, capacity);
}

TEST_CASE("leaf-only LRU and tail-first LRU hit alike on recorded coding sessions") {
  const std::vector<Prompt> prompts = agentic_prompts(12, 4);
  if (prompts.empty()) {
    MESSAGE("shared coding sessions absent: skipped");
    return;
  }
  for (const std::uint64_t capacity : {8000U, 30000U}) check_theorem(prompts, capacity);
}

TEST_CASE("strict prefix miss ratios of the conversation trace are those of the reference") {
  const std::vector<Prompt> prompts = mooncake_prompts();
  if (prompts.empty()) {
    MESSAGE("shared conversation trace absent: skipped");
    return;
  }
  struct Row {
    std::uint64_t capacity;
    double tail_to_root;
    double root_to_tail;
  };
  for (const Row& row :
       {Row{1000, .955470, .955525}, Row{10000, .788402, .788835}, Row{50000, .645442, .645442}}) {
    CAPTURE(row.capacity);
    Cache up = make_cache("lru", blocks(row.capacity, false));
    CHECK(replay(up, prompts, false, false).miss_ratio() ==
          doctest::Approx(row.tail_to_root).epsilon(1e-6));
    Cache down = make_cache("lru", blocks(row.capacity, false));
    CHECK(replay(down, prompts, true, false).miss_ratio() ==
          doctest::Approx(row.root_to_tail).epsilon(1e-6));
    Cache tail_first = make_cache("prefix-lru", blocks(row.capacity));
    const PrefixCounts counts = replay(tail_first, prompts, true, true);
    CHECK(counts.miss_ratio() == doctest::Approx(row.tail_to_root).epsilon(1e-6));
  }
}
