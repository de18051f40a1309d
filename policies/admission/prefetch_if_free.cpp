// A prefetch is a guess: it may use what would lie idle, and displaces nothing that somebody asked
// for. Everything else is stored.
#include "policies/admission/registry.hpp"

namespace fleetcache::admission {
namespace {

constexpr std::string_view kPrefetchParameters[] = {
    "free_min=0.05: share of the tier that must be free",
    "queue_max=8: most writes under way or waiting at the device"};

struct PrefetchIfFree : Rule {
  static constexpr std::string_view kSource = "own; the usual rule of storage read-ahead";
  static constexpr const std::string_view* kParameters = kPrefetchParameters;
  static constexpr std::size_t kParameterCount = 2;
  static constexpr std::uint32_t kUses = kUsesVictim | kUsesFree;

  struct State {
    std::uint64_t free_min_ppm = 0;
    std::uint64_t queue_max = 0;
  };
  static Status configure(State& state, const PolicyState&, ParamReader& reader) {
    state.free_min_ppm =
        static_cast<std::uint64_t>(reader.number("free_min", 0.05, 0, 1) * 1e6 + 0.5);
    state.queue_max = reader.integer("queue_max", 8, 0, 1000000);
    return Nothing{};
  }
  static Decision decide(Block<State> b, TimePoint, const Request& request, const Load& load) {
    if (request.op != Op::kPrefetch) return Decision::kAdmit;
    const State& state = b.state();
    const bool is_free = !load.would_evict && load.free_ppm >= state.free_min_ppm &&
                         load.queue_depth <= state.queue_max;
    return is_free ? Decision::kAdmit : Decision::kDefer;
  }
};

}  // namespace

constexpr AdmissionOps prefetch_if_free_ops = make_ops<PrefetchIfFree>();

}  // namespace fleetcache::admission
