#include "sim/cli/trace_flags.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "policies/base/math.hpp"
#include "policies/eviction/eviction.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::cli {

using traces::Capacity;

namespace {

constexpr std::uint64_t kDefaultSteps = 8;
constexpr std::uint64_t kMostSteps = 1000;

std::string format_names() {
  std::string names = "auto";
  for (const traces::FormatInfo& info : traces::formats()) names += ", " + std::string(info.name);
  return names;
}

Status check_policy(const std::string& text) {
  const auto wish = traces::parse_policy(text);
  if (!wish) return wish.error();
  if (eviction::find_policy(wish->name) != nullptr) return Nothing{};
  std::vector<std::string> known = {"s3fifo", "all"};
  std::string list;
  for (const std::string& name : traces::all_policies()) {
    known.push_back(name);
    list += (list.empty() ? "" : ", ") + name;
  }
  const std::string near = nearest(wish->name, known);
  return Error{"--policy", "there is no policy " + traces::quoted(wish->name) +
                               (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                               " (known: " + list + ")"};
}

/// "a..b:n" into its words; n is empty when not given.
struct Range {
  std::string low, high, steps;
};

bool split_range(const std::string& text, Range& range) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return false;
  range.low = text.substr(0, dots);
  range.high = text.substr(dots + 2);
  const std::size_t colon = range.high.find(':');
  if (colon != std::string::npos) {
    range.steps = range.high.substr(colon + 1);
    range.high.resize(colon);
  }
  return true;
}

Result<std::vector<Capacity>> parse_range(const std::string& text, const Range& range) {
  const auto low = parse_capacity(range.low);
  if (!low) return low.error();
  const auto high = parse_capacity(range.high);
  if (!high) return high.error();
  const bool shares = low->amount == 0;
  if (shares != (high->amount == 0) || low->in_bytes != high->in_bytes) {
    return Error{"--sizes", traces::quoted(text) + " mixes units; want both ends alike"};
  }
  std::uint64_t steps = kDefaultSteps;
  if (!range.steps.empty() &&
      (traces::parse_unsigned(range.steps, steps) != traces::NumberFault::kOk || steps < 2 ||
       steps > kMostSteps)) {
    return Error{"--sizes", traces::quoted(range.steps) + " of " + traces::quoted(text) +
                                " is no number of sizes from 2 to 1000"};
  }
  const std::uint64_t first = shares ? low->share_millionths : low->amount;
  const std::uint64_t last = shares ? high->share_millionths : high->amount;
  if (first > last) {
    return Error{"--sizes", traces::quoted(text) + " goes down; want the smaller end first"};
  }
  const double ratio =
      portable_log(static_cast<double>(last)) - portable_log(static_cast<double>(first));
  std::vector<Capacity> out;
  for (std::uint64_t i = 0; i < steps; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(steps - 1);
    const double size = static_cast<double>(first) * portable_exp(ratio * part) + 0.5;
    const std::uint64_t n = i == 0           ? first
                            : i + 1 == steps ? last
                                             : static_cast<std::uint64_t>(size);
    out.push_back(*low);
    (shares ? out.back().share_millionths : out.back().amount) = n;
  }
  return out;
}

bool same(const Capacity& a, const Capacity& b) {
  return a.amount == b.amount && a.share_millionths == b.share_millionths;
}

}  // namespace

void add_input_flags(CLI::App& verb, InputFlags& flags, const std::vector<std::string>& outputs) {
  verb.add_option("trace", flags.file, "trace file, plain or .zst; - is standard input")
      ->required();
  verb.add_option("--input-format", flags.format,
                  format_names() + " (auto: by name, then content)");
  verb.add_option("--columns", flags.columns,
                  "of CSV, by header name or position: time=ts:ms,id=2,size=bytes,next=4");
  verb.add_option("--progress", flags.progress, "on stderr: auto, bar, line, json or none")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  verb.add_option("--format", flags.output, "of the result")->check(CLI::IsMember(outputs));
}

