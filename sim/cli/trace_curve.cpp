#include "sim/cli/trace_curve.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/statistics.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/progress.hpp"
#include "sim/cli/trace_flags.hpp"
#include "sim/cli/trace_text.hpp"
#include "sim/traces/mrc.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::cli {
namespace {

using nlohmann::ordered_json;
using traces::Curve;
using traces::CurveMethod;
using traces::CurvePoint;
using traces::CurveReport;

struct CurveFlags {
  InputFlags input;
  CacheFlags caches;
  std::string rate = "100%";
  std::uint32_t splits = 4;
  std::uint32_t max_objects = 0;
  std::uint64_t sample_seed = 0;
};

bool is_exact(const Curve& curve) {
  return curve.method == CurveMethod::kStack || curve.method == CurveMethod::kReplay;
}

/// Share as "1%" or 0.01.
Result<double> parse_rate(const std::string& text) {
  const bool percent = text.ends_with('%');
  const auto number = std::string_view(text).substr(0, text.size() - (percent ? 1 : 0));
  std::int64_t millionths = 0;
  const auto fault = traces::parse_scaled(number, percent ? 4 : 6, millionths);
  if (fault != traces::NumberFault::kOk || millionths <= 0 || millionths > 1'000'000) {
    return Error{"--rate", traces::quoted(text) +
                               " is no share of the objects from 0.0001% to "
                               "100%"};
  }
  return static_cast<double>(millionths) / 1e6;
}

Result<traces::CurveSpec> curve_spec(const CurveFlags& flags) {
  traces::CurveSpec spec;
  auto policies = expand_policies(flags.caches.policies);
  if (!policies) return policies.error();
  auto texts = flags.caches.capacities;
  if (texts.empty()) texts = {"0.1%..100%:13"};
  auto capacities = parse_capacities(texts);
  if (!capacities) return capacities.error();
  const auto rate = parse_rate(flags.rate);
  if (!rate) return rate.error();
  spec.policies = std::move(policies).value();
  spec.capacities = std::move(capacities).value();
  spec.unit_size = flags.caches.unit_size;
  spec.recompute_next = flags.caches.recompute_next;
  spec.threads = std::max(1U, flags.caches.threads);
  spec.seed = flags.caches.seed;
  spec.rate = *rate;
  spec.splits = flags.splits;
  spec.max_objects = flags.max_objects;
  spec.sample_seed = flags.sample_seed;
  spec.stop = &interrupted();
  return spec;
}

std::string rate_text(double rate) { return fixed(100 * rate, rate < 0.001 ? 5 : 3) + " %"; }

/// How each curve was made, and how far it may be off.
std::string describe(const Curve& curve) {
  std::string text = curve.policy + ": ";
  if (curve.method == CurveMethod::kStack) return text + "exact, stack distances";
  if (curve.method == CurveMethod::kReplay) return text + "exact, whole caches";
  return text + std::to_string(curve.samples) + " x " + rate_text(curve.rate) +
         " of the objects, " + traces::curve_method_name(curve.method) + ", SHARDS-adj";
}

/// What the interval is, or why there is none; nothing where all curves are exact.
std::string error_text(const CurveReport& report) {
  const auto sampled = std::find_if_not(report.curves.begin(), report.curves.end(), is_exact);
  if (sampled == report.curves.end()) return "";
  return sampled->samples == 1 ? "one sample tells no error: want --splits 2 or more\n"
                               : "+- is 95 % by the spread of the samples (Student t)\n";
}

std::string table_of(const CurveReport& report, const std::string& format) {
  const bool bytes = !report.unit_objects;
  const bool exact = std::all_of(report.curves.begin(), report.curves.end(), is_exact);
  Table table = {{"policy", bytes ? "capacity" : "objects", "miss ratio"}};
  if (!exact) table[0].emplace_back("+-");
  if (bytes) table[0].emplace_back("byte miss ratio");
  if (bytes && !exact) table[0].emplace_back("+-");
  bool coarse = false;
  for (const Curve& curve : report.curves) {
    const auto half = [&](const std::vector<double>& samples) {
      return samples.size() < 2 ? std::string(is_exact(curve) ? "0" : "?")
                                : fixed(analysis::confidence_95(samples), 4);
    };
    for (const CurvePoint& p : curve.points) {
      const bool few = p.scaled_entries > 0 && p.scaled_entries < traces::kFewObjects;
      coarse = coarse || few;
      table.push_back({curve.policy + (few ? " ~" : ""),
                       bytes ? about_bytes(p.capacity) : std::to_string(p.capacity),
                       fixed(p.miss_ratio, 4)});
      if (!exact) table.back().push_back(half(p.samples));
      if (bytes) table.back().push_back(fixed(p.byte_miss_ratio, 4));
      if (bytes && !exact) table.back().push_back(half(p.byte_samples));
    }
  }
  std::string out = rendered(table, format);
  if (coarse) out += "\n~ the sample's cache holds fewer than 100 objects: coarse\n";
  return out;
}

std::string plot_of(const CurveReport& report) {
  std::vector<Series> series;
  std::uint64_t low = UINT64_MAX, high = 0;
  for (const Curve& curve : report.curves) {
    Series line{curve.policy, {}};
    for (const CurvePoint& p : curve.points) {
      line.points.emplace_back(static_cast<double>(p.capacity), p.miss_ratio);
      low = std::min(low, p.capacity);
      high = std::max(high, p.capacity);
    }
    series.push_back(std::move(line));
  }
  const auto text = [&](std::uint64_t n) {
    return report.unit_objects ? std::to_string(n) : about_bytes(n);
  };
  return plot_curves(series, text(low), text(high),
                     report.unit_objects ? "miss ratio by objects" : "miss ratio by capacity");
}

ordered_json json_of(const CurveReport& report, const Curve& curve) {
  ordered_json points = ordered_json::array();
  for (const CurvePoint& p : curve.points) {
    ordered_json point = {{"capacity", p.capacity},
                          {"unit", report.unit_objects ? "objects" : "bytes"},
                          {"miss_ratio", p.miss_ratio},
                          {"byte_miss_ratio", p.byte_miss_ratio}};
    // Half widths; null where one sample tells nothing.
    const auto half = [&](const std::vector<double>& samples) {
      if (is_exact(curve)) return ordered_json(0.0);
      return samples.size() < 2 ? ordered_json() : ordered_json(analysis::confidence_95(samples));
    };
    point["ci95"] = half(p.samples);
    point["byte_ci95"] = half(p.byte_samples);
    if (p.scaled_entries > 0) point["sample_objects"] = p.scaled_entries;
    points.push_back(std::move(point));
  }
  ordered_json out = {
      {"policy", curve.policy},     {"method", traces::curve_method_name(curve.method)},
      {"exact", is_exact(curve)},   {"rate", curve.rate},
      {"samples", curve.samples},   {"requests", report.requests},
      {"points", std::move(points)}};
  if (report.partial) out["partial"] = true;
  return out;
}

std::string render(const CurveReport& report, const std::string& format) {
  if (format == "json") {
    ordered_json out = ordered_json::array();
    for (const Curve& curve : report.curves) out.push_back(json_of(report, curve));
    return out.dump(2) + "\n";
  }
  std::string out = table_of(report, format) + "\n";
  for (const Curve& curve : report.curves) {
    out += (format == "md" ? "- " : "") + describe(curve) + "\n";
  }
  out += error_text(report);
  if (format == "table") out += "\n" + plot_of(report);
  if (report.partial) out += "\npartial: interrupted before the end of the trace\n";
  return out;
}

void run_curve(Session& session, const CurveFlags& flags) {
  const auto options = read_options(flags.input);
  if (!options) return fail(session, kBadInput, options.error().text());
  auto spec = curve_spec(flags);
  if (!spec) return fail(session, kBadInput, spec.error().text());
  catch_signals();
  auto progress = std::make_unique<Progress>(progress_mode(flags.input.progress), 1);
  spec->progress = [&progress](double done) { progress->update(0, done); };
  const auto report = traces::miss_ratio_curves(flags.input.file, *options, *spec);
  progress.reset();
  if (!report) return fail(session, kBadInput, report.error().text());
  note_requests(report->dropped, "of size 0 were left out");
  note_requests(report->deletes, "to delete were carried out and are not counted");
  std::fputs(render(*report, flags.input.output).c_str(), stdout);
  if (report->partial) {
    std::fflush(stdout);
    fail(session, interrupt_exit_code(), "interrupted: the result is partial");
  }
}

}  // namespace

void add_trace_curve(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("curve", "miss-ratio curves, exact or from a sample");
  verb->alias("mrc");
  const auto flags = std::make_shared<CurveFlags>();
  add_input_flags(*verb, flags->input, {"table", "json", "md"});
  add_cache_flags(*verb, flags->caches);
  verb->get_option("--policy")->required(false);
  flags->caches.policies = {"lru"};
  verb->add_option("--rate", flags->rate, "share of the objects in each sample: 1%; 100% is exact");
  verb->add_option("--splits", flags->splits, "independent samples, whose spread is the error")
      ->check(CLI::Range(1U, 64U));
  verb->add_option("--max-objects", flags->max_objects,
                   "lru: keep at most so many objects a sample, whatever the trace holds")
      ->check(CLI::PositiveNumber)
      ->excludes(verb->get_option("--rate"));
  verb->add_option("--sample-seed", flags->sample_seed, "another seed, other samples");
  verb->callback([flags, &session] { run_curve(session, *flags); });
}

}  // namespace fleetcache::cli
