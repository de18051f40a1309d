// What a plugin has to do before it is believed: 12,000 requests over objects of one and of many
// sizes, with reservations put back, pins, erasures and a restore in the middle. Rules
// that hold for every policy are checked on the way; the digest of all victims tells whether this
// build of the plugin decides as its author's did.
#include "policies/abi/plugin_policy.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::abi {
namespace {

using eviction::Cache;
using eviction::Config;
using eviction::Handle;
using eviction::Meta;
using eviction::Victim;

class Exercise {
 public:
  Exercise(const eviction::ExternalPolicy& policy, bool unit_charge)
      : policy_(policy), unit_charge_(unit_charge) {}

  std::string run(Digest& digest) {
    Config config;
    config.capacity = unit_charge_ ? 96 : 96 * 1024;
    config.max_entries = 96;
    config.unit_charge = unit_charge_;
    config.seed = 7;
    config.external = &policy_;
    Result<Cache> made = Cache::create(policy_.info.name, config);
    if (!made) return made.error().text();
    std::string fault = requests(*made, 0, 3000, digest);
    if (!fault.empty()) return fault;
    std::string bytes;
    if (!made->save([&](const void* data, std::size_t count) {
          bytes.append(static_cast<const char*>(data), count);
          return true;
        })) {
      return "it cannot be saved";
    }
    std::size_t at = 0;
    Result<Cache> again = Cache::restore(
        [&](void* data, std::size_t count) {
          if (bytes.size() - at < count) return false;
          bytes.copy(static_cast<char*>(data), count, at);
          at += count;
          return true;
        },
        &policy_);
    if (!again) return again.error().text();
    Digest other = digest;
    fault = requests(*made, 3000, 6000, digest);
    if (fault.empty()) fault = requests(*again, 3000, 6000, other);
    if (!fault.empty()) return fault;
    if (digest.value() != other.value() || made->state_hash() != again->state_hash()) {
      return "a restored cache goes on otherwise than the one that was saved";
    }
    digest.add(made->state_hash());
    return {};
  }

 private:
  static std::uint64_t draw(std::uint64_t k, std::uint64_t what) {
    return mix64(k * 0x9e3779b97f4a7c15ULL + what);
  }
  /// Skewed: half of the requests go to a sixteenth of the objects, and every so often a scan.
  Meta object(std::uint64_t k) const {
    const std::uint64_t r = draw(k, 1);
    Meta meta;
    meta.id = (r & 1U) != 0 ? (r >> 8U) % 32 : (r >> 8U) % 512;
    if (k % 1000 < 150) meta.id = 1000 + k;
    meta.charge = unit_charge_ ? 1 : 1 + draw(meta.id, 2) % 4096;
    return meta;
  }

  std::string requests(Cache& cache, std::uint64_t from, std::uint64_t to, Digest& digest) {
    for (std::uint64_t k = from; k < to; ++k) {
      const TimePoint now{static_cast<std::int64_t>(k)};
      const Meta meta = object(k);
      const Handle h = cache.find(meta.id);
      digest.add(h ? 1 : 0);
      std::string fault;
      if (h) {
        cache.access(now, h);
        if (draw(k, 3) % 64 == 0) {
          cache.pin(h);
        } else if (draw(k, 3) % 64 < 3) {
          cache.unpin(h);
        }
        if (draw(k, 4) % 50 == 0) cache.erase(now, h);
      } else {
        fault = store(cache, now, meta, k, digest);
      }
      if (fault.empty() && k % 64 == 0) fault = cache.audit();
      if (!fault.empty()) return "request " + std::to_string(k) + ": " + fault;
    }
    return {};
  }

  std::string store(Cache& cache, TimePoint now, const Meta& meta, std::uint64_t k,
                    Digest& digest) {
    cache.miss(now, meta);
    if (!cache.admissible(meta)) return {};
    while (cache.must_evict(&meta)) {
      Victim first[4];
      Victim second[4];
      Handle handles[4];
      const std::size_t wanted = 1 + draw(k, 5) % 4;
      std::size_t found = cache.reserve(now, &meta, first, wanted);
      if (found == 0) return "there is no victim though not everything is pinned";
      for (std::size_t n = 0; n < found; ++n) handles[n] = first[n].handle;
      if (draw(k, 6) % 4 == 0) {
        cache.abort(now, handles, found);
        const std::size_t again = cache.reserve(now, &meta, second, wanted);
        bool same = again == found;
        for (std::size_t n = 0; n < found && same; ++n) same = first[n].id == second[n].id;
        if (!same) return "after an abort the next victims are others";
      }
      for (std::size_t n = 0; n < found; ++n) digest.add(first[n].id);
      cache.commit(now, handles, found);
    }
    cache.insert(now, meta);
    return {};
  }

  const eviction::ExternalPolicy& policy_;
  bool unit_charge_;
};

}  // namespace

std::string self_test(const eviction::ExternalPolicy& policy, std::uint64_t& digest) {
  Digest all;
  for (const bool unit_charge : {true, false}) {
    const std::string fault = Exercise(policy, unit_charge).run(all);
    if (!fault.empty()) return fault;
  }
  digest = all.value();
  return {};
}

}  // namespace fleetcache::abi
