#include "tests/decisions/corpus.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "policies/base/hash.hpp"
#include "policies/base/math.hpp"
#include "tests/decisions/core_host.hpp"

namespace fleetcache::golden {
namespace {

using eviction::Config;
using eviction::Verdict;

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mix64(state_ += 0x9e3779b97f4a7c15ULL); }
  std::uint64_t below(std::uint64_t n) { return (next() >> 32) * n >> 32; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

enum class Kind {
  kZipf,
  kScan,
  kLoop,
  kShift,
  kEpoch,
  kErase,
  kPins,
  kTtl,
  kLeases,
  kGroups,
  kPrefix,
  kCosts,
  kResize,
  kTwoPhase,
  kPicky,
  kCount
};
constexpr const char* kNames[] = {"zipf",   "scan",  "loop",   "shift",     "epoch",
                                  "erase",  "pins",  "ttl",    "leases",    "groups",
                                  "prefix", "costs", "resize", "two-phase", "picky"};
static_assert(std::size(kNames) == static_cast<std::size_t>(Kind::kCount));

constexpr int kSteps = 1500;

std::uint32_t features_of(Kind kind) {
  switch (kind) {
    case Kind::kTtl:
      return eviction::kTtl;
    case Kind::kLeases:
      return eviction::kLeases;
    case Kind::kGroups:
      return eviction::kGroups | eviction::kTtl;
    case Kind::kPrefix:
      return eviction::kPrefix | eviction::kKinds;
    case Kind::kCosts:
      return eviction::kCosts;
    default:
      return 0;
  }
}

ObjectId draw_id(Kind kind, Draws& random, int step) {
  switch (kind) {
    case Kind::kScan:
      return step % 400 < 150 ? 1000 + static_cast<ObjectId>(step) : random.below(60);
    case Kind::kLoop:
      return static_cast<ObjectId>(step) % 53;
    case Kind::kShift:
      return static_cast<ObjectId>(step / 300) * 40 + random.below(70);
    case Kind::kEpoch:
      return mix64(static_cast<ObjectId>(step / 90)) % 7 * 13 % 90 +
             (static_cast<ObjectId>(step) * 37) % 90;
    default:
      return std::min({random.below(150), random.below(150), random.below(150)});
  }
}

/// One run of one trace through one cache.
class Run {
 public:
  Run(Host& host, Kind kind, bool by_bytes, std::uint64_t seed, const Spoil& spoil)
      : host_(host), kind_(kind), by_bytes_(by_bytes), random_(seed), spoil_(spoil) {}

  std::uint64_t digest() {
    for (int step = 0; step < kSteps; ++step) {
      now_.ns += static_cast<std::int64_t>(random_.below(100'000'000));
      if (!special()) request(item(step));
      add(host_.used());
    }
    settle(0);
    add(host_.state_hash());
    return digest_.value();
  }

 private:
  void add(std::uint64_t word) { digest_.add(word); }
  void add(const Ids& ids) {
    add(ids.size());
    for (const ObjectId id : ids) add(id);
  }

  Item item(int step) {
    Item item;
    Meta& m = item.meta;
    m.id = draw_id(kind_, random_, step);
    m.charge = by_bytes_ ? 1 + mix64(m.id) % 9 : 1;
    m.next_access = random_.one_in(4) ? -1 : static_cast<std::int64_t>(random_.below(1 << 20));
    if (kind_ == Kind::kTtl || kind_ == Kind::kGroups) {
      if (random_.one_in(2))
        m.expires.ns = now_.ns + 1 + static_cast<std::int64_t>(random_.below(3'000'000'000));
    }
    if (kind_ == Kind::kLeases) {
      if (random_.one_in(6)) m.leased_until.ns = now_.ns + 400'000'000;
      if (random_.one_in(3)) m.soft_until.ns = now_.ns + 900'000'000;
    }
    if (kind_ == Kind::kGroups && m.id % 4 != 0) {
      item.has_mate = true;
      item.mate = m.id / 4 * 4;
    }
    if (kind_ == Kind::kPrefix) {
      m.depth = static_cast<std::uint16_t>(m.id == 0 ? 0 : 1 + m.id % 5);
      m.klass = static_cast<std::uint16_t>(m.id % 3);
      item.has_parent = m.id != 0 && m.id % 5 != 0;
      item.parent = m.id / 2;
    }
    if (kind_ == Kind::kCosts) m.cost = static_cast<std::uint32_t>(mix64(m.id) % 50);
    return item;
  }

  void request(const Item& item) {
    ++touches_;
    const bool dropped = spoil_.drop_touch != 0 && touches_ % spoil_.drop_touch == 0;
    const bool hit = !dropped && host_.access(now_, item.meta.id, item.meta.next_access);
    if (dropped) return;
    add(hit ? 1 : 0);
    if (hit) return;
    host_.miss(now_, item);
    if (random_.one_in(16)) return;  // the fetch failed
    Ids victims;
    add(host_.admit(now_, item, victims) ? 1 : 0);
    add(victims);
  }

  /// What the trace is about, now and then; false for a plain request.
  bool special() {
    const ObjectId some = random_.below(100);
    switch (kind_) {
      case Kind::kErase:
        if (!random_.one_in(4)) return false;
        add(host_.erase(now_, some) ? 1 : 0);
        return true;
      case Kind::kPins:
        if (!random_.one_in(5)) return false;
        if (!pinned_.empty() && (pinned_.size() > 8 || random_.one_in(2))) {
          add(host_.pin(pinned_.back(), false) ? 1 : 0);
          pinned_.pop_back();
        } else if (host_.pin(some, true)) {
          pinned_.push_back(some);
        }
        return true;
      case Kind::kTtl:
      case Kind::kGroups: {
        if (!random_.one_in(12)) return false;
        Ids victims;
        host_.expire(now_, 8, victims);
        add(victims);
        host_.settle(now_, victims, victims.size());
        return true;
      }
      case Kind::kResize:
        if (!random_.one_in(40)) return false;
        add(host_.resize((by_bytes_ ? 60 : 12) + random_.below(by_bytes_ ? 240 : 36)));
        return true;
      case Kind::kTwoPhase:
      case Kind::kPicky:
        if (!random_.one_in(4)) return false;
        if (random_.one_in(2)) {
          settle(random_.below(4));
        } else {
          const std::uint64_t seed = kind_ == Kind::kPicky ? 1 + random_.below(9) : 0;
          host_.reserve(now_, seed, seed == 0 ? ~0U : 12, 1 + random_.below(3), reserved_);
          add(reserved_);
        }
        return true;
      default:
        return false;
    }
  }
  void settle(std::size_t commits) {
    host_.settle(now_, reserved_, std::min(commits, reserved_.size()));
    reserved_.clear();
  }

  Host& host_;
  Kind kind_;
  bool by_bytes_;
  Draws random_;
  Spoil spoil_;
  Digest digest_;
  TimePoint now_{1};
  Ids pinned_;
  Ids reserved_;
  std::uint64_t touches_ = 0;
};

std::string text_of(const Params& params) {
  std::string text;
  for (const auto& [key, value] : params) text += (text.empty() ? "" : ",") + key + "=" + value;
  return text.empty() ? "default" : text;
}

std::string line(const std::string& what, std::uint64_t digest) {
  char hex[20];
  std::snprintf(hex, sizeof hex, " %016llx\n", static_cast<unsigned long long>(digest));
  return what + hex;
}

std::uint64_t arithmetic() {
  Digest digest;
  for (int k = 1; k < 2000; ++k) {
    for (const double x : {portable_log(k / 7.0), portable_exp(k / 97.0 - 10)}) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, &x, sizeof bits);
      digest.add(bits);
    }
  }
  return digest.value();
}

}  // namespace

std::vector<Params> parameter_sets(const eviction::PolicyInfo& policy) {
  std::vector<Params> sets(1);
  if (policy.parameters.empty()) return sets;
  sets.resize(3);
  for (const std::string_view text : policy.parameters) {
    const std::size_t open = text.find('[');
    const std::size_t close = text.find(']', open);
    if (open == std::string_view::npos || close == std::string_view::npos) continue;
    const std::string_view range = text.substr(open + 1, close - open - 1);
    const std::size_t bar = range.find('|');  // a choice; else from the low to the high end
    const std::size_t between = bar != std::string_view::npos ? bar : range.find("..");
    const std::size_t after = between + (bar != std::string_view::npos ? 1 : 2);
    const std::string key(text.substr(0, text.find('=')));
    sets[1].emplace_back(key, range.substr(0, between));
    sets[2].emplace_back(key, range.substr(after));
  }
  return sets;
}

Verdict verdict_of(ObjectId id, std::uint64_t seed) {
  return static_cast<Verdict>(mix64(id * 31 + seed) % 9 % 5);  // mostly take, rarely stop
}

std::unique_ptr<Host> make_cpp_host(const std::string& policy, const Config& config,
                                    const std::string&) {
  return std::make_unique<CoreHost<eviction::Cache>>(
      eviction::Cache::create(policy, config).value());
}

std::string run_corpus(const MakeHost& make, const Spoil& spoil) {
  std::string text = line("arithmetic", arithmetic());
  for (const eviction::PolicyInfo& policy : eviction::policies()) {
    for (const Params& params : parameter_sets(policy)) {
      for (std::size_t k = 0; k < std::size(kNames); ++k) {
        for (const bool by_bytes : {false, true}) {
          Config config;
          config.capacity = by_bytes ? 300 : 48;
          config.max_entries = 64;
          config.unit_charge = !by_bytes;
          config.seed = 7;
          config.params = params;
          config.features = features_of(static_cast<Kind>(k));
          const std::unique_ptr<Host> host = make(std::string(policy.name), config, kNames[k]);
          if (host == nullptr) continue;
          Run run(*host, static_cast<Kind>(k), by_bytes, 1000 * k + (by_bytes ? 1 : 0), spoil);
          text += line(std::string(kNames[k]) + (by_bytes ? "/bytes " : "/unit ") +
                           std::string(policy.name) + " " + text_of(params),
                       run.digest());
        }
      }
    }
  }
  return text;
}

}  // namespace fleetcache::golden
