#include "policies/log/decision_log.hpp"

#include <cstring>

#include "policies/base/crc32c.hpp"

namespace fleetcache::log {
namespace {

using eviction::Handle;
using eviction::Meta;
using eviction::Victim;

constexpr std::size_t kMostHandles = 512;                // in one record
constexpr std::uint64_t kMagic = 0x31474f4c43464c46ULL;  // "FLFCLOG1", little-endian

void add_bytes(Digest& digest, const Out& piece) {
  const std::uint8_t* at = piece.data();
  std::size_t left = piece.size();
  digest.add(left);
  for (; left > 0; at += 8, left -= left < 8 ? left : 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, left < 8 ? left : 8);
    digest.add(word);
  }
}

}  // namespace

void Hashes::add(Type type, const Out& in, const Out& out) {
  inputs.add(static_cast<std::uint64_t>(type));
  add_bytes(inputs, in);
  add_bytes(outputs, out);
}

std::string encode_origin(const Origin& origin) {
  Out body;
  const eviction::Config& c = origin.config;
  body.text(origin.policy);
  body.number(origin.tenants);
  body.number(c.capacity);
  body.number(c.max_entries);
  body.number(c.unit_charge ? 1 : 0);
  body.word(c.seed);
  body.number(c.features);
  body.number(c.max_capacity);
  body.number(c.params.size());
  for (const auto& [key, value] : c.params) {
    body.text(key);
    body.text(value);
  }
  Out head;
  head.word(kMagic);
  head.word((std::uint64_t{crc32c(body.data(), body.size())} << 32) | body.size());
  head.append(body);
  return std::string(reinterpret_cast<const char*>(head.data()), head.size());
}

Result<Origin> decode_origin(const std::function<bool(void*, std::size_t)>& read) {
  std::string bytes(16, '\0');
  if (!read(bytes.data(), 16)) return Error{"decision log", "is truncated"};
  In head(bytes);
  if (head.word() != kMagic) return Error{"decision log", "does not start as one"};
  const std::uint64_t word = head.word();
  const std::uint64_t size = word & 0xffffffffU;
  if (size > 16384) return Error{"decision log", "has a damaged header"};
  bytes.assign(static_cast<std::size_t>(size), '\0');
  if (!read(bytes.data(), bytes.size())) return Error{"decision log", "is truncated"};
  if (crc32c(bytes.data(), bytes.size()) != word >> 32) {
    return Error{"decision log", "has a damaged header"};
  }
  In in(bytes);
  Origin origin;
  eviction::Config& c = origin.config;
  origin.policy = std::string(in.text());
  origin.tenants = static_cast<std::uint32_t>(in.number());
  c.capacity = in.number();
  c.max_entries = static_cast<std::uint32_t>(in.number());
  c.unit_charge = in.number() != 0;
  c.seed = in.word();
  c.features = static_cast<std::uint32_t>(in.number());
  c.max_capacity = in.number();
  for (std::uint64_t k = in.number(); k > 0 && !in.bad(); --k) {
    std::string key(in.text());
    c.params.emplace_back(std::move(key), std::string(in.text()));
  }
  if (in.bad() || !in.done()) return Error{"decision log", "has a damaged header"};
  return origin;
}

Name name_of(const eviction::TenantCache& cache, const Victim& victim) {
  return {cache.tenant_of(victim.handle), victim.id, victim.id_high};
}

void put_victims(Out& out, const eviction::TenantCache& cache, const Victim* victims,
                 std::size_t count) {
  out.number(count);
  for (std::size_t k = 0; k < count; ++k) put(out, name_of(cache, victims[k]));
}

Result<LoggedCache> LoggedCache::create(const Origin& origin, Sink sink) {
  auto cache = eviction::TenantCache::create(origin.policy, origin.config, origin.tenants);
  if (!cache) return cache.error();
  const std::string head = encode_origin(origin);
  if (!sink(head.data(), head.size())) return Error{"decision log", "the sink refused its header"};
  return LoggedCache(std::move(*cache), std::move(sink));
}

// ---- records --------------------------------------------------------------------------------

