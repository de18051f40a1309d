#include "sim/cli/trace_regions.hpp"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/interrupt.hpp"
#include "sim/cli/progress.hpp"
#include "sim/cli/region_world.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::cli {
namespace {

using nlohmann::ordered_json;
using traces::RegionsReport;
using traces::RegionsRow;
using traces::RegionsSpec;

/// All words as given: they are read when everything is there.
struct RegionsFlags {
  std::string file, format = "auto", columns, progress = "auto", output = "table";
  std::vector<std::string> modes = {"all"}, regions = {"3"};
  std::string policy = "lru", capacity, by = "session", origin = "eastus", object_size;
  std::string slice = "1h", window = "1h", directory_every = "0s", horizon = "0s";
  std::string wan_price, hold_price, read_price, wan_rtt, wan_rate, origin_wait, origin_rate;
  std::vector<std::uint32_t> shares;
  double slow = 0;
  std::uint32_t slow_factor = 10;
  std::uint64_t seed = 0;
};

/// Reads flags one by one; the first fault stays.
class FlagReader {
 public:
  template <class Parse>
  auto read(const char* flag, const std::string& text, Parse parse) {
    auto value = parse(text);
    if (value) return *value;
    if (!error_) error_ = Error{flag, value.error().what};
    return std::decay_t<decltype(*value)>{};
  }
  template <class Parse>
  auto optional(const char* flag, const std::string& text, Parse parse) {
    std::optional<std::decay_t<decltype(*parse(text))>> out;
    if (!text.empty()) out = read(flag, text, parse);
    return out;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<Error> error_;
};

/// "5000" objects, "30GiB" or "10%" of the working set.
Result<traces::Capacity> parse_capacity(const std::string& text) {
  traces::Capacity capacity;
  if (text.ends_with('%')) {
    std::int64_t share = 0;  // a percent is 10 000 millionths
    const auto fault =
        traces::parse_scaled(std::string_view(text).substr(0, text.size() - 1), 4, share);
    if (fault != traces::NumberFault::kOk || share <= 0 || share > 100'000'000) {
      return Error{"", traces::quoted(text) + " is not a share above 0 % and up to 10000 %"};
    }
    capacity.share_millionths = static_cast<std::uint64_t>(share);
    return capacity;
  }
  if (traces::parse_unsigned(text, capacity.amount) != traces::NumberFault::kOk) {
    const auto bytes = scenario::parse_bytes(text);
    if (!bytes) return Error{"", bytes.error().what + "; want objects, bytes or a share (10%)"};
    capacity.amount = *bytes;
    capacity.in_bytes = true;
  }
  if (capacity.amount == 0) return Error{"", "a capacity of 0 holds nothing"};
  return capacity;
}

Result<RegionsSpec> make_spec(const RegionsFlags& flags) {
  FlagReader reader;
  const auto duration = [](const std::string& text) { return scenario::parse_duration(text); };
  const auto rate = [](const std::string& text) { return scenario::parse_bytes_per_second(text); };
  const auto price = [](const std::string& text) { return scenario::parse_money_per_gb(text); };
  RegionsSpec spec;
  spec.capacity = reader.read("--capacity", flags.capacity, parse_capacity);
  spec.rule = reader.read("--by", flags.by, traces::parse_region_rule);
  spec.slice = Duration(reader.read("--slice", flags.slice, duration));
  spec.window = Duration(reader.read("--window", flags.window, duration));
  spec.directory_every =
      Duration(reader.read("--directory-every", flags.directory_every, duration));
  spec.horizon = Duration(reader.read("--horizon", flags.horizon, duration));
  const auto size = [](const std::string& text) { return scenario::parse_bytes(text); };
  spec.object_bytes = reader.optional("--object-size", flags.object_size, size).value_or(0);
  WorldWish wish;
  wish.regions = flags.regions;
  wish.origin = flags.origin;
  wish.wan_usd_per_gb = reader.optional("--wan-price", flags.wan_price, price);
  wish.hold_usd_per_gb_month = reader.optional("--hold-price", flags.hold_price, price);
  wish.usd_per_10k_reads =
      reader.optional("--read-price", flags.read_price,
                      [](const std::string& text) { return scenario::parse_number(text); });
  wish.wan_rtt_ns = reader.optional("--wan-rtt", flags.wan_rtt, duration);
  wish.wan_bytes_per_s = reader.optional("--wan-rate", flags.wan_rate, rate);
  wish.origin_wait_ns = reader.optional("--origin-wait", flags.origin_wait, duration);
  wish.origin_bytes_per_s = reader.optional("--origin-rate", flags.origin_rate, rate);
  if (reader.error()) return *reader.error();
  auto world = make_world(wish);
  if (!world) return world.error();
  spec.world = std::move(world).value();
  spec.modes = flags.modes;
  if (flags.modes.size() == 1 && flags.modes[0] == "all") {
    spec.modes.clear();
    for (const pooling::PolicyInfo& info : pooling::policies()) spec.modes.emplace_back(info.name);
  }
  spec.policy = flags.policy;
  spec.shares = flags.shares;
  spec.slow_ppm = static_cast<std::uint32_t>(flags.slow * 10'000 + 0.5);
  spec.slow_factor = flags.slow_factor;
  spec.seed = flags.seed;
  return spec;
}

void run_regions(Session& session, const RegionsFlags& flags) {
  traces::ReadOptions options;
  const auto format = traces::parse_format(flags.format);
  if (!format) return fail(session, kBadInput, format.error().text());
  options.format = *format;
  if (!flags.columns.empty()) {
    auto columns = traces::parse_columns(flags.columns);
    if (!columns) return fail(session, kBadInput, columns.error().text());
    options.columns = std::move(columns).value();
  }
  auto spec = make_spec(flags);
  if (!spec) return fail(session, kBadInput, spec.error().text());
  catch_signals();
  spec->stop = &interrupted();
  auto progress = std::make_unique<Progress>(progress_mode(flags.progress), 1);
  spec->progress = [&progress](double done) { progress->update(0, done); };
  const auto report = traces::replay_regions(flags.file, options, *spec);
  progress.reset();
  if (!report) return fail(session, kBadInput, report.error().text());
  std::fputs(render_regions(*report, spec->world, flags.output).c_str(), stdout);
  if (report->partial) {
    std::fflush(stdout);
    fail(session, interrupt_exit_code(), "interrupted: the result is partial");
  }
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// Four significant digits, without an exponent.
std::string about(double value) {
  int digits = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
  for (double v = value; v > 0 && v < 0.1 && digits < 9; v *= 10) ++digits;
  return fixed(value, digits);
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return fixed(whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole), 2);
}

std::string dollars(std::uint64_t nanousd) { return about(static_cast<double>(nanousd) / 1e9); }
std::string gigabytes(std::uint64_t bytes) { return about(static_cast<double>(bytes) / 1e9); }

using Table = std::vector<std::vector<std::string>>;

/// The first column flush left, the others right.
std::string aligned(const Table& table, bool markdown) {
  std::vector<std::size_t> width(table[0].size());
  for (const auto& row : table) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (std::size_t r = 0; r < table.size(); ++r) {
    std::string line = markdown ? "|" : "";
    for (std::size_t i = 0; i < table[r].size(); ++i) {
      const std::string blanks(width[i] - table[r][i].size(), ' ');
      const std::string cell = i == 0 ? table[r][i] + blanks : blanks + table[r][i];
      line += markdown ? " " + cell + " |" : (i == 0 ? "" : "  ") + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (!markdown || r != 0) continue;
    for (std::size_t i = 0; i < table[0].size(); ++i) out += i == 0 ? "| --- |" : " ---: |";
    out += "\n";
  }
  return out;
}

Table served_table(const RegionsReport& report) {
  Table table = {
      {"mode", "local %", "peer %", "origin %", "WAN GB", "origin GB", "USD", "wait ms"}};
  for (const RegionsRow& row : report.rows) {
    const double wait = row.requests == 0 ? 0
                                          : static_cast<double>(row.wait_us) / 1000 /
                                                static_cast<double>(row.requests);
    table.push_back({row.mode, share(row.local, row.requests), share(row.peer, row.requests),
                     share(row.origin, row.requests), gigabytes(row.wan_bytes),
                     gigabytes(row.origin_read_bytes), dollars(row.nanousd()), about(wait)});
  }
  return table;
}

Table cost_table(const RegionsReport& report) {
  Table table = {{"mode", "egress", "reads", "holding", "stale", "hedges", "timeouts", "pushes"}};
  for (const RegionsRow& row : report.rows) {
    table.push_back({row.mode, dollars(row.egress_nanousd), dollars(row.request_nanousd),
                     dollars(row.hold_nanousd), std::to_string(row.misdirected),
                     std::to_string(row.hedges), std::to_string(row.timeouts),
                     std::to_string(row.pushes)});
  }
  return table;
}

/// Modes with parameters are long: they get a number, and a line that says what it stands for.
std::string number_modes(Table& table) {
  std::string legend;
  for (std::size_t r = 1; r < table.size(); ++r) {
    if (table[r][0].size() <= 17) continue;
    const std::string number = "(" + std::to_string(r) + ")";
    legend += number + " " + table[r][0] + "\n";
    table[r][0] =
        number + " " + table[r][0].substr(0, std::min<std::size_t>(table[r][0].find(':'), 13));
  }
  return legend;
}

std::string regions_text(const RegionsReport& report, const traces::RegionWorld& world,
                         bool markdown) {
  std::string out = "each region caches " + gigabytes(report.capacity) + " GB";
  if (report.object_bytes > 0) {
    out += ", every object is " + scenario::print_bytes(report.object_bytes);
  }
  out += "\n";
  for (std::size_t r = 0; r < world.names.size(); ++r) {
    const bool origin =
        world.origin_region < 0 || r == static_cast<std::size_t>(world.origin_region);
    out += (markdown ? "- " : "  ") + world.names[r] + ": " + std::to_string(report.asked[r]) +
           " requests" + (origin ? ", origin here" : "") + "\n";
  }
  Table served = served_table(report);
  Table cost = cost_table(report);
  const std::string legend = number_modes(served);
  number_modes(cost);
  out += "\n" + aligned(served, markdown) + "\nof the USD, and events\n" + (markdown ? "\n" : "") +
         aligned(cost, markdown);
  if (!legend.empty()) out += "\n" + legend;
  out += "\ndefault prices, round trips and their sources: docs/policies/pooling.md\n";
  if (report.partial) out += "\npartial: interrupted before the end\n";
  return out;
}

ordered_json json_of(const RegionsRow& row) {
  ordered_json out = {{"mode", row.mode},
                      {"requests", row.requests},
                      {"local", row.local},
                      {"peer", row.peer},
                      {"origin", row.origin},
                      {"bytes", row.bytes},
                      {"local_bytes", row.local_bytes},
                      {"peer_bytes", row.peer_bytes},
                      {"origin_bytes", row.origin_bytes},
                      {"wan_bytes", row.wan_bytes},
                      {"origin_reads", row.origin_reads},
                      {"origin_read_bytes", row.origin_read_bytes},
                      {"egress_nanousd", row.egress_nanousd},
                      {"request_nanousd", row.request_nanousd},
                      {"hold_nanousd", row.hold_nanousd},
                      {"nanousd", row.nanousd()},
                      {"held_byte_s", row.held_byte_s},
                      {"wait_us", row.wait_us},
                      {"misdirected", row.misdirected},
                      {"timeouts", row.timeouts},
                      {"hedges", row.hedges},
                      {"fills", row.fills},
                      {"pushes", row.pushes},
                      {"drops", row.drops}};
  if (row.partial) out["partial"] = true;
  return out;
}

std::string regions_json(const RegionsReport& report, const traces::RegionWorld& world) {
  ordered_json out;
  out["capacity"] = report.capacity;
  if (report.object_bytes > 0) out["object_bytes"] = report.object_bytes;
  out["regions"] = ordered_json::array();
  const std::size_t n = world.names.size();
  for (std::size_t r = 0; r < n; ++r) {
    const pooling::Origin& origin = world.origins[r];
    out["regions"].push_back({{"name", world.names[r]},
                              {"requests", report.asked[r]},
                              {"origin_wait_us", origin.link.rtt_us},
                              {"origin_bytes_per_us", origin.link.bytes_per_us},
                              {"origin_nanousd_per_gib", origin.link.nanousd_per_gib},
                              {"origin_nanousd_per_request", origin.nanousd_per_request}});
  }
  out["links"] = ordered_json::array();
  for (std::size_t i = 0; i < n * n; ++i) {
    if (i / n == i % n) continue;
    const pooling::Link& link = world.links[i];
    out["links"].push_back({{"from", world.names[i / n]},
                            {"to", world.names[i % n]},
                            {"rtt_us", link.rtt_us},
                            {"bytes_per_us", link.bytes_per_us},
                            {"nanousd_per_gib", link.nanousd_per_gib}});
  }
  out["hold_nanousd_per_gib_month"] = world.hold_nanousd_per_gib_month;
  out["modes"] = ordered_json::array();
  for (const RegionsRow& row : report.rows) out["modes"].push_back(json_of(row));
  return out.dump(2) + "\n";
}

void add_prices(CLI::App& verb, RegionsFlags& flags) {
  verb.add_option("--origin", flags.origin, "region of the origin's account, or everywhere");
  verb.add_option("--wan-price", flags.wan_price, "of each pair, 0.05USD/GB (list, by sender)");
  verb.add_option("--wan-rtt", flags.wan_rtt, "of each pair, 83ms (published medians)");
  verb.add_option("--wan-rate", flags.wan_rate, "of one read (a 16 MiB window a round trip)");
  verb.add_option("--hold-price", flags.hold_price, "of a copy a month (0.018USD/GB)");
  verb.add_option("--read-price", flags.read_price, "USD for 10,000 origin reads (0.005)");
  verb.add_option("--origin-wait", flags.origin_wait, "until the origin's first byte (20ms)");
  verb.add_option("--origin-rate", flags.origin_rate, "of one origin read (97MB/s)");
}

}  // namespace

std::string render_regions(const RegionsReport& report, const traces::RegionWorld& world,
                           const std::string& format) {
  if (format == "json") return regions_json(report, world);
  return regions_text(report, world, format == "md");
}

void add_trace_regions(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("regions", "one trace over several regions: WAN, cost, hits");
  const auto flags = std::make_shared<RegionsFlags>();
  verb->add_option("trace", flags->file, "trace file, plain or .zst; - is standard input")
      ->required();
  verb->add_option("--capacity", flags->capacity,
                   "of each region's cache: 30GiB, 5000 (objects) or 10% of the working set")
      ->required();
  verb->add_option("--mode", flags->modes, "all, or modes with parameters: replicate-hot:hot=5")
      ->delimiter(',');
  verb->add_option("--regions", flags->regions, "how many of the known ones (3), or their names")
      ->delimiter(',');
  verb->add_option("--policy", flags->policy, "eviction policy of every cache (lru)");
  verb->add_option("--by", flags->by,
                   "who asks: session, tenant, request, object, time or given (session)");
  verb->add_option("--shares", flags->shares, "of the draws, one a region: 50,30,20")
      ->delimiter(',');
  verb->add_option("--seed", flags->seed, "of the draws, homes and slow reads");
  verb->add_option("--object-size", flags->object_size, "of every object, 16MiB (the trace's)");
  verb->add_option("--directory-every", flags->directory_every,
                   "the directory of copies is refreshed so often (0s: always right)");
  verb->add_option("--window", flags->window, "heat counts reads of this and the last one (1h)");
  verb->add_option("--slice", flags->slice, "of --by time (1h)");
  verb->add_option("--horizon", flags->horizon,
                   "copies are paid for until then (the last request)");
  verb->add_option("--slow", flags->slow, "percent of remote cache reads that are slow (0)")
      ->check(CLI::Range(0.0, 100.0));
  verb->add_option("--slow-factor", flags->slow_factor, "how much slower (10)")
      ->check(CLI::Range(1U, 1'000'000U));
  add_prices(*verb, *flags);
  verb->add_option("--input-format", flags->format, "as of trace replay");
  verb->add_option("--columns", flags->columns, "as of trace replay");
  verb->add_option("--progress", flags->progress, "on stderr: auto, bar, line, json or none")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  verb->add_option("--format", flags->output, "of the result: table, json or md")
      ->check(CLI::IsMember({"table", "json", "md"}));
  verb->callback([flags, &session] { run_regions(session, *flags); });
}

}  // namespace fleetcache::cli
