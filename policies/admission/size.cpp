#include "policies/admission/registry.hpp"

namespace fleetcache::admission {
namespace {

constexpr std::string_view kSizeParameters[] = {"max_bytes=0: largest size to store; 0: no bound",
                                                "min_bytes=0: smallest size to store"};
constexpr double kMostBytes = 281474976710656;  // 2^48

struct Size : Rule {
  static constexpr std::string_view kSource = "folklore; libCacheSim has it as `size`";
  static constexpr const std::string_view* kParameters = kSizeParameters;
  static constexpr std::size_t kParameterCount = 2;

  struct State {
    std::uint64_t max_bytes = 0;
    std::uint64_t min_bytes = 0;
  };
  static Status configure(State& state, const PolicyState&, ParamReader& reader) {
    state.max_bytes = static_cast<std::uint64_t>(reader.number("max_bytes", 0, 0, kMostBytes));
    state.min_bytes = static_cast<std::uint64_t>(reader.number("min_bytes", 0, 0, kMostBytes));
    if (state.max_bytes != 0 && state.max_bytes < state.min_bytes) {
      return Error{"size parameter \"max_bytes\"", "is below min_bytes: nothing would be stored"};
    }
    return Nothing{};
  }
  static Decision decide(Block<State> b, TimePoint, const Request& request, const Load&) {
    const State& state = b.state();
    const bool large = state.max_bytes != 0 && request.charge > state.max_bytes;
    return large || request.charge < state.min_bytes ? Decision::kBypass : Decision::kAdmit;
  }
};

}  // namespace

constexpr AdmissionOps size_ops = make_ops<Size>();

}  // namespace fleetcache::admission