void LoggedCache::begin(TimePoint now) {
  in_.clear();
  out_.clear();
  in_.signed_number((now - last_).count);
  last_ = now;
}
/// False, and nothing begun, for a handle that names no entry.
bool LoggedCache::begin(TimePoint now, Handle h) {
  const Victim entry = cache_.describe(h);
  if (!entry.handle) return false;
  begin(now);
  put(in_, name_of(cache_, entry));
  return true;
}
void LoggedCache::put_meta(const Meta& meta) {
  const Victim parent = cache_.describe(meta.parent);
  const Victim mate = cache_.describe(meta.mate);
  const Name parent_name = parent.handle ? name_of(cache_, parent) : Name{~0U >> 1, 0, 0};
  const Name mate_name = mate.handle ? name_of(cache_, mate) : Name{~0U >> 1, 0, 0};
  // A mate that is gone starts a group of its own, as none does; one of another tenant is refused.
  const bool own = meta.mate && cache_.tenant_of(meta.mate) == meta.tenant;
  const bool has_mate = mate.handle || (meta.mate && !own);
  put(in_, meta, meta.parent ? &parent_name : nullptr, has_mate ? &mate_name : nullptr);
}
bool LoggedCache::put_handles(const Handle* handles, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    const Victim entry = cache_.describe(handles[k]);
    if (!entry.handle) continue;
    in_.byte(1);
    put(in_, name_of(cache_, entry));
  }
  in_.byte(0);
  return true;
}

/// One record to the sink, with a gap record before it where others were refused.
void LoggedCache::write(Type type, const Out& in, const Out& out) {
  record_.clear();
  if (lost_ > 0) {
    Out count;
    count.number(lost_);
    record_.byte(static_cast<std::uint8_t>(Type::kGap));
    record_.number(count.size());
    record_.append(count);
    record_.number(0);
  }
  record_.byte(static_cast<std::uint8_t>(type));
  record_.number(in.size());
  record_.append(in);
  record_.number(out.size());
  record_.append(out);
  if (!record_.overflow() && sink_(record_.data(), record_.size())) {
    lost_ = 0;
    return;
  }
  ++lost_;
  ++lost_total_;
}

void LoggedCache::end(Type type) {
  hashes_.add(type, in_, out_);
  ++records_;
  write(type, in_, out_);
  if (records_ % kMarkEvery == 0) mark();
}
bool LoggedCache::end(Type type, bool answer) {
  out_.byte(answer ? 1 : 0);
  end(type);
  return answer;
}

void LoggedCache::mark() {
  in_.clear();
  out_.clear();
  in_.number(records_);
  out_.word(hashes_.inputs.value());
  out_.word(hashes_.outputs.value());
  out_.word(cache_.state_hash());
  write(Type::kMark, in_, out_);
}

void LoggedCache::finish() {
  mark();
  in_.clear();
  out_.clear();
  write(Type::kEnd, in_, out_);
}

void LoggedCache::dropped_touches(std::uint64_t count) {
  in_.clear();
  out_.clear();
  in_.number(count);
  write(Type::kDropped, in_, out_);
}

// ---- calls ----------------------------------------------------------------------------------

bool LoggedCache::access(TimePoint now, Handle h, std::int64_t next_access) {
  if (!begin(now, h)) return false;
  in_.signed_number(next_access);
  return end(Type::kAccess, cache_.access(now, h, next_access));
}

void LoggedCache::miss(TimePoint now, const Meta& meta) {
  begin(now);
  put_meta(meta);
  cache_.miss(now, meta);
  end(Type::kMiss);
}

Handle LoggedCache::admit(TimePoint now, const Meta& meta, const eviction::OnVictim& on_victim) {
  begin(now);
  put_meta(meta);
  struct Context {
    LoggedCache* self;
    const eviction::OnVictim* host;
  } const context{this, &on_victim};
  const Handle h = cache_.admit(now, meta, [c = &context](const Victim& v) {
    c->self->out_.byte(1);
    put(c->self->out_, name_of(c->self->cache_, v));
    if (*c->host) (*c->host)(v);
  });
  out_.byte(0);
  (void)end(Type::kAdmit, static_cast<bool>(h));
  return h;
}

Handle LoggedCache::insert(TimePoint now, const Meta& meta) {
  begin(now);
  put_meta(meta);
  const bool fits = !cache_.find(meta.tenant, meta.id, meta.id_high) && cache_.admissible(meta) &&
                    !cache_.must_evict(&meta);
  const Handle h = fits ? cache_.insert(now, meta) : Handle{};
  (void)end(Type::kInsert, static_cast<bool>(h));
  return h;
}

bool LoggedCache::erase(TimePoint now, Handle h) {
  return begin(now, h) && end(Type::kErase, cache_.erase(now, h));
}
bool LoggedCache::pin(Handle h) { return begin(last_, h) && end(Type::kPin, cache_.pin(h)); }
bool LoggedCache::unpin(Handle h) { return begin(last_, h) && end(Type::kUnpin, cache_.unpin(h)); }

bool LoggedCache::set_times(Handle h, TimePoint expires, TimePoint leased_until,
                            TimePoint soft_until) {
  if (!begin(last_, h)) return false;
  for (const TimePoint t : {expires, leased_until, soft_until}) in_.signed_number(t.ns);
  const bool expiry = cache_.set_expiry(h, expires);
  const bool lease = cache_.set_lease(h, leased_until, soft_until);
  return end(Type::kTimes, expiry || lease);
}

