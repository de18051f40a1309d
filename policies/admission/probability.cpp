// By the key's hash a fixed share of the keys is stored and the rest never: a pure function of key
// and seed, the same on every replica. Drawn, every miss has the same odds, so that a key asked for
// often comes in sooner or later.
#include "policies/admission/registry.hpp"

namespace fleetcache::admission {
namespace {

constexpr std::string_view kProbabilityParameters[] = {
    "p=0.5: share to store", "drawn=0: 0 by the hash of the key, 1 by a draw a decision"};

struct Probability : Rule {
  static constexpr std::string_view kSource = "folklore; CacheLib's RejectRandom";
  static constexpr const std::string_view* kParameters = kProbabilityParameters;
  static constexpr std::size_t kParameterCount = 2;

  struct State {
    std::uint64_t odds = 0;  ///< in 2^-32
    std::uint64_t drawn = 0;
  };
  static Status configure(State& state, const PolicyState&, ParamReader& reader) {
    state.odds = static_cast<std::uint64_t>(reader.number("p", 0.5, 0, 1) * 4294967296.0 + 0.5);
    state.drawn = reader.integer("drawn", 0, 0, 1);
    return Nothing{};
  }
  static Decision decide(Block<State> b, TimePoint, const Request& request, const Load&) {
    const State& state = b.state();
    const std::uint64_t bits = state.drawn != 0 ? b.draw() : b.hash(request.id);
    if ((bits >> 32) < state.odds) return Decision::kAdmit;
    return state.drawn != 0 ? Decision::kReject : Decision::kBypass;
  }
  static std::uint32_t odds_ppm(Block<State> b, std::uint64_t) {
    return static_cast<std::uint32_t>((b.state().odds * 1000000 + (1U << 31)) >> 32);
  }
};

}  // namespace

constexpr AdmissionOps probability_ops = make_ops<Probability>();

}  // namespace fleetcache::admission
