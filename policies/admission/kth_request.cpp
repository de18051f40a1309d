// Objects asked for once are most of a long tail: store from the k-th request on. For k = 2 in
// Bloom filters as content networks do it, for larger k in count-min sketches, two generations of
// each. Both may count a stranger's requests as the object's own (admit early), neither forgets a
// request within the window.
#include "policies/admission/registry.hpp"
#include "policies/admission/request_window.hpp"

namespace fleetcache::admission {
namespace {

constexpr std::string_view kKthParameters[] = {
    "k=2: requests until it is stored, that one included",
    "window=0: requests that are remembered for sure; up to twice as many may be; 0: as many as "
    "the "
    "tier holds objects",
    "bits_per_id=12: of each Bloom filter (k=2); memory is half as many bytes a request of the "
    "window"};

struct KthRequest : Rule {
  static constexpr std::string_view kSource =
      "Maggs, Sitaraman, CCR 45(3), 2015; two generations instead of one filter that fills up";
  static constexpr const std::string_view* kParameters = kKthParameters;
  static constexpr std::size_t kParameterCount = 3;
  static constexpr std::uint32_t kUses = kUsesHits;

  struct State {
    WindowState window;
    std::uint64_t k = 0;
    std::uint64_t blocks = 0;  ///< of each sketch
  };
  static Status configure(State& state, const PolicyState& head, ParamReader& reader) {
    state.k = reader.integer("k", 2, 1, CountMinSketch::kMost);
    state.window.window = reader.integer("window", 0, 0, 1U << 28);
    const std::uint32_t bits = reader.integer("bits_per_id", 12, 2, 32);
    if (state.window.window == 0) state.window.window = entries_or_default(head);
    state.window.shape = bloom_shape(state.window.window, bits);
    state.blocks = CountMinSketch::blocks_for(state.window.window);
    return Nothing{};
  }
  static std::uint64_t words(const State& state) {
    if (state.k == 1) return 0;
    if (state.k == 2) return RequestWindow::words(state.window);
    return 2 * state.blocks * CountMinSketch::kWordsPerBlock;
  }

  static CountMinSketch sketch(Block<State> b, std::uint64_t generation) {
    const std::uint64_t blocks = b.state().blocks;
    return {b.words() + generation * blocks * CountMinSketch::kWordsPerBlock,
            static_cast<std::uint32_t>(blocks)};
  }
  static void seen(Block<State> b, TimePoint, const Request& request, bool) {
    State& state = b.state();
    const std::uint64_t hash = b.hash(request.id);
    if (state.k == 2) RequestWindow(state.window, b.words()).add(hash);
    if (state.k <= 2) return;
    sketch(b, state.window.current).increment(hash);
    if (++state.window.filled < state.window.window) return;
    state.window.filled = 0;
    state.window.current ^= 1;
    sketch(b, state.window.current).clear();
  }
  static Decision decide(Block<State> b, TimePoint, const Request& request, const Load&) {
    State& state = b.state();
    const std::uint64_t hash = b.hash(request.id);
    bool often = state.k == 1;
    if (state.k == 2) often = RequestWindow(state.window, b.words()).seen_twice(hash);
    if (state.k > 2) often = sketch(b, 0).estimate(hash) + sketch(b, 1).estimate(hash) >= state.k;
    return often ? Decision::kAdmit : Decision::kReject;
  }
};

}  // namespace

constexpr AdmissionOps kth_request_ops = make_ops<KthRequest>();

}  // namespace fleetcache::admission
