// fcp_pacer.
#include "policies/pacing/pacing.hpp"

#include "policies/abi/abi.hpp"
#include "policies/abi/fcp_decide.h"

struct fcp_pacer {
  fleetcache::pacing::Config config;
};

namespace fleetcache::abi {
namespace {

pacing::State from_c(const fcp_pacing_state& s) {
  return {{s.now_ns}, {s.space_due_ns}, {s.time_due_ns}, {s.mark_ns}, s.rounds, s.latched != 0};
}
fcp_pacing_state to_c(const pacing::State& s) {
  return {s.now.ns, s.space_due.ns, s.time_due.ns, s.mark.ns, s.rounds, s.latched ? 1U : 0U};
}
fcp_pacing_order to_c(const pacing::Step& s) {
  return {sizeof(fcp_pacing_order),
          static_cast<std::int32_t>(s.verdict),
          static_cast<std::int32_t>(s.reason),
          s.round,
          s.bytes,
          s.entries,
          s.least_bytes,
          s.least_entries,
          s.max_entries,
          s.max_scan,
          s.idle_before.ns,
          s.next_due.ns};
}
static_assert(static_cast<int>(pacing::Verdict::kIdle) == FCP_PACE_IDLE &&
              static_cast<int>(pacing::Verdict::kEvict) == FCP_PACE_EVICT &&
              static_cast<int>(pacing::Verdict::kGaveUp) == FCP_PACE_GAVE_UP &&
              static_cast<int>(pacing::Verdict::kTimeWentBack) == FCP_PACE_TIME_WENT_BACK &&
              static_cast<int>(pacing::Reason::kSpace) == FCP_PACE_SPACE &&
              static_cast<int>(pacing::Reason::kIdleTooLong) == FCP_PACE_IDLE_TOO_LONG &&
              FCP_UNBOUNDED == pacing::kUnbounded);

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;

extern "C" {

fcp_status fcp_pacer_create(const char* name, const fcp_param* params, uint32_t param_count,
                            fcp_pacer** out, char* message, size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (name == nullptr || out == nullptr) return text.fail(FCP_E_INVALID, "a NULL");
  return abi::guarded(text, [&] {
    Params wanted;
    if (!abi::read_params(params, param_count, wanted)) {
      return text.fail(FCP_E_INVALID, "params: has a NULL in it");
    }
    const Result<pacing::Config> config = pacing::configure(name, wanted);
    if (!config) return text.fail(config.error());
    *out = new fcp_pacer{*config};
    return fcp_status{FCP_OK};
  });
}

void fcp_pacer_destroy(fcp_pacer* pacer) noexcept { delete pacer; }

fcp_status fcp_pacer_start(const fcp_pacer* pacer, int64_t now_ns, fcp_pacing_state* out) noexcept {
  if (pacer == nullptr || out == nullptr) return FCP_E_INVALID;
  *out = abi::to_c(pacing::start(pacer->config, {now_ns}));
  return FCP_OK;
}

fcp_status fcp_pacer_step(const fcp_pacer* pacer, fcp_pacing_state* state, int64_t now_ns,
                          const fcp_pacing_load* load, fcp_pacing_order* out) noexcept {
  if (pacer == nullptr || state == nullptr || load == nullptr || out == nullptr) {
    return FCP_E_INVALID;
  }
  fcp_pacing_load whole = {};
  if (!abi::read_struct(load, sizeof whole, whole)) return FCP_E_VERSION;
  if (out->struct_size < sizeof(fcp_pacing_order)) return FCP_E_VERSION;
  if (whole.capacity == 0) return FCP_E_INVALID;
  pacing::State inside = abi::from_c(*state);
  const pacing::Step step = pacing::step(pacer->config, inside, {now_ns},
                                         {whole.used, whole.capacity, whole.entries, whole.need});
  *state = abi::to_c(inside);
  return abi::write_struct(abi::to_c(step), sizeof(fcp_pacing_order), out) ? FCP_OK : FCP_E_VERSION;
}

}  // extern "C"
