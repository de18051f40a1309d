/// Time of the prefill phase of one inference request.
#pragma once

#include <cstdint>

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// new_tokens / rate + quadratic ((context + new)^2 - context^2): a linear part (weights, MLP) and
/// the attention of the new tokens over everything before them. `context_tokens` are those whose
/// keys and values are already there. With no context the attention part is quadratic x prompt^2.
/// Requires: rate > 0, quadratic_s_per_token2 >= 0.
/// Source: docs/models/prefill.md. Valid for: one request at a time on its slot, no chunking.
Duration prefill_time(std::uint64_t new_tokens, std::uint64_t context_tokens, PerSecond rate,
                      double quadratic_s_per_token2);

}  // namespace fleetcache::models
