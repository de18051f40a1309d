// Creation, memory and snapshots of fcp_cache.
#include "policies/abi/cache.hpp"
#include "policies/abi/registry.hpp"

namespace fleetcache::abi {

fcp_status read_config(const fcp_cache_config* in, fcp_cache_config& whole, Config& config,
                       const Message& message) {
  if (in == nullptr) return message.fail(FCP_E_INVALID, "config: is NULL");
  whole = {};
  if (!read_struct(in, sizeof whole, whole)) {
    return message.fail(FCP_E_VERSION, "config: has a size that this library does not know");
  }
  config.capacity = whole.capacity;
  config.max_entries = whole.max_entries;
  config.unit_charge = whole.unit_charge != 0;
  config.seed = whole.seed;
  config.features = whole.features;
  config.max_capacity = whole.max_capacity;
  if (!read_params(whole.params, whole.param_count, config.params)) {
    return message.fail(FCP_E_INVALID, "params: has a NULL in it");
  }
  config.external = find_external(whole.registry, whole.policy);
  return FCP_OK;
}

namespace {

bool has_tenants(const fcp_cache_config& config) { return config.tenants > 1; }

fcp_status check_allocator(const fcp_cache_config& config, const Message& message) {
  Memory memory;
  if (memory.use(config.allocator)) return FCP_OK;
  return message.fail(FCP_E_INVALID, "allocator: lacks a function, or has another size");
}

fcp_status check(const fcp_cache_config& config, const Message& message) {
  if (config.policy == nullptr) return message.fail(FCP_E_INVALID, "policy: is NULL");
  if (has_tenants(config) && (config.allocator != nullptr || config.memory != nullptr)) {
    return message.fail(FCP_E_UNSUPPORTED,
                        "memory: a cache with several tenants takes its own from the heap");
  }
  return check_allocator(config, message);
}

/// A new, empty fcp_cache; null without memory. Requires: check_allocator.
fcp_cache* make_object(const fcp_allocator* allocator) {
  Memory memory;
  (void)memory.use(allocator);
  void* place = memory.get(sizeof(fcp_cache), alignof(fcp_cache));
  if (place == nullptr) return nullptr;
  auto* cache = new (place) fcp_cache();
  cache->memory = memory;
  return cache;
}

void destroy(fcp_cache* cache) {
  if (cache == nullptr) return;
  const Memory memory = cache->memory;
  void* const state = cache->state;
  const std::size_t bytes = cache->state_bytes;
  cache->~fcp_cache();
  memory.put(state, bytes);
  memory.put(cache, sizeof(fcp_cache));
}

/// Destroys what a failed creation has made so far.
class Guard {
 public:
  explicit Guard(fcp_cache* cache) : cache_(cache) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { destroy(cache_); }
  fcp_cache* operator->() const { return cache_; }
  explicit operator bool() const { return cache_ != nullptr; }
  fcp_cache* release() { return std::exchange(cache_, nullptr); }

