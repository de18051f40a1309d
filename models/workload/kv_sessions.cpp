#include "models/workload/kv_sessions.hpp"

#include <algorithm>
#include <cmath>

#include "models/workload/arrivals.hpp"
#include "models/workload/zipf.hpp"
#include "policies/base/hash.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::models {
namespace {

constexpr double kLengthSigma = 1.0;

/// Log-normal with the given mean, at least one token.
std::uint32_t length(Rng& rng, double mean) {
  const double median = mean * 0.60653065971263342;  // e^(-sigma^2/2)
  return static_cast<std::uint32_t>(
      std::max(1.0, std::min(rng.lognormal(median, kLengthSigma), 1e6)));
}

struct Session {
  std::uint64_t number = 0;
  std::uint64_t prefix = 0;
  std::uint32_t shared_blocks = 0;
};

std::vector<std::uint64_t> blocks_of(const Session& session, std::uint32_t tokens,
                                     std::uint32_t block_tokens) {
  const std::uint32_t count = (tokens + block_tokens - 1) / block_tokens;
  std::vector<std::uint64_t> ids(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool shared = i < session.shared_blocks;
    const std::uint64_t tree = shared ? mix64(session.prefix + 1) : mix64(~session.number);
    ids[i] = mix64(tree + i);
  }
  return ids;
}

void add_turns(std::vector<KvSessionRequest>& out, const KvSessionSpec& spec, Rng& rng,
               const Session& session, TimePoint at, TimePoint horizon) {
  std::uint32_t context = 0;
  for (bool more = true; more;) {
    const double share = context == 0 ? 1.0 : 1.0 / spec.turns;
    KvSessionRequest request;
    request.at = at;
    request.input_tokens = context + length(rng, share * spec.prompt_tokens);
    request.output_tokens = length(rng, spec.output_tokens);
    Session turn = session;
    const auto shared_tokens =
        static_cast<std::uint32_t>(spec.shared_fraction * spec.prompt_tokens);
    turn.shared_blocks = std::min(request.input_tokens, shared_tokens) / spec.block_tokens;
    request.blocks = blocks_of(turn, request.input_tokens, spec.block_tokens);
    context = request.input_tokens + request.output_tokens;
    out.push_back(std::move(request));
    more = spec.turns > 1 && rng.uniform() < 1.0 - 1.0 / spec.turns;
    at = at + from_seconds(to_seconds(spec.think) * rng.exponential());
    if (at >= horizon) break;
  }
}

}  // namespace

std::vector<KvSessionRequest> kv_sessions(const KvSessionSpec& spec, std::uint64_t seed,
                                          Duration horizon) {
  const TimePoint end{horizon.count};
  const ArrivalProcess starts(PerSecond(spec.rate.count / std::max(1.0, spec.turns)), spec.cv);
  const ZipfSampler popularity(std::max(1U, spec.prefixes), spec.prefix_zipf);
  Rng gaps(seed, "kv_sessions/starts");
  std::vector<KvSessionRequest> requests;
  TimePoint at = TimePoint{} + starts.next_gap(gaps);
  for (std::uint64_t number = 0; at < end; ++number) {
    Rng rng(seed, "kv_sessions/session", number);
    Session session;
    session.number = number;
    session.prefix = popularity.sample(rng);
    add_turns(requests, spec, rng, session, at, end);
    at = at + starts.next_gap(gaps);
  }
  // Stable: equal times keep the order of (session, turn).
  std::stable_sort(
      requests.begin(), requests.end(),
      [](const KvSessionRequest& a, const KvSessionRequest& b) { return a.at < b.at; });
  return requests;
}

}  // namespace fleetcache::models
