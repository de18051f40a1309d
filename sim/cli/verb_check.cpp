#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/io/format.hpp"
#include "sim/cli/check_warnings.hpp"
#include "sim/cli/columns.hpp"
#include "sim/cli/run_plan.hpp"
#include "sim/cli/verb.hpp"
#include "sim/events/plan.hpp"
#include "sim/scenario/fleet.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::cli {
namespace {

using analysis::io::grouped;

struct CheckFlags {
  std::vector<std::string> files;
  std::vector<std::string> settings;
  std::string format = "table";
};

/// "3 regions" or "1 region".
std::string counted(std::uint64_t n, const std::string& thing) {
  return grouped(n) + " " + thing + (n == 1 ? "" : "s");
}

/// Events as they will be played: those that were written (a rolling upgrade is as many as it has
/// waves) and the random failures that were drawn, by cause.
nlohmann::json plan_summary(const scenario::Scenario& scenario) {
  const auto fleet = scenario::build_fleet(scenario, scenario.origin.path);
  if (!fleet) return nullptr;  // a run will say why
  std::uint64_t planned = 0, drawn = 0;
  std::map<std::string, std::uint64_t> causes;
  for (const events::PlannedEvent& event : events::plan_events(scenario, *fleet)) {
    ++(event.random ? drawn : planned);
    if (event.random) ++causes[event.cause];
  }
  return {{"planned", planned}, {"drawn", drawn}, {"drawn_by_cause", causes}};
}

nlohmann::json summary(const scenario::Loaded& loaded) {
  std::uint64_t nodes = 0;
  std::uint64_t gpus = 0;
  for (const auto& [name, region] : loaded.scenario.regions) {
    for (const auto& [pool_name, pool] : region.pools) {
      nodes += pool.nodes;
      gpus += std::uint64_t{pool.nodes} * pool.sku.gpus;
    }
  }
  std::map<std::string, std::uint64_t> kinds;
  for (const auto& [path, value] : loaded.provenance) {
    if (!value.kind.empty()) ++kinds[value.kind];
  }
  return {{"digest", loaded.digest},
          {"regions", loaded.scenario.regions.size()},
          {"nodes", nodes},
          {"gpus", gpus},
          {"workloads", loaded.scenario.training.size() + loaded.scenario.inference.size()},
          {"events", loaded.scenario.events.size()},
          {"plan", plan_summary(loaded.scenario)},
          {"variants", loaded.scenario.variants.size()},
          {"kinds", kinds}};
}

/// One row for each rung: one run, and all runs of `run FILE` without other flags.
nlohmann::json price_of_rung(const StudyCost& cost, const std::string& beyond) {
  return {{"requests", cost.base.requests},
          {"memory_bytes", cost.base.memory_bytes},
          {"cpu_seconds", cost.base.cpu_seconds},
          {"runs", cost.jobs.size()},
          {"all_memory_bytes", cost.memory_bytes()},
          {"all_cpu_seconds", cost.cpu_s()},
          {"beyond", beyond}};
}

nlohmann::json price_of_closed_forms(const scenario::Scenario& s) {
  const std::size_t answers = 2 + s.variants.size();  // the base and the +10 % re-run
  const std::string missing = needs_simulation(s);
  const bool reckoned = missing == "events" || missing == "failures";
  const std::string beyond = missing.empty() ? ""
                             : reckoned      ? missing + " by arithmetic"
                                             : "no " + missing;
  std::uint64_t nodes = 0;
  for (const auto& [name, region] : s.regions)
    for (const auto& [pool_name, pool] : region.pools) nodes += pool.nodes;
  const double one_s = closed_form_cpu_s(nodes);
  return {{"requests", nullptr},
          {"memory_bytes", kClosedFormBytes},
          {"cpu_seconds", one_s},
          {"runs", answers},
          {"all_memory_bytes", kClosedFormBytes},  // one process, one after another
          {"all_cpu_seconds", one_s * static_cast<double>(answers)},
          {"beyond", beyond}};
}

/// What a run would take at each rung, and which one `--rung auto` would take, by the limits that
/// `run` has unless told otherwise.
nlohmann::json prices(const std::string& file, const std::vector<std::string>& settings,
                      const scenario::Loaded& loaded) {
  RunFlags flags;
  flags.what = file;
  flags.settings = settings;
  const Limits limits = limits_of(flags).value();
  std::map<world::Rung, StudyCost> costs;
  const Price price = price_of(flags, loaded);
  for (const world::Rung rung : world::kRungsBuilt) costs[rung] = price(rung);
  nlohmann::json rungs = nlohmann::json::object();
  for (const auto& [rung, cost] : costs) {
    rungs[world::name_of(rung)] = price_of_rung(cost, beyond(cost, rung, limits));
  }
  rungs["analytic"] = price_of_closed_forms(loaded.scenario);
  const auto choice = choose_rung(
      loaded.scenario, "auto", [&](world::Rung rung) { return costs.at(rung); }, limits);
  nlohmann::json automatic = {{"rung", nullptr}, {"why", ""}};
  if (choice) {
    automatic = {{"rung", choice->analytic ? "analytic" : world::name_of(choice->rung)},
                 {"why", choice->reason}};
  } else {
    automatic["why"] = choice.error().text();
  }
  return {{"rung", loaded.scenario.rung},
          {"rungs", rungs},
          {"exact", rungs.at("exact")},
          {"auto", automatic},
          {"limits", {{"memory", limits.memory_text}, {"time", limits.time_text}}}};
}

/// "9 planned, 209 drawn (200 node, 9 tor)"; empty where nothing happens.
std::string plan_line(const nlohmann::json& plan) {
  if (plan.is_null()) return {};
  const auto planned = plan.at("planned").get<std::uint64_t>();
  const auto drawn = plan.at("drawn").get<std::uint64_t>();
  if (planned + drawn == 0) return {};
  std::string causes;
  for (const auto& [cause, n] : plan.at("drawn_by_cause").items()) {
    causes += (causes.empty() ? " (" : ", ") + grouped(n.get<std::uint64_t>()) + " " + cause;
  }
  return grouped(planned) + " planned, " + grouped(drawn) + " drawn" +
         (causes.empty() ? "" : causes + ")");
}

/// A labelled line of the summary, as wide as the terminal.
void put(const std::string& label, const std::string& text) {
  std::string prefix = "  " + label;
  prefix.resize(14, ' ');
  std::fputs(hanging(prefix, text, terminal_width()).c_str(), stdout);
}

void print_prices(const nlohmann::json& s) {
  using analysis::io::quantity;
  Columns table;
  table.head = {"  rung", "requests", "memory", "CPU", "runs", "memory", "CPU", ""};
  for (const char* rung : {"exact", "bundled", "fleet", "analytic"}) {
    const nlohmann::json& p = s.at("rungs").at(rung);
    std::string requests = "-";
    if (p.at("requests").is_number()) {
      requests = quantity(p.at("requests").get<double>(), "1/s");
      requests.resize(requests.size() - 2);
    }
    table.rows.push_back(
        {std::string("  ") + rung, requests, quantity(p.at("memory_bytes").get<double>(), "B"),
         quantity(p.at("cpu_seconds").get<double>(), "s"),
         std::to_string(p.at("runs").get<std::size_t>()),
         quantity(p.at("all_memory_bytes").get<double>(), "B"),
         quantity(p.at("all_cpu_seconds").get<double>(), "s"), p.at("beyond").get<std::string>()});
  }
  const nlohmann::json& limits = s.at("limits");
  put("cost",
      "one run: requests, memory, CPU; all runs of `run`, two at once: runs, memory, CPU, within " +
          limits.at("memory").get<std::string>() + " and " + limits.at("time").get<std::string>());
  std::fputs(table.text(terminal_width()).c_str(), stdout);
  const nlohmann::json& automatic = s.at("auto");
  const std::string why = automatic.at("why").get<std::string>();
  put("rung", s.at("rung").get<std::string>() + " (of the scenario); --rung auto " +
                  (automatic.at("rung").is_null()
                       ? "refuses: " + why
                       : "takes " + automatic.at("rung").get<std::string>() + ": " + why));
}

void print_summary(const std::string& file, const nlohmann::json& s) {
  const auto n = [&](const char* key) { return s.at(key).get<std::uint64_t>(); };
  std::fputs(
      hanging(file + "  ", "ok, digest " + s.at("digest").get<std::string>(), terminal_width())
          .c_str(),
      stdout);
  put("fleet", counted(n("regions"), "region") + ", " + counted(n("nodes"), "node") + ", " +
                   counted(n("gpus"), "GPU") + ", " + counted(n("workloads"), "workload") + ", " +
                   counted(n("events"), "event"));
  std::string kinds;
  for (const auto& [kind, count] : s.at("kinds").items()) {
    kinds += (kinds.empty() ? "" : ", ") + grouped(count.get<std::uint64_t>()) + " " + kind;
  }
  const std::string plan = plan_line(s.at("plan"));
  if (!plan.empty()) put("events", plan);
  put("numbers", kinds);
  print_prices(s);
}

/// One file: its errors, or else its summary and what is hardly meant.
nlohmann::json check_one(const std::string& file, const CheckFlags& flags, Session& session) {
  nlohmann::json document = {{"file", file},
                             {"ok", true},
                             {"errors", nlohmann::json::array()},
                             {"warnings", nlohmann::json::array()}};
  const auto refuse = [&](const Error& error) {
    document["ok"] = false;
    document["errors"].push_back({{"where", error.where}, {"what", error.what}});
    fail(session, kBadInput, error.text());
  };
  for (const Error& error : scenario::problems(file, flags.settings)) refuse(error);
  if (document["ok"] == false) return document;
  const auto loaded = scenario::load(file, flags.settings);
  if (!loaded) return refuse(loaded.error()), document;  // changed meanwhile
  for (const Error& error : trace_errors(*loaded)) refuse(error);
  if (document["ok"] == false) return document;
  document.update(summary(*loaded));
  document.update(prices(file, flags.settings, *loaded));
  const bool table = flags.format == "table";
  if (table) print_summary(file, document);
  for (const Error& warning : warnings(*loaded)) {
    document["warnings"].push_back({{"where", warning.where}, {"what", warning.what}});
    if (table) put("warning", warning.text());
  }
  return document;
}

void check(const CheckFlags& flags, Session& session) {
  nlohmann::json documents = nlohmann::json::array();
  for (const std::string& file : flags.files) documents.push_back(check_one(file, flags, session));
  if (flags.format == "json")
    std::printf("%s\n",
                documents.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto* verb =
      app.add_subcommand("check", "validate scenarios: every error, and what a run would cost");
  const auto flags = std::make_shared<CheckFlags>();
  verb->add_option("scenario", flags->files, "files or presets")->required();
  verb->add_option("--set", flags->settings, "path=value, over the file; repeatable")
      ->take_all()
      ->type_name("PATH=VALUE");
  verb->add_option("--format", flags->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  verb->callback([flags, &session] { check(*flags, session); });
}

}  // namespace fleetcache::cli
