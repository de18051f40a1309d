// Source: Corbato, MIT project MAC 1968 (one bit); k bits as FIFO-reinsertion with a counter.
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::string_view kClockParameters[] = {
    "bits=1 [1..8]: counter bits; an entry survives at most 2^bits - 1 passes without a hit"};

struct Clock : OneListPolicy {
  static constexpr std::string_view kSource = "Corbato 1968; as FIFO with reinsertion";
  static constexpr const std::string_view* kParameters = kClockParameters;
  static constexpr std::size_t kParameterCount = 1;

  struct Tuning {
    std::uint32_t bits = 1;
  };
  struct State : OneListPolicy::State {
    Tuning tuning;
    std::uint32_t top = 1;
  };

  static void tune(Tuning& tuning, ParamReader& reader) {
    tuning.bits = reader.integer("bits", tuning.bits, 1, 8);
  }
  static Shape configure(State& state, const CacheState&, ParamReader& reader) {
    tune(state.tuning, reader);
    state.top = (1U << state.tuning.bits) - 1;
    return {};
  }
  static void resize(Arena a) {
    State& state = a.state<State>();
    state.top = (1U << state.tuning.bits) - 1;
  }
  static void access(Arena a, std::uint32_t i, std::int64_t) {
    std::uint8_t& freq = a.slot(i).freq;
    if (freq < a.state<State>().top) ++freq;
  }
  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor& cursor) {
    return pick_second_chance(a, a.state<State>().queue, search, cursor);
  }
};

}  // namespace

constexpr EvictionOps clock_ops = make_ops<Clock>();

}  // namespace fleetcache::eviction
