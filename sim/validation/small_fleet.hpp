/// Scenarios for whole-system experiments, built in code: one region of equal nodes in which
/// nothing binds and nothing takes time unless an experiment says so.
#pragma once

#include "sim/scenario/scenario.hpp"

namespace fleetcache::validation {

/// A region "r" with pools "train" and "infer" (left out when empty). Links carry `wide` each.
scenario::Region open_region(std::uint32_t train_nodes, std::uint32_t infer_nodes,
                             BytesPerSecond wide);

/// A scenario of that region with a DRAM cache over the region, pooled, single-flight.
scenario::Scenario open_scenario(const scenario::Region& region, Bytes cache,
                                 const std::string& eviction);

/// A job "name" on pool "train" of region "r" that reads `dataset`, with no checkpoints.
scenario::TrainingJob plain_job(const std::string& name, const std::string& dataset,
                                std::uint32_t nodes, Bytes bytes_per_step, Duration compute);

}  // namespace fleetcache::validation
