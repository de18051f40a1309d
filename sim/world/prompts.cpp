#include "sim/world/prompts.hpp"

#include <algorithm>
#include <cmath>

#include "policies/base/hash.hpp"
#include "sim/traces/mooncake.hpp"

namespace fleetcache::world {
namespace {

class TracePrompts final : public Prompts {
 public:
  explicit TracePrompts(std::vector<traces::KvRequest> requests) : requests_(std::move(requests)) {}

  bool next(Prompt& prompt) override {
    if (next_ == requests_.size()) return false;
    const traces::KvRequest& r = requests_[next_++];
    prompt = {TimePoint{r.at_ns}, r.input_tokens, r.output_tokens, 0, r.blocks};
    return true;
  }
  std::uint64_t total() const override { return requests_.size(); }
  std::uint64_t blocks_most() const override {
    std::uint64_t blocks = 0;
    for (const traces::KvRequest& r : requests_) blocks += r.blocks.size();
    return blocks;
  }

 private:
  std::vector<traces::KvRequest> requests_;
  std::size_t next_ = 0;
};

class SessionPrompts final : public Prompts {
 public:
  SessionPrompts(const models::KvSessionSpec& spec, std::uint64_t seed, Duration horizon)
      : spec_(spec), horizon_(horizon), stream_(spec, seed, horizon) {}

  bool next(Prompt& prompt) override {
    if (!stream_.next(request_)) return false;
    prompt.at = request_.at;
    prompt.input_tokens = request_.input_tokens;
    prompt.output_tokens = request_.output_tokens;
    prompt.shared_blocks = request_.shared_blocks;
    prompt.blocks.swap(request_.blocks);
    return true;
  }
  std::uint64_t total() const override { return 0; }
  // Twice the mean of new tokens: lengths are log-normal and turns geometric, so that the sum over
  // many is near its mean. Far too large only makes the metadata larger than it has to be.
  std::uint64_t blocks_most() const override {
    const double tokens = spec_.prompt_tokens + spec_.output_tokens;
    const double requests = spec_.rate.count * to_seconds(horizon_) + 10;
    return static_cast<std::uint64_t>(2 * requests * (tokens / spec_.block_tokens + 2)) +
           shared_most();
  }
  std::uint64_t shared_most() const override {
    const double tokens = spec_.shared_fraction * spec_.prompt_tokens;
    return static_cast<std::uint64_t>(spec_.prefixes * (tokens / spec_.block_tokens));
  }

 private:
  models::KvSessionSpec spec_;
  Duration horizon_;
  models::KvSessionStream stream_;
  models::KvSessionRequest request_;
};

}  // namespace

models::KvSessionSpec session_spec(const scenario::InferenceService& service, double rate_share) {
  const scenario::Arrivals& a = service.arrivals;
  models::KvSessionSpec spec;
  spec.rate = PerSecond(a.rate.count * rate_share);
  spec.cv = a.cv;
  spec.prompt_tokens = a.prompt_tokens;
  spec.output_tokens = a.output_tokens;
  spec.prefixes = a.prefixes;
  spec.prefix_zipf = a.prefix_zipf;
  spec.shared_fraction = a.shared_fraction;
  spec.turns = a.turns;
  spec.think = a.think;
  spec.block_tokens = service.block_tokens;
  return spec;
}

Result<std::unique_ptr<Prompts>> make_prompts(const scenario::InferenceService& service,
                                              const Sample& servers, std::uint64_t seed,
                                              Duration horizon) {
  if (service.arrivals.trace.empty()) {
    const double share = static_cast<double>(servers.count) / service.nodes;
    return std::unique_ptr<Prompts>(new SessionPrompts(
        session_spec(service, share), mix64(seed ^ hash_name("infer/" + service.name)), horizon));
  }
  auto requests = traces::read_mooncake(service.arrivals.trace);
  if (!requests) return requests.error();
  return std::unique_ptr<Prompts>(new TracePrompts(std::move(requests).value()));
}

}  // namespace fleetcache::world
