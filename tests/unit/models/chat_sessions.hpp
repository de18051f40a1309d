/// The sessions that tests of KV workloads draw: 20 requests a second, three turns, 50 prefixes.
#pragma once

#include "models/workload/kv_sessions.hpp"

namespace fleetcache::models {

inline KvSessionSpec chat_sessions() {
  KvSessionSpec s;
  s.rate = PerSecond(20);
  s.prompt_tokens = 4096;
  s.output_tokens = 256;
  s.prefixes = 50;
  s.shared_fraction = 0.5;
  s.turns = 3;
  s.think = from_seconds(20);
  s.block_tokens = 512;
  return s;
}

}  // namespace fleetcache::models
