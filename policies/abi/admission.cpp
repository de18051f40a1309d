// fcp_admission.
#include "policies/admission/admission.hpp"

#include "policies/abi/abi.hpp"
#include "policies/abi/fcp_decide.h"

struct fcp_admission {
  fleetcache::admission::Policy policy;
};

namespace fleetcache::abi {
namespace {

fcp_status from_c(const fcp_admission_request* in, admission::Request& out) {
  if (in == nullptr) return FCP_E_INVALID;
  fcp_admission_request r = {};
  if (!read_struct(in, sizeof r, r)) return FCP_E_VERSION;
  if (r.op > FCP_OP_DEMOTE) return FCP_E_INVALID;
  out = {r.id, r.charge, r.cost, r.tenant, r.klass, r.depth, static_cast<admission::Op>(r.op)};
  return FCP_OK;
}

fcp_status from_c(const fcp_admission_load* in, admission::Load& out) {
  if (in == nullptr) return FCP_OK;
  fcp_admission_load l = {};
  if (!read_struct(in, sizeof l, l)) return FCP_E_VERSION;
  out = {l.device_written, l.write_budget, l.queue_depth, l.free_ppm, l.would_evict != 0, l.victim};
  return FCP_OK;
}
static_assert(static_cast<int>(admission::Op::kDemote) == FCP_OP_DEMOTE &&
              static_cast<int>(admission::Op::kPrefetch) == FCP_OP_PREFETCH &&
              static_cast<int>(admission::Decision::kAdmit) == FCP_ADMIT &&
              static_cast<int>(admission::Decision::kReject) == FCP_REJECT &&
              static_cast<int>(admission::Decision::kBypass) == FCP_BYPASS &&
              static_cast<int>(admission::Decision::kDefer) == FCP_DEFER);

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;

extern "C" {

fcp_status fcp_admission_create(const char* name, const fcp_param* params, uint32_t param_count,
                                uint32_t entries, uint64_t seed, fcp_admission** out, char* message,
                                size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (name == nullptr || out == nullptr) return text.fail(FCP_E_INVALID, "a NULL");
  return abi::guarded(text, [&] {
    admission::Config config;
    config.seed = seed;
    config.entries = entries;
    if (!abi::read_params(params, param_count, config.params)) {
      return text.fail(FCP_E_INVALID, "params: has a NULL in it");
    }
    Result<admission::Policy> made = admission::Policy::create(name, config);
    if (!made) return text.fail(made.error());
    *out = new fcp_admission{std::move(*made)};
    return fcp_status{FCP_OK};
  });
}

void fcp_admission_destroy(fcp_admission* admission) noexcept { delete admission; }

fcp_status fcp_admission_seen(fcp_admission* admission, int64_t now_ns,
                              const fcp_admission_request* request, int hit) noexcept {
  if (admission == nullptr) return FCP_E_INVALID;
  admission::Request r;
  const fcp_status status = abi::from_c(request, r);
  if (status == FCP_OK) admission->policy.seen({now_ns}, r, hit != 0);
  return status;
}

int32_t fcp_admission_decide(fcp_admission* admission, int64_t now_ns,
                             const fcp_admission_request* request,
                             const fcp_admission_load* load) noexcept {
  if (admission == nullptr) return FCP_E_INVALID;
  admission::Request r;
  admission::Load l;
  fcp_status status = abi::from_c(request, r);
  if (status == FCP_OK) status = abi::from_c(load, l);
  if (status != FCP_OK) return status;
  return static_cast<int32_t>(admission->policy.decide({now_ns}, r, l));
}

fcp_status fcp_admission_outcome(fcp_admission* admission, int64_t now_ns,
                                 const fcp_admission_request* request, int reused) noexcept {
  if (admission == nullptr) return FCP_E_INVALID;
  admission::Request r;
  const fcp_status status = abi::from_c(request, r);
  if (status == FCP_OK) admission->policy.outcome({now_ns}, r, reused != 0);
  return status;
}

uint64_t fcp_admission_state_hash(const fcp_admission* admission) noexcept {
  return admission == nullptr ? 0 : admission->policy.state_hash();
}

}  // extern "C"
