// Most blocks of a prefix cache are never asked for again (docs/policies/admission.md): what the
// best order of eviction cannot win, not storing them does. Objects are known by kind: class and
// depth. For each kind the rule counts how many came back within a window and how many did not, and
// refuses new objects of a kind whose share of returns is below a threshold. An object that comes
// back all the same is stored at its second request.
//
// It learns from a sample of the misses, stored or not, so that a refused kind that comes to life
// is seen; and from `outcome`, where a host tells it. A kind is innocent until `trials` of it have
// ended.
#include "policies/admission/registry.hpp"
#include "policies/admission/request_window.hpp"

namespace fleetcache::admission {
namespace {

constexpr std::string_view kNeverReusedParameters[] = {
    "reuse_min=0.1: least share of returns of a kind that is stored",
    "window=0: requests within which an object must return; 0: twice the objects of the tier",
    "trials=64: ended trials of a kind before it may be refused",
    "sample_every=16: one in so many keys is on trial",
    "memory=4096: the counts of a kind halve after this many",
    "second_request=1: 1 stores at the second request within a window whatever the kind, 0 does "
    "not"};

constexpr std::uint32_t kClasses = 64;  ///< the last takes all above
constexpr std::uint32_t kDepths = 32;   ///< two an octave
constexpr std::uint32_t kSlots = 4096;  ///< trials at once

/// 0, 1, 2, 3, 4-5, 6-7, 8-11, 12-15, ... : 31 at 49,152 and more.
std::uint32_t depth_step(std::uint32_t depth) {
  if (depth < 2) return depth;
  std::uint32_t octave = 0;
  while ((depth >> octave) > 1) ++octave;
  return 2 * octave + ((depth >> (octave - 1)) & 1);
}
std::uint32_t kind_of(const Request& request) {
  const std::uint32_t klass = request.klass < kClasses ? request.klass : kClasses - 1;
  return klass * kDepths + depth_step(request.depth);
}

/// A key on trial.
struct Trial {
  std::uint64_t until = 0;  ///< number of the request at which it has failed; 0: no trial
  std::uint32_t tag = 0;    ///< of its key
  std::uint32_t kind = 0;
};

struct NeverReused : Rule {
  static constexpr std::string_view kSource =
      "own; the gap to the optimum on KV traces is blocks never reused; dead-block prediction is "
      "Lai, Fide, Falsafi, ISCA 2001";
  static constexpr const std::string_view* kParameters = kNeverReusedParameters;
  static constexpr std::size_t kParameterCount = 6;
  static constexpr std::uint32_t kUses = kUsesHits | kUsesOutcome;

  struct State {
    WindowState recent;
    std::uint64_t requests = 0;
    std::uint64_t window = 0;
    std::uint64_t reuse_min_ppm = 0;
    std::uint64_t trials = 0;
    std::uint64_t sample_every = 0;
    std::uint64_t memory = 0;
    std::uint64_t second_request = 0;
    std::uint64_t sweep = 0;  ///< next slot to look at
  };
  struct Count {
    std::uint32_t reused = 0;
    std::uint32_t dead = 0;
  };

  static Status configure(State& s, const PolicyState& head, ParamReader& reader) {
    s.reuse_min_ppm = static_cast<std::uint64_t>(reader.number("reuse_min", 0.1, 0, 1) * 1e6 + 0.5);
    s.window = reader.integer("window", 0, 0, 1U << 28);
    s.trials = reader.integer("trials", 64, 1, 1U << 20);
    s.sample_every = reader.integer("sample_every", 16, 1, 1U << 20);
    s.memory = reader.integer("memory", 4096, 4, 1U << 30);
    s.second_request = reader.integer("second_request", 1, 0, 1);
    if (s.window == 0) s.window = 2 * std::uint64_t{entries_or_default(head)};
    if (s.memory / 2 < s.trials) {
      return Error{"never-reused parameter \"memory\"",
                   "is below 2 x trials: a halving would acquit a kind"};
    }
    s.recent.window = s.window;
    s.recent.shape = bloom_shape(s.window, 12);
    return Nothing{};
  }
  static std::uint64_t words(const State& s) {
    static_assert(sizeof(Count) == 8 && sizeof(Trial) == 16);
    return kClasses * kDepths + 2 * kSlots + (s.second_request != 0 ? filters(s) : 0);
  }
  static std::uint64_t filters(const State& s) { return RequestWindow::words(s.recent); }
  static Count& count(Block<State> b, std::uint32_t kind) {
    return reinterpret_cast<Count*>(b.words())[kind];
  }
  static Trial& trial(Block<State> b, std::uint64_t slot) {
    return reinterpret_cast<Trial*>(b.words() + kClasses * kDepths)[slot];
  }
  static RequestWindow recent(Block<State> b) {
    return {b.state().recent, b.words() + kClasses * kDepths + 2 * kSlots};
  }

  static void learn(Block<State> b, std::uint32_t kind, bool reused) {
    Count& c = count(b, kind);
    ++(reused ? c.reused : c.dead);
    if (std::uint64_t{c.reused} + c.dead < b.state().memory) return;
    c.reused /= 2;
    c.dead /= 2;
  }
  /// Ends a trial whose time is over.
  static void expire(Block<State> b, Trial& t) {
    if (t.until == 0 || t.until > b.state().requests) return;
    learn(b, t.kind, false);
    t = {};
  }
  static void seen(Block<State> b, TimePoint, const Request& request, bool hit) {
    State& s = b.state();
    ++s.requests;
    const std::uint64_t hash = b.hash(request.id);
    if (s.second_request != 0) recent(b).add(hash);
    expire(b, trial(b, s.sweep));
    s.sweep = (s.sweep + 1) % kSlots;
    const std::uint64_t lot = mix64(hash + 1);  // independent of the filters
    if (lot % s.sample_every != 0) return;
    Trial& t = trial(b, (lot >> 32) % kSlots);
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    expire(b, t);
    if (t.until != 0 && t.tag != tag) return;  // taken: this one is not tried
    if (t.until != 0) learn(b, t.kind, true);
    t = {};
    if (!hit) t = {s.requests + s.window, tag, kind_of(request)};
  }
  static void outcome(Block<State> b, TimePoint, const Request& request, bool reused) {
    learn(b, kind_of(request), reused);
  }

  static Decision decide(Block<State> b, TimePoint, const Request& request, const Load&) {
    const State& s = b.state();
    const Count& c = count(b, kind_of(request));
    const std::uint64_t ended = std::uint64_t{c.reused} + c.dead;
    if (ended < s.trials) return Decision::kAdmit;
    if (c.reused * std::uint64_t{1000000} >= ended * s.reuse_min_ppm) return Decision::kAdmit;
    const bool back = s.second_request != 0 && recent(b).seen_twice(b.hash(request.id));
    return back ? Decision::kAdmit : Decision::kReject;
  }
};

}  // namespace

constexpr AdmissionOps never_reused_ops = make_ops<NeverReused>();

}  // namespace fleetcache::admission
