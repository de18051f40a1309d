#include "sim/cli/validate_ladder.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "sim/cli/child_jobs.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/verb.hpp"

namespace fleetcache::cli {
namespace {

using validation::LadderAnswer;

constexpr std::array<const char*, 4> kLadder = {"exact", "bundled", "fleet", "analytic"};
constexpr double kSaturated = 0.95;

std::size_t first_rung(bool wide) { return wide ? 1 : 0; }
std::string name_of(const LadderRun& run) {
  return (run.wide ? "wide " : "") + std::to_string(run.index);
}

double children_cpu_s() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Of a component of the error vector: whether it tells what a rung leaves out against the one
/// below. Seeds and warm-up are the same at all rungs; packets are simulated at none.
bool is_own(const std::string& component) {
  static const std::set<std::string> own = {
      "bundle", "window",   "placement", "sample", "representative", "skip",   "tail",
      "model",  "failures", "hits",      "rates",  "timing",         "losses", "draws"};
  return own.count(component) != 0;
}

void read_errors(const nlohmann::json& terms, LadderAnswer& answer) {
  for (const nlohmann::json& term : terms) {
    const auto component = term.at("component").get<std::string>();
    if (component == "fluid") continue;
    const auto metric = term.at("metric").get<std::string>();
    const bool known = term.at("abs").is_number();
    const double half = known ? term.at("abs").get<double>() : 0;
    answer.error[metric] += half;
    if (is_own(component)) answer.own_error[metric] += half;
    if (!known && is_own(component)) answer.unknown[metric] = true;
  }
}

/// A job's own computing is no resource that others wait for.
bool can_saturate(const std::string& station) { return station.rfind("gpu.", 0) != 0; }

LadderAnswer read_answer(const nlohmann::json& document) {
  LadderAnswer answer;
  answer.rung = document.at("rung").get<std::string>();
  for (const auto& [name, metric] : document.at("metrics").items()) {
    if (metric.at("value").is_number()) answer.figures[name] = metric.at("value").get<double>();
  }
  for (const auto& [name, tiers] : document.at("bytes").items()) {
    for (const auto& [tier, n] : tiers.items()) answer.bytes[name][tier] = n.get<double>();
  }
  read_errors(document.at("error"), answer);
  for (const auto& [name, station] : document.at("stations").items()) {
    const auto& mean = station.at("mean_util");
    if (mean.is_number() && mean.get<double>() > kSaturated && can_saturate(name)) {
      answer.saturated += (answer.saturated.empty() ? "" : ", ") + name;
    }
  }
  for (const auto& check : document.at("conservation")) {
    if (!check.at("ok").get<bool>()) answer.broken += check.at("check").get<std::string>() + "; ";
  }
  return answer;
}

Result<LadderAnswer> answer_at(const std::string& rung, const std::string& file) {
  const double before = children_cpu_s();
  ChildJobs jobs(interrupted(), [](std::size_t, double) {});
  const std::size_t job =
      jobs.add({"run", file, "--rung", rung, "--error",
                rung == "exact" || rung == "analytic" ? "none" : "quick", "--seeds", "1",
                "--no-what-if", "--no-variants", "--quiet", "--format", "json"});
  jobs.work();
  const ChildOutcome& outcome = jobs.outcome(job);
  // A broken identity is an answer here, and a figure of the table.
  if (outcome.exit_code != kDone && outcome.exit_code != kInvariant) {
    std::string why = outcome.errors;
    while (!why.empty() && why.back() == '\n') why.pop_back();
    return Error{rung, "ended with " + std::to_string(outcome.exit_code) + ": " + why};
  }
  try {
    LadderAnswer answer = read_answer(nlohmann::json::parse(outcome.output));
    answer.cpu_s = children_cpu_s() - before;
    return answer;
  } catch (const nlohmann::json::exception& error) {
    return Error{rung, std::string("no result document: ") + error.what()};
  }
}

/// A folder that goes with its files, unless it is to be kept.
class Folder {
 public:
  static Result<Folder> make(const std::string& keep) {
    std::error_code failed;
    if (!keep.empty()) {
      std::filesystem::create_directories(keep, failed);
      if (failed) return Error{"--keep " + keep, failed.message()};
      return Folder(keep, false);
    }
    std::string name = (std::filesystem::temp_directory_path(failed) / "ladder-XXXXXX").string();
    if (failed || mkdtemp(name.data()) == nullptr) return Error{name, "cannot be made"};
    return Folder(name, true);
  }
  Folder(Folder&& other) noexcept : path_(std::move(other.path_)), remove_(other.remove_) {
    other.remove_ = false;
  }
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (remove_) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  Folder(std::string path, bool remove) : path_(std::move(path)), remove_(remove) {}
  std::string path_;
  bool remove_;
};

LadderRun climb(const LadderOptions& options, std::uint64_t index, bool wide,
                const std::string& folder) {
  const auto drawn = wide
                         ? validation::ladder_scenario(options.seed, index, validation::kWideLadder)
                         : validation::ladder_scenario(options.seed, index);
  LadderRun run;
  run.index = index;
  run.wide = wide;
  run.summary = drawn.summary;
  const std::string file = folder + (wide ? "/wide-" : "/ladder-") + std::to_string(options.seed) +
                           "-" + std::to_string(index) + ".jsonc";
  if (!(std::ofstream(file) << drawn.text).flush()) {
    run.failure = file + ": cannot be written";
    return run;
  }
  for (std::size_t i = first_rung(wide); i < kLadder.size(); ++i) {
    auto answer = answer_at(kLadder[i], file);
    if (interrupted()) break;
    if (!answer) {
      run.failure = answer.error().text();
      break;
    }
    run.answers.push_back(std::move(answer).value());
  }
  return run;
}

void say(const LadderRun& run, std::uint64_t done, std::uint64_t all) {
  std::string cost;
  for (const LadderAnswer& a : run.answers) {
    char text[40];
    std::snprintf(text, sizeof text, " %s %.1f s", a.rung.c_str(), a.cpu_s);
    cost += text;
  }
  std::fprintf(stderr, "%llu of %llu: %s;%s%s\n", static_cast<unsigned long long>(done),
               static_cast<unsigned long long>(all), run.summary.c_str(), cost.c_str(),
               run.failure.empty() ? "" : (" FAILED: " + run.failure).c_str());
}

std::string percent(double share) {
  if (share < 0) return "";
  char text[24];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * share);
  return text;
}

std::string of(std::size_t part, std::size_t all) {
  return all == 0 ? "" : std::to_string(part) + "/" + std::to_string(all);
}

using Row = std::vector<std::string>;

std::string table(const std::vector<Row>& rows, bool markdown) {
  std::vector<std::size_t> width(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line, rule;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string pad(width[i] - rows[r][i].size(), ' ');
      line += markdown ? "| " + rows[r][i] + pad + " " : (i > 0 ? "  " : "") + rows[r][i] + pad;
      rule += markdown ? "|" + std::string(width[i] + 2, '-')
                       : (i > 0 ? "  " : "") + std::string(width[i], '-');
    }
    while (!markdown && !line.empty() && line.back() == ' ') line.pop_back();
    out += line + (markdown ? "|\n" : "\n");
    if (r == 0) out += rule + (markdown ? "|\n" : "\n");
  }
  return out;
}

