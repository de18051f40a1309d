// sharded_tsan [--threads N] [--shards M] [--operations K] [--fault lock|ring]
// How a host shards: one cache a shard behind the host's mutex, an immutable placement map that all
// threads read without one, a decision log that another thread drains. Afterwards every log is
// re-executed and must agree. To be built with -fsanitize=thread.
// --fault lock: one thread forgets the mutex now and then. --fault ring: a second thread drains.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "policies/base/hash.hpp"
#include "policies/eviction/shadow.hpp"
#include "policies/eviction/shards.hpp"
#include "policies/log/replay_log.hpp"
#include "policies/log/ring.hpp"
#include "policies/placement/placement.hpp"

using namespace fleetcache;

// A race ends the program, before the core trips over what it broke.
extern "C" const char* __tsan_default_options();  // NOLINT: the sanitizer's name
extern "C" const char* __tsan_default_options() { return "halt_on_error=1:exitcode=66"; }

namespace {

struct Options {
  std::uint32_t threads = 4;
  std::uint32_t shards = 3;
  std::uint64_t operations = 10'000;  ///< a thread
  bool forget_lock = false;
  bool second_drain = false;
};

constexpr const char* kPolicies[] = {"s3fifo", "arc", "wtinylfu", "gdsf", "random", "lru"};
constexpr std::uint32_t kTenants = 2;

log::Origin origin_of(std::uint32_t shard) {
  log::Origin origin;
  origin.policy = kPolicies[shard % std::size(kPolicies)];
  origin.config.capacity = 400;
  origin.config.max_capacity = 500;
  origin.config.max_entries = 128;
  origin.config.features = eviction::kTtl;
  origin.tenants = kTenants;
  return origin;
}

/// What one mutex guards. The ring is written under it and read by the drain alone.
struct Shard {
  explicit Shard(std::uint32_t number)
      : ring(1 << 16),
        cache(log::LoggedCache::create(
                  origin_of(number),
                  [this](const void* bytes, std::size_t n) { return ring.write(bytes, n); })
                  .value()),
        shadow(eviction::Shadow::create("sieve", origin_of(number).config).value()),
        curve(eviction::Shards::create(64).value()) {}

