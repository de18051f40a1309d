// fcp_pooling.
#include "policies/pooling/pooling.hpp"

#include "policies/abi/abi.hpp"
#include "policies/abi/fcp_decide.h"

struct fcp_pooling {
  fleetcache::pooling::Config config;
};

namespace fleetcache::abi {
namespace {

/// What a caller says of links and origins, in the core's structs.
struct Ground {
  pooling::Link links[pooling::kMaxRegions * pooling::kMaxRegions];
  pooling::Origin origins[pooling::kMaxRegions];
  std::uint32_t heat[pooling::kMaxRegions] = {};
};

pooling::Link from_c(const fcp_link& l) { return {l.rtt_us, l.bytes_per_us, l.nanousd_per_gib}; }

void read_ground(const fcp_pooling_view& in, Ground& out) {
  for (std::uint32_t k = 0; k < in.regions * in.regions; ++k) out.links[k] = from_c(in.links[k]);
  for (std::uint32_t r = 0; r < in.regions; ++r) {
    out.origins[r] = {from_c(in.origins[r].link), in.origins[r].nanousd_per_request};
    if (in.heat != nullptr) out.heat[r] = in.heat[r];
  }
}
static_assert(FCP_MAX_REGIONS == pooling::kMaxRegions && FCP_MAX_STEPS == pooling::kMaxSteps &&
              static_cast<int>(pooling::Act::kGetLocal) == FCP_GET_LOCAL &&
              static_cast<int>(pooling::Act::kGetRegion) == FCP_GET_REGION &&
              static_cast<int>(pooling::Act::kGetThrough) == FCP_GET_THROUGH &&
              static_cast<int>(pooling::Act::kGetOrigin) == FCP_GET_ORIGIN &&
              static_cast<int>(pooling::Act::kFillLocal) == FCP_FILL_LOCAL &&
              static_cast<int>(pooling::Act::kPush) == FCP_PUSH &&
              static_cast<int>(pooling::Act::kDrop) == FCP_DROP);

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;

extern "C" {

fcp_status fcp_pooling_create(const char* mode, const fcp_param* params, uint32_t param_count,
                              fcp_pooling** out, char* message, size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (mode == nullptr || out == nullptr) return text.fail(FCP_E_INVALID, "a NULL");
  return abi::guarded(text, [&] {
    Params wanted;
    if (!abi::read_params(params, param_count, wanted)) {
      return text.fail(FCP_E_INVALID, "params: has a NULL in it");
    }
    const Result<pooling::Config> config = pooling::configure(mode, wanted);
    if (!config) return text.fail(config.error());
    *out = new fcp_pooling{*config};
    return fcp_status{FCP_OK};
  });
}

void fcp_pooling_destroy(fcp_pooling* pooling) noexcept { delete pooling; }

fcp_status fcp_pooling_plan(const fcp_pooling* pooling, const fcp_pooling_view* view,
                            fcp_pooling_step* steps, uint32_t* count) noexcept {
  if (pooling == nullptr || view == nullptr || steps == nullptr || count == nullptr) {
    return FCP_E_INVALID;
  }
  fcp_pooling_view in = {};
  if (!abi::read_struct(view, sizeof in, in)) return FCP_E_VERSION;
  if (in.regions == 0 || in.regions > FCP_MAX_REGIONS || in.self >= in.regions ||
      in.home >= in.regions || in.links == nullptr || in.origins == nullptr) {
    return FCP_E_INVALID;
  }
  abi::Ground ground;
  abi::read_ground(in, ground);
  pooling::View inside;
  inside.regions = in.regions;
  inside.self = in.self;
  inside.home = in.home;
  inside.links = ground.links;
  inside.origins = ground.origins;
  inside.have = in.have;
  inside.have_age = Duration(in.have_age_ns);
  inside.hold_nanousd_per_gib_month = in.hold_nanousd_per_gib_month;
  pooling::Plan plan;
  pooling::plan(pooling->config, inside, {in.bytes, ground.heat, in.reads_per_month_ppm}, plan);
  for (std::uint32_t k = 0; k < plan.count; ++k) {
    const pooling::Step& step = plan.steps[k];
    steps[k] = {static_cast<std::int32_t>(step.act), step.region, step.timeout_us, step.hedge_us};
  }
  *count = plan.count;
  return FCP_OK;
}

}  // extern "C"
