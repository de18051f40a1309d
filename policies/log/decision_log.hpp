/// A cache that writes down what it was told and what it answered.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policies/base/hash.hpp"
#include "policies/eviction/tenants.hpp"
#include "policies/log/record.hpp"

namespace fleetcache::log {

/// Takes a whole record, or refuses it (false) without having kept a part. Must not block.
using Sink = std::function<bool(const void* bytes, std::size_t count)>;

/// What a log says of the cache it comes from: enough to make it again.
struct Origin {
  std::string policy;
  eviction::Config config;
  std::uint32_t tenants = 1;
};
/// The bytes at the start of a log; the inverse fails for damaged ones and for another format.
std::string encode_origin(const Origin& origin);
Result<Origin> decode_origin(const std::function<bool(void*, std::size_t)>& read);

/// Running digests of all records, lost ones included.
struct Hashes {
  Digest inputs;
  Digest outputs;
  /// Adds one record.
  void add(Type type, const Out& in, const Out& out);
};

/// Cost over TenantCache: docs/performance.md. Nothing is allocated after
/// `create`. The sink is called from within each call, by the thread that holds the cache's lock.
class LoggedCache {
 public:
  /// Fails as TenantCache::create does, and when the sink refuses the header.
  static Result<LoggedCache> create(const Origin& origin, Sink sink);

  // As TenantCache. A call with a handle that names nothing changes nothing and is not written.
  eviction::Handle find(std::uint32_t tenant, eviction::ObjectId id,
                        eviction::ObjectId id_high = 0) const {
    return cache_.find(tenant, id, id_high);
  }
  bool access(TimePoint now, eviction::Handle h, std::int64_t next_access = -1);
  void miss(TimePoint now, const eviction::Meta& meta);
  eviction::Handle admit(TimePoint now, const eviction::Meta& meta,
                         const eviction::OnVictim& on_victim = {});
  /// Null, and nothing inserted, where TenantCache::insert must not be called.
  eviction::Handle insert(TimePoint now, const eviction::Meta& meta);
  bool erase(TimePoint now, eviction::Handle h);
  bool pin(eviction::Handle h);
  bool unpin(eviction::Handle h);
  bool set_times(eviction::Handle h, TimePoint expires, TimePoint leased_until,
                 TimePoint soft_until);
  bool must_evict(const eviction::Meta* incoming, std::uint32_t tenant = 0);
  bool set_cost(eviction::Handle h, std::uint32_t cost);
  std::size_t reserve(TimePoint now, const eviction::Want& want, eviction::Victim* out,
                      std::size_t capacity);
  void commit(TimePoint now, const eviction::Handle* handles, std::size_t count);
  void abort(TimePoint now, const eviction::Handle* handles, std::size_t count);
  std::size_t expire(TimePoint now, eviction::Victim* out, std::size_t capacity);
  Result<std::uint64_t> resize(std::uint64_t capacity);
  Status set_params(const Params& params);
  Status set_quotas(const std::vector<eviction::Quota>& quotas);
  /// find, then access, or miss and admit. True on a hit.
  bool request(TimePoint now, const eviction::Meta& meta);

  /// Touches that the host had to drop before they reached the core.
  void dropped_touches(std::uint64_t count);
  /// Writes the last mark and the end. Nothing may be called after it but the getters.
  void finish();

  const eviction::TenantCache& cache() const { return cache_; }
  std::uint64_t records() const { return records_; }
  std::uint64_t lost() const { return lost_total_; }  ///< records that the sink refused
  const Hashes& hashes() const { return hashes_; }

 private:
  LoggedCache(eviction::TenantCache cache, Sink sink)
      : cache_(std::move(cache)), sink_(std::move(sink)) {}
  void begin(TimePoint now);
  bool begin(TimePoint now, eviction::Handle h);
  bool put_handles(const eviction::Handle* handles, std::size_t count);
  void put_meta(const eviction::Meta& meta);
  bool end(Type type, bool answer);
  void end(Type type);
  void write(Type type, const Out& in, const Out& out);
  void mark();

  eviction::TenantCache cache_;
  Sink sink_;
  Hashes hashes_;
  Out in_;
  Out out_;
  Out record_;
  TimePoint last_{};
  std::uint64_t records_ = 0;
  std::uint64_t lost_ = 0;  ///< not yet told of by a gap record
  std::uint64_t lost_total_ = 0;
};

/// Victims as an answer: their number and names.
void put_victims(Out& out, const eviction::TenantCache& cache, const eviction::Victim* victims,
                 std::size_t count);
Name name_of(const eviction::TenantCache& cache, const eviction::Victim& victim);

constexpr std::uint64_t kMarkEvery = 65536;

}  // namespace fleetcache::log
