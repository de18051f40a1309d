/// Flags that the subcommands of `trace` share, and how their words are read.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/traces/reader.hpp"
#include "sim/traces/replay.hpp"

namespace fleetcache::cli {

struct InputFlags {
  std::string file;
  std::string format = "auto";
  std::string columns;
  std::string progress = "auto";
  std::string output = "table";
};

/// `outputs` are the values of --format.
void add_input_flags(CLI::App& verb, InputFlags& flags, const std::vector<std::string>& outputs);
Result<traces::ReadOptions> read_options(const InputFlags& flags);

/// Policies at capacities.
struct CacheFlags {
  std::vector<std::string> policies;
  std::vector<std::string> capacities;
  bool unit_size = false;
  bool recompute_next = false;
  unsigned threads = 1;
  std::uint64_t seed = 0;
};

/// --policy, --capacity and --sizes (the same list), --unit-size, --recompute-next, --threads,
/// --seed.
void add_cache_flags(CLI::App& verb, CacheFlags& flags);

/// "5000" (objects, or bytes where sizes count), "30GiB" or "10%" of the working set.
Result<traces::Capacity> parse_capacity(const std::string& text);
/// The same, and ranges "0.1%..20%" or "1GiB..64GiB:7": so many (8) in equal ratios, both ends
/// included, each once.
Result<std::vector<traces::Capacity>> parse_capacities(const std::vector<std::string>& texts);
/// Known policies, "all" replaced by every registered one; each once.
Result<std::vector<std::string>> expand_policies(const std::vector<std::string>& texts);

/// "note: 17 requests WHAT" on stderr, unless there are none.
void note_requests(std::uint64_t requests, const std::string& what);

}  // namespace fleetcache::cli
