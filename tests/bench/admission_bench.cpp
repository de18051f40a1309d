// Admission rules: speed, memory and what they do to hits and writes.
//
//     admission_bench [--requests N]            ns a request on a Zipf(1) trace, bytes, digest
//     admission_bench FILE CAPACITY...          LRU and S3-FIFO on a trace: hits and bytes written
//
// A Mooncake file (*.jsonl*) is read as KV blocks of 40 MiB, depth the place in the prompt, class 1
// where the block before it was resident; CAPACITY in blocks. Another trace has sizes; CAPACITY in
// bytes. Bytes written are those of insertions; the budget is half of what LRU writes with
// `always`.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include "policies/admission/admission.hpp"
#include "sim/traces/mooncake.hpp"
#include "sim/traces/reader.hpp"
#include "tests/contract/traces.hpp"

using namespace fleetcache;

namespace {

constexpr std::uint64_t kBlockBytes = 40ULL << 20;  // 512 tokens of 80 KiB

struct Item {
  std::int64_t time_ns = 0;
  std::uint64_t id = 0;
  std::uint64_t bytes = 1;
  std::uint16_t depth = 0;
};

struct Rule {
  std::string label;
  std::string name;
  Params params;
};

struct Outcome {
  double hit_ratio = 0;
  double byte_hit_ratio = 0;
  std::uint64_t written = 0;
};

std::vector<Item> load_trace(const std::string& path, bool& is_kv) {
  std::vector<Item> items;
  is_kv = path.find(".jsonl") != std::string::npos;
  if (is_kv) {
    const auto requests = traces::read_mooncake(path).value();
    for (const traces::KvRequest& request : requests) {
      std::uint16_t depth = 0;
      for (const std::uint64_t block : request.blocks) {
        items.push_back({request.at_ns, block, kBlockBytes, depth++});
      }
    }
    return items;
  }
  auto reader = traces::open_trace(path, {}).value();
  std::vector<traces::Request> block(65536);
  while (const std::size_t n = reader->read(block).value()) {
    for (std::size_t k = 0; k < n; ++k) {
      items.push_back({block[k].time_ns, block[k].id, block[k].size, 0});
    }
  }
  return items;
}

/// A cache behind a rule, as a host runs them.
class Run {
 public:
  Run(std::string_view eviction, std::uint64_t capacity, std::uint32_t entries, const Rule& rule)
      : cache_(eviction::Cache::create(eviction, config(capacity, entries)).value()),
        policy_(admission::Policy::create(rule.name, {1, entries, rule.params}).value()) {}

  Outcome over(const std::vector<Item>& items, bool is_kv) {
    std::uint64_t hits = 0, bytes = 0, hit_bytes = 0;
    Outcome out;
    bool before = false;
    for (const Item& item : items) {
      admission::Request request;
      request.id = item.id;
      request.charge = item.bytes;
      request.depth = item.depth;
      request.klass = is_kv && item.depth != 0 && before ? 1 : 0;
      bytes += item.bytes;
      before = ask({item.time_ns}, request, is_kv, out.written);
      hits += before ? 1 : 0;
      hit_bytes += before ? item.bytes : 0;
    }
    out.hit_ratio = static_cast<double>(hits) / static_cast<double>(items.size());
    out.byte_hit_ratio = static_cast<double>(hit_bytes) / static_cast<double>(bytes);
    return out;
  }

 private:
  struct Resident {
    admission::Request request;
    bool reused = false;
  };
  static eviction::Config config(std::uint64_t capacity, std::uint32_t entries) {
    eviction::Config c;
    c.capacity = capacity;
    c.max_entries = entries;
    c.seed = 1;
    return c;
  }

  bool ask(TimePoint now, const admission::Request& request, bool is_kv, std::uint64_t& written) {
    const eviction::Handle h = cache_.find(request.id);
    policy_.seen(now, request, static_cast<bool>(h));
    if (h) {
      cache_.access(now, h);
      residents_[request.id].reused = true;
      return true;
    }
    const eviction::Meta meta = testing::one(request.id, is_kv ? 1 : request.charge);
    cache_.miss(now, meta);
    if (!cache_.admissible(meta)) return false;
    admission::Load load;
    eviction::Victim victim;
    if ((policy_.policy().uses & admission::kUsesVictim) != 0 && cache_.must_evict(&meta) &&
        cache_.reserve(now, &meta, &victim, 1) == 1) {
      cache_.abort(now, &victim.handle, 1);
      load.would_evict = true;
      load.victim = victim.id;
    }
    if (policy_.decide(now, request, load) != admission::Decision::kAdmit) return false;
    if (!cache_.admit(now, meta, [&](const eviction::Victim& v) { leave(now, v.id); }))
      return false;
    residents_[request.id] = {request, false};
    written += request.charge;
    return false;
  }
  void leave(TimePoint now, std::uint64_t id) {
    const auto found = residents_.find(id);
    if (found == residents_.end()) return;
    policy_.outcome(now, found->second.request, found->second.reused);
    residents_.erase(found);
  }

