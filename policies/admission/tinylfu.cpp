// The candidate against the victim it would displace: it is stored only if it was asked for more
// often lately. A tie is lost, so that a scan of new objects changes nothing. While there is free
// room everything is stored.
#include "policies/admission/registry.hpp"
#include "policies/base/sketch.hpp"

namespace fleetcache::admission {
namespace {

constexpr std::string_view kTinylfuParameters[] = {
    "sample_factor=10: counts halve after this many requests an object of the tier",
    "doorkeeper=1: 1 keeps the first request of a sample in a Bloom filter, 0 does not"};

struct Tinylfu : Rule {
  static constexpr std::string_view kSource =
      "Einziger, Friedman, Manes, ACM TOS 13(4), 2017; against the first victim only";
  static constexpr const std::string_view* kParameters = kTinylfuParameters;
  static constexpr std::size_t kParameterCount = 2;
  static constexpr std::uint32_t kUses = kUsesHits | kUsesVictim;

  struct State {
    FrequencyState frequency;
  };
  static Status configure(State& state, const PolicyState& head, ParamReader& reader) {
    const std::uint64_t entries = entries_or_default(head);
    state.frequency.sample = entries * reader.integer("sample_factor", 10, 1, 1000);
    state.frequency.blocks = CountMinSketch::blocks_for(entries);
    if (reader.integer("doorkeeper", 1, 0, 1) == 1) {
      state.frequency.doorkeeper = bloom_shape(state.frequency.sample, 8);
    }
    return Nothing{};
  }
  static std::uint64_t words(const State& state) { return Frequency::words(state.frequency); }

  static void seen(Block<State> b, TimePoint, const Request& request, bool) {
    Frequency(b.state().frequency, b.words()).count(b.hash(request.id));
  }
  static Decision decide(Block<State> b, TimePoint, const Request& request, const Load& load) {
    if (!load.would_evict) return Decision::kAdmit;
    const Frequency frequency(b.state().frequency, b.words());
    const bool wins =
        frequency.estimate(b.hash(request.id)) > frequency.estimate(b.hash(load.victim));
    return wins ? Decision::kAdmit : Decision::kReject;
  }
};

}  // namespace

constexpr AdmissionOps tinylfu_ops = make_ops<Tinylfu>();

}  // namespace fleetcache::admission
