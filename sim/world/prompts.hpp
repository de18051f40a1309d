/// What an inference service is asked: a trace, or sessions drawn as they come.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/workload/kv_sessions.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/sample.hpp"

namespace fleetcache::world {

struct Prompt {
  TimePoint at;
  std::uint32_t input_tokens = 0;
  std::uint32_t output_tokens = 0;
  std::uint32_t shared_blocks = 0;    ///< the first so many are of a prefix that many prompts share
  std::vector<std::uint64_t> blocks;  ///< ids in order
};

/// Prompts in order of time.
class Prompts {
 public:
  virtual ~Prompts() = default;
  virtual bool next(Prompt& prompt) = 0;
  /// How many there are in all, past the horizon too; 0: as many as come before the horizon.
  virtual std::uint64_t total() const = 0;
  /// Distinct blocks at most, and bytes of one being given, for sizing caches.
  virtual std::uint64_t blocks_most() const = 0;
  /// Of these, blocks of shared prefixes; a sample keeps all of them.
  virtual std::uint64_t shared_most() const { return 0; }
};

/// The prompts that the `servers` of a sample get: at their share of the rate. Fails when a trace
/// cannot be read.
Result<std::unique_ptr<Prompts>> make_prompts(const scenario::InferenceService& service,
                                              const Sample& servers, std::uint64_t seed,
                                              Duration horizon);

/// What the arrivals of a service mean to the generator. `rate_share`: of the service's rate.
models::KvSessionSpec session_spec(const scenario::InferenceService& service, double rate_share);

}  // namespace fleetcache::world