  eviction::Cache cache_;
  admission::Policy policy_;
  std::unordered_map<std::uint64_t, Resident> residents_;
};

std::vector<Rule> rules(double budget_mb_per_s, bool is_kv) {
  const std::string budget = std::to_string(budget_mb_per_s);
  std::vector<Rule> all = {
      {"always", "always", {}},
      {"probability p=0.5 by hash", "probability", {}},
      {"probability p=0.5 drawn", "probability", {{"drawn", "1"}}},
      {"probability p=0.1 drawn", "probability", {{"p", "0.1"}, {"drawn", "1"}}},
      {"kth-request k=2", "kth-request", {}},
      {"kth-request k=2, 8 x window", "kth-request", {{"window", "400000"}}},
      {"kth-request k=3", "kth-request", {{"k", "3"}}},
      {"tinylfu", "tinylfu", {}},
      {"tinylfu, no doorkeeper", "tinylfu", {{"doorkeeper", "0"}}},
      {"larc", "larc", {}},
      {"write-budget, half",
       "write-budget",
       {{"target_mb_per_s", budget}, {"max_mb_per_s", "100000"}}}};
  if (!is_kv) all.push_back({"size <= 32 KiB", "size", {{"max_bytes", "32768"}}});
  for (const char* least : {"0.05", "0.1", "0.2", "0.3"}) {
    all.push_back({std::string("never-reused ") + least, "never-reused", {{"reuse_min", least}}});
  }
  return all;
}

void table(const std::vector<Item>& items, bool is_kv, std::uint64_t capacity) {
  std::unordered_map<std::uint64_t, std::uint64_t> sizes;
  std::uint64_t bytes = 0;
  for (const Item& item : items) {
    if (sizes.emplace(item.id, item.bytes).second) bytes += item.bytes;
  }
  const std::uint64_t mean = bytes / sizes.size();
  const auto entries = static_cast<std::uint32_t>(is_kv ? capacity : capacity / 512);
  const double seconds =
      static_cast<double>(items.back().time_ns - items.front().time_ns) / 1e9 + 1;
  std::printf("capacity %llu, %zu requests, %zu objects of %llu bytes, %.0f s\n",
              static_cast<unsigned long long>(capacity), items.size(), sizes.size(),
              static_cast<unsigned long long>(mean), seconds);
  const auto run = [&](const char* eviction, const Rule& rule) {
    Rule sized = rule;
    const std::uint64_t holds = is_kv ? capacity : capacity / mean;
    if (rule.label.find("8 x") != std::string::npos) {
      sized.params[0].second = std::to_string(8 * holds);
    }
    return Run(eviction, capacity, is_kv ? entries : static_cast<std::uint32_t>(holds * 4), sized)
        .over(items, is_kv);
  };
  const double gb = 1e9;
  const Outcome plain = run("lru", {"", "always", {}});
  const double budget = static_cast<double>(plain.written) / seconds / 2e6;
  for (const Rule& rule : rules(budget, is_kv)) {
    const Outcome lru = run("lru", rule);
    const Outcome s3 = run("s3fifo", rule);
    std::printf("| %-28s | %.4f | %7.2f | %.4f | %7.2f |\n", rule.label.c_str(), lru.hit_ratio,
                static_cast<double>(lru.written) / gb, s3.hit_ratio,
                static_cast<double>(s3.written) / gb);
  }
}

void speed(std::uint64_t requests) {
  const testing::Trace trace = testing::zipf_trace(100000, requests, 1);
  for (const admission::PolicyInfo& info : admission::policies()) {
    admission::Config config{1, 10000, {}};
    if (info.name == "write-budget") config.params = {{"target_mb_per_s", "100"}};
    auto policy = admission::Policy::create(info.name, config).value();
    std::int64_t now = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const eviction::Meta& meta : trace) {
      admission::Request request;
      request.id = meta.id;
      request.charge = 65536;
      admission::Load load;
      load.would_evict = true;
      load.victim = meta.id / 2;
      policy.seen({now += 1000000}, request, false);
      policy.decide({now}, request, load);
    }
    const double ns =
        std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
    const auto bytes = admission::Policy::memory_bytes(info.name, config).value();
    std::printf("%-18s %7.1f ns/request %8.2f B/object %10llu admitted  %016llx\n",
                std::string(info.name).c_str(), ns / static_cast<double>(requests),
                static_cast<double>(bytes) / 10000,
                static_cast<unsigned long long>(policy.stats().admitted),
                static_cast<unsigned long long>(policy.state_hash()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (argc == 1 || first == "--requests") {
    const std::uint64_t requests = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10000000;
    if (requests == 0) return 2;
    speed(requests);
    return 0;
  }
  bool is_kv = false;
  const std::vector<Item> items = load_trace(first, is_kv);
  if (items.empty() || argc < 3) return 2;
  for (int k = 2; k < argc; ++k) table(items, is_kv, std::strtoull(argv[k], nullptr, 10));
  return 0;
}