std::string families_table(const LadderOutcome& outcome, bool markdown) {
  std::vector<Row> rows{{"rungs", "family", "scenarios", "median", "p90", "largest", "where",
                         "target", "covered", "by own terms"}};
  for (const LadderPair& pair : outcome.pairs) {
    const char* wide = pair.wide ? "wide " : "";
    for (const validation::LadderRow& r : pair.step.rows) {
      rows.push_back({wide + pair.step.below + " -> " + pair.step.above,
                      validation::kLadderFamilyNames[static_cast<std::size_t>(r.family)],
                      std::to_string(r.scenarios), percent(r.median), percent(r.p90),
                      percent(r.most), r.worst_figure + " of " + std::to_string(r.worst_scenario),
                      percent(r.target), of(r.covered, r.with_error),
                      of(r.covered_by_own, r.with_error)});
    }
  }
  return table(rows, markdown);
}

/// Scenario by scenario: what it is, where it is saturated, the largest disagreement of each rung
/// with the one below, CPU of it all.
std::string scenarios_table(const LadderOutcome& outcome, bool markdown) {
  std::vector<Row> rows{
      {"no.", "scenario", "busy over 95 %", "bundled", "fleet", "analytic", "CPU of each, s"}};
  for (const LadderRun& run : outcome.runs) {
    Row row{name_of(run), run.summary, run.answers.empty() ? "" : run.answers.front().saturated};
    if (run.wide) row.emplace_back();
    for (const LadderPair& pair : outcome.pairs) {
      if (pair.wide != run.wide) continue;
      double most = -1;
      for (const validation::Disagreement& d : pair.disagreements) {
        if (d.scenario == run.index) most = std::max(most, d.difference);
      }
      row.push_back(percent(most));
    }
    std::string cost;
    for (const LadderAnswer& a : run.answers) {
      char text[24];
      std::snprintf(text, sizeof text, "%s%.1f", cost.empty() ? "" : " ", a.cpu_s);
      cost += text;
    }
    row.push_back(cost);
    rows.push_back(row);
  }
  return table(rows, markdown);
}

nlohmann::json row_json(const validation::LadderRow& r) {
  return {{"family", validation::kLadderFamilyNames[static_cast<std::size_t>(r.family)]},
          {"scenarios", r.scenarios},
          {"median", r.median},
          {"p90", r.p90},
          {"max", r.most},
          {"worst", {{"scenario", r.worst_scenario}, {"figure", r.worst_figure}}},
          {"target", r.target < 0 ? nlohmann::json() : nlohmann::json(r.target)},
          {"with_error", r.with_error},
          {"covered", r.covered},
          {"covered_by_own_terms", r.covered_by_own}};
}