 private:
  fcp_cache* cache_;
};

fcp_status no_memory(const Message& message) {
  return message.fail(FCP_E_NO_MEMORY, "no memory for the cache");
}

/// The state in the host's memory, in the allocator's, or on the heap.
Result<Cache> make_state(const fcp_cache_config& in, const Config& config, fcp_cache& cache) {
  if (in.memory != nullptr) {
    return Cache::create_in(in.memory, static_cast<std::size_t>(in.memory_bytes), in.policy,
                            config);
  }
  if (cache.memory.is_heap()) return Cache::create(in.policy, config);
  const Result<std::size_t> bytes = Cache::memory_bytes(in.policy, config);
  if (!bytes) return bytes.error();
  cache.state = cache.memory.get(*bytes, alignof(std::max_align_t));
  if (cache.state == nullptr) throw std::bad_alloc();
  cache.state_bytes = *bytes;
  return Cache::create_in(cache.state, *bytes, in.policy, config);
}

/// A heap that refused the state is the one failure of creation that is not the caller's fault.
fcp_status creation_failed(const Message& message, const Error& error) {
  return message.fail(error, error.where == "cache" ? FCP_E_NO_MEMORY : FCP_E_INVALID);
}

fcp_status create(const fcp_cache_config* in, fcp_cache** out, const Message& message) {
  fcp_cache_config whole;
  Config config;
  fcp_status status = read_config(in, whole, config, message);
  if (status == FCP_OK) status = check(whole, message);
  if (status != FCP_OK) return status;
  Guard cache(make_object(whole.allocator));
  if (!cache) return no_memory(message);
  cache->features = config.features;
  if (has_tenants(whole)) {
    Result<TenantCache> made = TenantCache::create(whole.policy, config, whole.tenants);
    if (!made) return creation_failed(message, made.error());
    cache->many = std::move(*made);
    cache->tenants = whole.tenants;
  } else {
    Result<Cache> made = make_state(whole, config, *cache.operator->());
    if (!made) return creation_failed(message, made.error());
    cache->one = std::move(*made);
  }
  *out = cache.release();
  return FCP_OK;
}

fcp_status bytes_of(const fcp_cache_config* in, std::uint64_t* bytes, const Message& message) {
  fcp_cache_config whole;
  Config config;
  fcp_status status = read_config(in, whole, config, message);
  if (status == FCP_OK) status = check(whole, message);
  if (status != FCP_OK) return status;
  const Result<std::size_t> needed =
      has_tenants(whole) ? TenantCache::memory_bytes(whole.policy, config, whole.tenants)
                         : Cache::memory_bytes(whole.policy, config);
  if (!needed) return message.fail(needed.error());
  *bytes = *needed;
  return FCP_OK;
}

fcp_status attach(const fcp_cache_config* in, fcp_cache** out, const Message& message) {
  fcp_cache_config whole;
  Config config;
  fcp_status status = read_config(in, whole, config, message);
  if (status == FCP_OK) status = check_allocator(whole, message);
  if (status != FCP_OK) return status;
  Guard cache(make_object(whole.allocator));
  if (!cache) return no_memory(message);
  Result<Cache> found =
      Cache::attach(whole.memory, static_cast<std::size_t>(whole.memory_bytes), config.external);
  if (!found) return message.fail(found.error(), FCP_E_CORRUPT);
  cache->features = found->features();
  cache->one = std::move(*found);
  *out = cache.release();
  return FCP_OK;
}

fcp_status restore(const fcp_cache_config* in, fcp_read read, void* context, fcp_cache** out,
                   const Message& message) {
  fcp_cache_config whole = {};
  Config config;
  if (in != nullptr) {
    const fcp_status status = read_config(in, whole, config, message);
    if (status != FCP_OK) return status;
  }
  const eviction::Reader reader = [read, context](void* bytes, std::size_t count) {
    return read(context, bytes, count) == 0;
  };
  Guard cache(make_object(nullptr));
  if (!cache) return no_memory(message);
  if (has_tenants(whole)) {
    Result<TenantCache> made = TenantCache::restore(reader, config.external);
    if (!made) return message.fail(made.error(), FCP_E_CORRUPT);
    cache->tenants = made->tenants();
    cache->features = made->features();
    cache->many = std::move(*made);
  } else {
    Result<Cache> made = Cache::restore(reader, config.external);
    if (!made) return message.fail(made.error(), FCP_E_CORRUPT);
    cache->features = made->features();
    cache->one = std::move(*made);
  }
  *out = cache.release();
  return FCP_OK;
}

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;

extern "C" {

fcp_status fcp_cache_bytes(const fcp_cache_config* config, uint64_t* bytes, char* message,
                           size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (bytes == nullptr) return text.fail(FCP_E_INVALID, "bytes: is NULL");
  return abi::guarded(text, [&] { return abi::bytes_of(config, bytes, text); });
}

fcp_status fcp_cache_create(const fcp_cache_config* config, fcp_cache** out, char* message,
                            size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (out == nullptr) return text.fail(FCP_E_INVALID, "out: is NULL");
  return abi::guarded(text, [&] { return abi::create(config, out, text); });
}

fcp_status fcp_cache_attach(const fcp_cache_config* config, fcp_cache** out, char* message,
                            size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (out == nullptr) return text.fail(FCP_E_INVALID, "out: is NULL");
  return abi::guarded(text, [&] { return abi::attach(config, out, text); });
}

void fcp_cache_destroy(fcp_cache* cache) noexcept { abi::destroy(cache); }

fcp_status fcp_save(const fcp_cache* cache, fcp_write write, void* context) noexcept {
  if (cache == nullptr || write == nullptr) return FCP_E_INVALID;
  return abi::guarded(abi::Message(nullptr, 0), [&] {
    const eviction::Writer writer = [write, context](const void* bytes, std::size_t count) {
      return write(context, bytes, count) == 0;
    };
    return abi::with(cache, [&](const auto& c) { return c.save(writer); }) ? FCP_OK : FCP_E_IO;
  });
}

fcp_status fcp_restore(const fcp_cache_config* config, fcp_read read, void* context,
                       fcp_cache** out, char* message, size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (out == nullptr || read == nullptr) return text.fail(FCP_E_INVALID, "read or out: is NULL");
  return abi::guarded(text, [&] { return abi::restore(config, read, context, out, text); });
}

}  // extern "C"
