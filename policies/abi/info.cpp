// What the library is: version, capabilities, names.
#include "policies/abi/abi.hpp"
#include "policies/admission/admission.hpp"
#include "policies/eviction/eviction.hpp"
#include "policies/pacing/pacing.hpp"
#include "policies/placement/placement.hpp"
#include "policies/pooling/pooling.hpp"

namespace fleetcache::abi {
namespace {

constexpr const char* kStatusNames[] = {"FCP_OK",        "FCP_E_INVALID",     "FCP_E_NO_MEMORY",
                                        "FCP_E_FULL",    "FCP_E_NOT_FOUND",   "FCP_E_EXISTS",
                                        "FCP_E_BUSY",    "FCP_E_REFUSED",     "FCP_E_VERSION",
                                        "FCP_E_CORRUPT", "FCP_E_UNSUPPORTED", "FCP_E_STALE",
                                        "FCP_E_IO",      "FCP_E_SELF_TEST",   "FCP_E_INTERNAL"};

/// The texts of a registry are string literals, so they end in a zero byte.
template <class Infos>
fcp_status info_at(const Infos& infos, std::uint32_t position, std::uint32_t version,
                   fcp_policy_info* out) {
  if (position >= infos.size()) return FCP_E_NOT_FOUND;
  const auto& info = infos[position];
  const fcp_policy_info found = {sizeof(fcp_policy_info), version, info.name.data(),
                                 info.summary.data(), info.source.data()};
  return write_struct(found, sizeof(fcp_policy_info), out) ? FCP_OK : FCP_E_VERSION;
}

fcp_status policy_at(std::int32_t family, std::uint32_t position, fcp_policy_info* out) {
  switch (family) {
    case FCP_EVICTION: {
      const auto& all = eviction::policies();
      return info_at(all, position, position < all.size() ? all[position].version : 0, out);
    }
    case FCP_PACING:
      return info_at(pacing::policies(), position, 1, out);
    case FCP_ADMISSION:
      return info_at(admission::policies(), position, 1, out);
    case FCP_PLACEMENT:
      return info_at(placement::policies(), position, 1, out);
    case FCP_POOLING:
      return info_at(pooling::policies(), position, 1, out);
    default:
      return FCP_E_INVALID;
  }
}

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;

extern "C" {

uint32_t fcp_version(void) noexcept { return (FCP_VERSION_MAJOR << 16U) | FCP_VERSION_MINOR; }

uint32_t fcp_capabilities(void) noexcept {
  return FCP_CAN_EVICT | FCP_CAN_TENANTS | FCP_CAN_SHADOW | FCP_CAN_CURVE | FCP_CAN_PLUGINS |
         FCP_CAN_PACE | FCP_CAN_ADMIT | FCP_CAN_PLACE | FCP_CAN_POOL;
}

const char* fcp_status_name(fcp_status status) noexcept {
  const std::size_t count = sizeof abi::kStatusNames / sizeof *abi::kStatusNames;
  const auto place = static_cast<std::size_t>(-static_cast<std::int64_t>(status));
  return status <= 0 && place < count ? abi::kStatusNames[place] : "unknown";
}

fcp_status fcp_policy_at(int32_t family, uint32_t position, fcp_policy_info* out) noexcept {
  if (out == nullptr) return FCP_E_INVALID;
  return abi::guarded(abi::Message(nullptr, 0),
                      [&] { return abi::policy_at(family, position, out); });
}

}  // extern "C"
