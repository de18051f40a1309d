#include "models/workload/kv_sessions.hpp"

#include <algorithm>
#include <utility>

#include "policies/base/hash.hpp"

namespace fleetcache::models {
namespace {

constexpr double kLengthSigma = 1.0;

/// Log-normal with the given mean, at least one token.
std::uint32_t length(Rng& rng, double mean) {
  const double median = mean * 0.60653065971263342;  // e^(-sigma^2/2)
  return static_cast<std::uint32_t>(
      std::max(1.0, std::min(rng.lognormal(median, kLengthSigma), 1e6)));
}

void set_blocks(KvSessionRequest& request, std::uint64_t session, std::uint32_t block_tokens) {
  const std::uint32_t count = (request.input_tokens + block_tokens - 1) / block_tokens;
  request.blocks.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    request.blocks[i] =
        i < request.shared_blocks ? kv_prefix_block(request.prefix, i) : mix64(mix64(~session) + i);
  }
}

}  // namespace

std::uint64_t kv_prefix_block(std::uint64_t prefix, std::uint32_t index) {
  return mix64(mix64(prefix + 1) + index);
}

KvSessionStream::KvSessionStream(const KvSessionSpec& spec, std::uint64_t seed, Duration horizon,
                                 KvStart start)
    : spec_(spec),
      seed_(seed),
      end_{horizon.count},
      starts_(PerSecond(spec.rate.count / std::max(1.0, spec.turns)), spec.cv),
      popularity_(std::max(1U, spec.prefixes), spec.prefix_zipf),
      gaps_(seed, "kv_sessions/starts") {
  next_start_ = TimePoint{} + starts_.next_gap(gaps_);
  if (start == KvStart::kSteady) start_under_way();
}

// Gaps between turns are exponential, so what is left of one is too; a session has k turns behind
// it with a probability that falls by 1 - 1/turns each.
void KvSessionStream::start_under_way() {
  const double more = 1.0 - 1.0 / std::max(1.0, spec_.turns);
  const double live =
      spec_.rate.count / std::max(1.0, spec_.turns) * to_seconds(spec_.think) * (spec_.turns - 1);
  KvSessionRequest turn;
  for (auto left = static_cast<std::uint64_t>(std::max(0.0, live + 0.5)); left > 0; --left) {
    Session session{started_, 0, {}, 0, 0, Rng(seed_, "kv_sessions/session", started_)};
    ++started_;
    session.prefix = popularity_.sample(session.rng);
    do {
      take_turn(session, turn);
    } while (session.rng.uniform() < more);
    session.at = TimePoint{} + from_seconds(to_seconds(spec_.think) * session.rng.exponential());
    if (session.at < end_) sessions_.push_back(std::move(session));
  }
  std::make_heap(sessions_.begin(), sessions_.end(), later);
}

void KvSessionStream::take_turn(Session& session, KvSessionRequest& request) const {
  const double share = session.context == 0 ? 1.0 : 1.0 / spec_.turns;
  request.input_tokens = session.context + length(session.rng, share * spec_.prompt_tokens);
  request.output_tokens = length(session.rng, spec_.output_tokens);
  request.known_blocks = session.known;
  session.context = request.input_tokens + request.output_tokens;
  session.known = (request.input_tokens + spec_.block_tokens - 1) / spec_.block_tokens;
}

bool KvSessionStream::later(const Session& a, const Session& b) {
  return a.at != b.at ? b.at < a.at : b.number < a.number;
}

void KvSessionStream::start_session() {
  Session session{started_, 0, next_start_, 0, 0, Rng(seed_, "kv_sessions/session", started_)};
  ++started_;
  session.prefix = popularity_.sample(session.rng);
  sessions_.push_back(std::move(session));
  std::push_heap(sessions_.begin(), sessions_.end(), later);
  next_start_ = next_start_ + starts_.next_gap(gaps_);
}

bool KvSessionStream::next(KvSessionRequest& request) {
  while (next_start_ < end_ && (sessions_.empty() || next_start_ <= sessions_.front().at)) {
    start_session();
  }
  if (sessions_.empty() || sessions_.front().at >= end_) return false;
  std::pop_heap(sessions_.begin(), sessions_.end(), later);
  Session& session = sessions_.back();
  request.at = session.at;
  take_turn(session, request);
  request.prefix = session.prefix;
  const auto shared_tokens =
      static_cast<std::uint32_t>(spec_.shared_fraction * spec_.prompt_tokens);
  request.shared_blocks = std::min(request.input_tokens, shared_tokens) / spec_.block_tokens;
  set_blocks(request, session.number, spec_.block_tokens);
  const bool more = spec_.turns > 1 && session.rng.uniform() < 1.0 - 1.0 / spec_.turns;
  session.at = session.at + from_seconds(to_seconds(spec_.think) * session.rng.exponential());
  if (more && session.at < end_) {
    std::push_heap(sessions_.begin(), sessions_.end(), later);
  } else {
    sessions_.pop_back();
  }
  return true;
}

std::vector<KvSessionRequest> kv_sessions(const KvSessionSpec& spec, std::uint64_t seed,
                                          Duration horizon) {
  KvSessionStream stream(spec, seed, horizon);
  std::vector<KvSessionRequest> requests;
  for (KvSessionRequest request; stream.next(request);) requests.push_back(request);
  return requests;
}

}  // namespace fleetcache::models