  log::Ring ring;
  std::mutex mutex;
  log::LoggedCache cache;
  eviction::Shadow shadow;
  eviction::Shards curve;
  TimePoint now{1};
  std::string drained;  ///< the drain's
};

/// One request of one thread. Requires: the caller holds the shard's mutex.
void one_request(Shard& shard, std::uint64_t draw) {
  eviction::Meta meta;
  meta.id = mix64(draw) % 97 * (draw % 11);
  meta.charge = 1 + meta.id % 9;
  meta.tenant = static_cast<std::uint32_t>(draw % kTenants);
  shard.now.ns += 1'000'000;
  if (draw % 5 == 0) meta.expires.ns = shard.now.ns + 2'000'000'000;
  shard.curve.request(meta.id, meta.charge);
  const eviction::Handle h = shard.cache.find(meta.tenant, meta.id);
  if (h && shard.cache.access(shard.now, h)) {
    shard.shadow.hit(shard.now, meta);
    if (draw % 7 == 0 && shard.cache.pin(h)) shard.cache.unpin(h);
    if (draw % 29 == 0) shard.cache.erase(shard.now, h);
    return;
  }
  shard.cache.miss(shard.now, meta);
  shard.shadow.miss(shard.now, meta);
  if (shard.cache.admit(shard.now, meta)) shard.shadow.insert(shard.now, meta);
  if (draw % 13 != 0) return;
  eviction::Victim victims[4];
  eviction::Handle handles[4];
  const std::size_t found = draw % 2 == 0 ? shard.cache.reserve(shard.now, {}, victims, 4)
                                          : shard.cache.expire(shard.now, victims, 4);
  for (std::size_t k = 0; k < found; ++k) handles[k] = victims[k].handle;
  const std::size_t commits = found / 2;
  shard.cache.commit(shard.now, handles, commits);
  shard.cache.abort(shard.now, handles + commits, found - commits);
}

void drain(std::vector<std::unique_ptr<Shard>>& shards) {
  char bytes[512];
  for (auto& shard : shards) {
    while (const std::size_t count = shard->ring.read(bytes, sizeof bytes)) {
      shard->drained.append(bytes, count);
    }
  }
}

bool agrees(const std::string& bytes, std::uint32_t shard, std::uint64_t& records,
            std::uint64_t& lost) {
  std::size_t at = 0;
  const auto report = log::replay_log([&](void* out, std::size_t count) {
    if (count > bytes.size() - at) return false;
    std::memcpy(out, bytes.data() + at, count);
    at += count;
    return true;
  });
  if (!report) {
    std::printf("shard %u: %s\n", shard, report.error().text().c_str());
    return false;
  }
  records += report->records;
  lost += report->lost;
  if (!report->difference) return true;
  std::printf("shard %u, record %llu: %s: logged %s, replayed %s\n", shard,
              static_cast<unsigned long long>(report->difference->record),
              report->difference->call.c_str(), report->difference->logged.c_str(),
              report->difference->replayed.c_str());
  return false;
}

bool parse(int argc, char** argv, Options& options) {
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string key = argv[k];
    const std::string value = argv[k + 1];
    if (key == "--threads") {
      options.threads = static_cast<std::uint32_t>(std::atoi(argv[k + 1]));
    } else if (key == "--shards") {
      options.shards = static_cast<std::uint32_t>(std::atoi(argv[k + 1]));
    } else if (key == "--operations") {
      options.operations = std::strtoull(argv[k + 1], nullptr, 10);
    } else if (key == "--fault" && (value == "lock" || value == "ring")) {
      (value == "lock" ? options.forget_lock : options.second_drain) = true;
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && options.threads > 0 && options.shards > 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::puts("usage: see the head of sharded_tsan.cpp");
    return 2;
  }
  std::vector<std::unique_ptr<Shard>> shards;
  std::vector<placement::Member> members(options.shards);
  for (std::uint32_t s = 0; s < options.shards; ++s) {
    members[s].id = s + 1;
    shards.push_back(std::make_unique<Shard>(s));
  }
  const auto map = placement::build("ring", {}, members).value();

  const auto work = [&](std::uint32_t thread) {
    for (std::uint64_t k = 0; k < options.operations; ++k) {
      const std::uint64_t draw = mix64(k * 64 + thread + 1);
      Shard& shard = *shards[map->owner(draw % 4096)];
      const bool forgets = options.forget_lock && thread == 0 && k % 50 == 49;
      std::unique_lock<std::mutex> lock(shard.mutex, std::defer_lock);
      if (!forgets) lock.lock();
      one_request(shard, draw);
    }
  };
  std::atomic<bool> done{false};
  const auto drain_until_done = [&] {
    while (!done.load(std::memory_order_acquire)) {
      drain(shards);
      std::this_thread::yield();
    }
  };
  std::thread drainer(drain_until_done);
  std::thread second;
  if (options.second_drain) second = std::thread(drain_until_done);
  std::vector<std::thread> workers;
  for (std::uint32_t t = 0; t < options.threads; ++t) workers.emplace_back(work, t);
  for (std::thread& worker : workers) worker.join();
  done.store(true, std::memory_order_release);
  drainer.join();
  if (second.joinable()) second.join();

  bool all_agree = true;
  std::uint64_t records = 0;
  std::uint64_t lost = 0;
  for (std::uint32_t s = 0; s < options.shards; ++s) {
    drain(shards);
    shards[s]->cache.finish();
    drain(shards);
    all_agree = agrees(shards[s]->drained, s, records, lost) && all_agree;
    const std::string fault = shards[s]->cache.cache().audit();
    if (!fault.empty()) std::printf("shard %u: %s\n", s, fault.c_str());
    all_agree = all_agree && fault.empty();
  }
  std::printf("%u threads, %u shards: %llu records re-executed, %llu lost by the ring; %s\n",
              options.threads, options.shards, static_cast<unsigned long long>(records),
              static_cast<unsigned long long>(lost), all_agree ? "all logs agree" : "DIFFERENCES");
  return all_agree && records > 0 ? 0 : 1;
}