bool LoggedCache::must_evict(const Meta* incoming, std::uint32_t tenant) {
  if (cache_.tenants() == 1) return cache_.must_evict(incoming, tenant);
  begin(last_);
  in_.number(tenant);
  in_.byte(incoming != nullptr ? 1 : 0);
  if (incoming != nullptr) put_meta(*incoming);
  return end(Type::kMustEvict, cache_.must_evict(incoming, tenant));
}

std::size_t LoggedCache::reserve(TimePoint now, const eviction::Want& want, Victim* out,
                                 std::size_t capacity) {
  begin(now);
  in_.number(capacity);
  in_.number(want.max_scan);
  in_.byte(want.incoming != nullptr ? 1 : 0);
  if (want.incoming != nullptr) put_meta(*want.incoming);
  in_.number(want.enough);
  in_.byte(want.eligible != nullptr ? 1 : 0);
  struct Context {
    LoggedCache* self;
    const eviction::Eligible* host;
  } const context{this, want.eligible};
  const eviction::Eligible noting = [c = &context](const Victim& v) {
    const eviction::Verdict verdict = (*c->host)(v);
    c->self->in_.byte(static_cast<std::uint8_t>(1 + static_cast<int>(verdict)));
    put(c->self->in_, name_of(c->self->cache_, v));
    return verdict;
  };
  eviction::Want noted = want;
  if (want.eligible != nullptr) noted.eligible = &noting;
  const std::size_t found = cache_.reserve(now, noted, out, capacity);
  if (want.eligible != nullptr) in_.byte(0);
  put_victims(out_, cache_, out, found);
  end(Type::kReserve);
  return found;
}

bool LoggedCache::set_cost(Handle h, std::uint32_t cost) {
  if (!begin(last_, h)) return false;
  in_.number(cost);
  return end(Type::kCost, cache_.set_cost(h, cost));
}

void LoggedCache::commit(TimePoint now, const Handle* handles, std::size_t count) {
  for (; count > kMostHandles; handles += kMostHandles, count -= kMostHandles) {
    commit(now, handles, kMostHandles);
  }
  begin(now);
  put_handles(handles, count);
  cache_.commit(now, handles, count);
  out_.number(cache_.used());
  end(Type::kCommit);
}
void LoggedCache::abort(TimePoint now, const Handle* handles, std::size_t count) {
  for (; count > kMostHandles; count -= kMostHandles) {  // last first
    abort(now, handles + count - kMostHandles, kMostHandles);
  }
  begin(now);
  put_handles(handles, count);
  cache_.abort(now, handles, count);
  out_.number(cache_.used());
  end(Type::kAbort);
}

std::size_t LoggedCache::expire(TimePoint now, Victim* out, std::size_t capacity) {
  begin(now);
  in_.number(capacity);
  const std::size_t found = cache_.expire(now, out, capacity);
  put_victims(out_, cache_, out, found);
  end(Type::kExpire);
  return found;
}

Result<std::uint64_t> LoggedCache::resize(std::uint64_t capacity) {
  begin(last_);
  in_.number(capacity);
  Result<std::uint64_t> over = cache_.resize(capacity);
  out_.number(over ? *over : 0);
  (void)end(Type::kResize, over.ok());
  return over;
}

Status LoggedCache::set_params(const Params& params) {
  begin(last_);
  in_.number(params.size());
  for (const auto& [key, value] : params) {
    in_.text(key);
    in_.text(value);
  }
  Status status = cache_.set_params(params);
  (void)end(Type::kParams, status.ok());
  return status;
}

Status LoggedCache::set_quotas(const std::vector<eviction::Quota>& quotas) {
  begin(last_);
  in_.number(quotas.size());
  for (const eviction::Quota& q : quotas) {
    in_.number(q.min);
    in_.number(q.max);
    in_.number(q.weight);
  }
  Status status = cache_.set_quotas(quotas);
  (void)end(Type::kQuotas, status.ok());
  return status;
}

bool LoggedCache::request(TimePoint now, const Meta& meta) {
  const Handle h = find(meta.tenant, meta.id, meta.id_high);
  if (h && access(now, h, meta.next_access)) {
    Victim victim;
    while (must_evict(nullptr, meta.tenant) && reserve(now, {}, &victim, 1) == 1) {
      commit(now, &victim.handle, 1);
    }
    return true;
  }
  miss(now, meta);
  (void)admit(now, meta);
  return false;
}

}  // namespace fleetcache::log
