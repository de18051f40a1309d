// fcp_shadow and fcp_curve.
#include "policies/eviction/shadow.hpp"

#include "policies/abi/cache.hpp"
#include "policies/abi/fcp_shadow.h"
#include "policies/eviction/shards.hpp"

struct fcp_shadow {
  fleetcache::eviction::Shadow shadow;
};
struct fcp_curve {
  fleetcache::eviction::Shards shards;
};

namespace fleetcache::abi {
namespace {

fcp_status create_shadow(const fcp_cache_config* in, fcp_shadow** out, const Message& message) {
  fcp_cache_config whole;
  Config config;
  const fcp_status status = read_config(in, whole, config, message);
  if (status != FCP_OK) return status;
  if (whole.policy == nullptr) return message.fail(FCP_E_INVALID, "policy: is NULL");
  Result<eviction::Shadow> made = eviction::Shadow::create(whole.policy, config);
  if (!made) return message.fail(made.error());
  *out = new fcp_shadow{std::move(*made)};
  return FCP_OK;
}

/// Tells a shadow of an object.
template <class Call>
fcp_status tell(fcp_shadow* shadow, const fcp_meta* in, const Call& call) {
  if (shadow == nullptr) return FCP_E_INVALID;
  Meta meta;
  const fcp_status status = from_c(in, meta);
  if (status == FCP_OK) call(shadow->shadow, meta);
  return status;
}

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;
using eviction::Meta;
using eviction::Shadow;

extern "C" {

fcp_status fcp_shadow_create(const fcp_cache_config* config, fcp_shadow** out, char* message,
                             size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (out == nullptr) return text.fail(FCP_E_INVALID, "out: is NULL");
  return abi::guarded(text, [&] { return abi::create_shadow(config, out, text); });
}

void fcp_shadow_destroy(fcp_shadow* shadow) noexcept { delete shadow; }

fcp_status fcp_shadow_hit(fcp_shadow* shadow, int64_t now_ns, const fcp_meta* meta) noexcept {
  return abi::tell(shadow, meta, [&](Shadow& s, const Meta& m) { s.hit({now_ns}, m); });
}

fcp_status fcp_shadow_miss(fcp_shadow* shadow, int64_t now_ns, const fcp_meta* meta) noexcept {
  return abi::tell(shadow, meta, [&](Shadow& s, const Meta& m) { s.miss({now_ns}, m); });
}

fcp_status fcp_shadow_insert(fcp_shadow* shadow, int64_t now_ns, const fcp_meta* meta) noexcept {
  return abi::tell(shadow, meta, [&](Shadow& s, const Meta& m) { s.insert({now_ns}, m); });
}

fcp_status fcp_shadow_erase(fcp_shadow* shadow, int64_t now_ns, uint64_t id,
                            uint64_t id_high) noexcept {
  if (shadow == nullptr) return FCP_E_INVALID;
  shadow->shadow.erase({now_ns}, id, id_high);
  return FCP_OK;
}

fcp_status fcp_shadow_get(const fcp_shadow* shadow, fcp_shadow_report* out) noexcept {
  if (shadow == nullptr || out == nullptr) return FCP_E_INVALID;
  const eviction::ShadowReport& r = shadow->shadow.report();
  const fcp_shadow_report report = {
      sizeof report,     0, r.requests, r.request_charge, r.hits, r.hit_charge, r.would_hits,
      r.would_hit_charge};
  return abi::write_struct(report, sizeof report, out) ? FCP_OK : FCP_E_VERSION;
}

fcp_status fcp_curve_create(uint32_t samples, uint64_t seed, fcp_curve** out, char* message,
                            size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (out == nullptr) return text.fail(FCP_E_INVALID, "out: is NULL");
  return abi::guarded(text, [&] {
    Result<eviction::Shards> made = eviction::Shards::create(samples, seed);
    if (!made) return text.fail(made.error());
    *out = new fcp_curve{std::move(*made)};
    return fcp_status{FCP_OK};
  });
}

void fcp_curve_destroy(fcp_curve* curve) noexcept { delete curve; }

void fcp_curve_request(fcp_curve* curve, uint64_t id, uint64_t charge) noexcept {
  if (curve != nullptr) curve->shards.request(id, charge);
}

double fcp_curve_miss_ratio(const fcp_curve* curve, uint64_t capacity) noexcept {
  return curve == nullptr ? 1 : curve->shards.miss_ratio(capacity);
}

}  // extern "C"