Result<traces::ReadOptions> read_options(const InputFlags& flags) {
  traces::ReadOptions options;
  const auto format = traces::parse_format(flags.format);
  if (!format) return format.error();
  options.format = *format;
  if (flags.columns.empty()) return options;
  auto columns = traces::parse_columns(flags.columns);
  if (!columns) return columns.error();
  options.columns = std::move(columns).value();
  return options;
}

void add_cache_flags(CLI::App& verb, CacheFlags& flags) {
  flags.threads = std::max(1U, std::thread::hardware_concurrency());
  verb.add_option("--policy", flags.policies,
                  "policies, as `fleetcache policies` lists them, or all; parameters: "
                  "slru:segments=5")
      ->required()
      ->delimiter(',');
  verb.add_option("--capacity,--sizes", flags.capacities,
                  "5000 (objects, or bytes where sizes count), 30GiB, 10% of the working set, or "
                  "a range: 0.1%..20% or 1GiB..64GiB:7 (so many, in equal ratios)")
      ->delimiter(',');
  verb.add_flag("--unit-size", flags.unit_size, "take every size as 1; capacities are objects");
  verb.add_flag("--recompute-next", flags.recompute_next,
                "ignore the next accesses in the trace (belady)");
  verb.add_option("--threads", flags.threads, "independent caches at once; changes no result")
      ->check(CLI::Range(1U, 1024U));
  verb.add_option("--seed", flags.seed, "of policies that draw");
}

Result<Capacity> parse_capacity(const std::string& text) {
  Capacity capacity;
  std::uint64_t plain = 0;
  const auto fault = traces::parse_unsigned(text, plain);
  if (fault == traces::NumberFault::kOk) {
    capacity.amount = plain;
  } else if (fault != traces::NumberFault::kNotANumber) {
    return Error{"--capacity", traces::describe(fault, text)};
  } else if (text.ends_with('%')) {
    std::int64_t share = 0;  // a percent is 10 000 millionths
    const auto wrong =
        traces::parse_scaled(std::string_view(text).substr(0, text.size() - 1), 4, share);
    if (wrong != traces::NumberFault::kOk || share == 0 || share > 100'000'000) {
      return Error{"--capacity", traces::quoted(text) +
                                     " is not a share of the working set above 0 % and up to "
                                     "10000 %"};
    }
    capacity.share_millionths = static_cast<std::uint64_t>(share);
    return capacity;
  } else {
    const auto bytes = scenario::parse_bytes(text);
    if (!bytes) {
      return Error{"--capacity", bytes.error().what +
                                     "; want objects (5000), bytes (30GiB) or a share of the "
                                     "working set (10%)"};
    }
    capacity.amount = *bytes;
    capacity.in_bytes = true;
  }
  if (capacity.amount == 0) {
    return Error{"--capacity", traces::quoted(text) + " holds nothing; want more than 0"};
  }
  return capacity;
}

Result<std::vector<Capacity>> parse_capacities(const std::vector<std::string>& texts) {
  std::vector<Capacity> out;
  for (const std::string& text : texts) {
    Range range;
    std::vector<Capacity> some;
    if (split_range(text, range)) {
      auto parsed = parse_range(text, range);
      if (!parsed) return parsed.error();
      some = std::move(parsed).value();
    } else {
      const auto one = parse_capacity(text);
      if (!one) return one.error();
      some = {*one};
    }
    for (const Capacity& capacity : some) {
      // What was written twice is replayed twice; a range says each size once.
      const bool again =
          std::any_of(out.begin(), out.end(), [&](const Capacity& c) { return same(c, capacity); });
      if (some.size() == 1 || !again) out.push_back(capacity);
    }
  }
  return out;
}

Result<std::vector<std::string>> expand_policies(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const std::string& text : texts) {
    if (text != "all") {
      if (const Status s = check_policy(text); !s) return s.error();
      out.push_back(text);
      continue;
    }
    for (const std::string& name : traces::all_policies()) {
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    }
  }
  return out;
}

void note_requests(std::uint64_t requests, const std::string& what) {
  if (requests == 0) return;
  std::fprintf(stderr, "note: %llu requests %s\n", static_cast<unsigned long long>(requests),
               what.c_str());
}

}  // namespace fleetcache::cli