nlohmann::json disagreement_json(const validation::Disagreement& d) {
  nlohmann::json out = {
      {"scenario", d.scenario},
      {"family", validation::kLadderFamilyNames[static_cast<std::size_t>(d.family)]},
      {"figure", d.figure},
      {"below", d.below},
      {"above", d.above},
      {"difference", d.difference}};
  if (d.has_error) {
    out["error"] = d.error;
    out["own_error"] = d.own_error;
    out["unknown_component"] = d.unknown;
    out["covered"] = d.covered();
  }
  return out;
}

}  // namespace

bool LadderOutcome::sound() const {
  for (const LadderRun& run : runs) {
    if (!run.failure.empty()) return false;
    for (const LadderAnswer& answer : run.answers) {
      if (!answer.broken.empty()) return false;
    }
  }
  return true;
}

Result<LadderOutcome> climb_ladder(const LadderOptions& options) {
  const auto folder = Folder::make(options.keep);
  if (!folder) return folder.error();
  LadderOutcome outcome;
  outcome.options = options;
  for (const bool wide : {false, true}) {
    const std::size_t first_pair = outcome.pairs.size();
    for (std::size_t above = first_rung(wide) + 1; above < kLadder.size(); ++above) {
      outcome.pairs.push_back({wide, {}, {}});
    }
    for (std::uint64_t i = 0; i < options.scenarios && !interrupted(); ++i) {
      LadderRun run = climb(options, options.first + i, wide, folder->path());
      if (interrupted()) break;
      say(run, i + 1, options.scenarios);
      for (std::size_t above = 1; above < run.answers.size(); ++above) {
        auto found = validation::compare(run.index, run.answers[above - 1], run.answers[above]);
        auto& all = outcome.pairs[first_pair + above - 1].disagreements;
        all.insert(all.end(), found.begin(), found.end());
      }
      outcome.runs.push_back(std::move(run));
    }
    for (std::size_t i = first_pair; i < outcome.pairs.size(); ++i) {
      const std::size_t above = first_rung(wide) + 1 + i - first_pair;
      LadderPair& pair = outcome.pairs[i];
      pair.step = validation::summarize(kLadder[above - 1], kLadder[above], pair.disagreements);
    }
  }
  return outcome;
}

nlohmann::json to_json(const LadderOutcome& outcome) {
  nlohmann::json document = {{"schema", "fleetcache.ladder.v1"},
                             {"seed", outcome.options.seed},
                             {"first", outcome.options.first}};
  for (const LadderRun& run : outcome.runs) {
    nlohmann::json entry = {{"scenario", run.index}, {"wide", run.wide}, {"summary", run.summary}};
    if (!run.failure.empty()) entry["failure"] = run.failure;
    for (const LadderAnswer& a : run.answers) {
      // No CPU time: the document is the same on every run.
      entry["rungs"][a.rung] = {{"saturated", a.saturated}, {"broken", a.broken}};
    }
    document["scenarios"].push_back(entry);
  }
  for (const LadderPair& pair : outcome.pairs) {
    const validation::LadderStep& step = pair.step;
    nlohmann::json entry = {{"wide", pair.wide},
                            {"below", step.below},
                            {"above", step.above},
                            {"scenarios", step.scenarios},
                            {"covered", step.covered},
                            {"figures", step.figures},
                            {"figures_covered", step.figures_covered},
                            {"figures_covered_by_own_terms", step.figures_covered_by_own},
                            {"figures_with_unknown_component", step.figures_unknown},
                            {"families", nlohmann::json::array()},
                            {"figures_compared", nlohmann::json::array()}};
    for (const auto& row : step.rows) entry["families"].push_back(row_json(row));
    for (const auto& d : pair.disagreements) {
      entry["figures_compared"].push_back(disagreement_json(d));
    }
    document["steps"].push_back(entry);
  }
  return document;
}

std::string ladder_text(const LadderOutcome& outcome, bool markdown) {
  std::string out =
      scenarios_table(outcome, markdown) + "\n" + families_table(outcome, markdown) + "\n";
  for (const LadderPair& pair : outcome.pairs) {
    const validation::LadderStep& step = pair.step;
    char text[300];
    std::snprintf(text, sizeof text,
                  "%s%s -> %s: the error vector covers %zu of %zu figures (%zu by the rung's own "
                  "terms, %zu have a term that is not estimated) and all figures of %zu of %zu "
                  "scenarios\n",
                  pair.wide ? "wide " : "", step.below.c_str(), step.above.c_str(),
                  step.figures_covered, step.figures, step.figures_covered_by_own,
                  step.figures_unknown, step.covered, step.scenarios);
    out += text;
  }
  for (const LadderRun& run : outcome.runs) {
    if (!run.failure.empty()) {
      out += "FAILED, scenario " + name_of(run) + ": " + run.failure + "\n";
    }
    for (const LadderAnswer& a : run.answers) {
      if (a.broken.empty()) continue;
      out += "BROKEN at rung " + a.rung + ", scenario " + name_of(run) + ": " + a.broken + "\n";
    }
  }
  return out;
}

}  // namespace fleetcache::cli
