#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/io/format.hpp"
#include "sim/cli/check_warnings.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/fleet.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world/failures.hpp"
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
  for (const world::PlannedEvent& event : world::plan_events(scenario, *fleet)) {
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
  const world::Estimate cost = world::estimate(loaded.scenario);
  return {{"digest", loaded.digest},
          {"regions", loaded.scenario.regions.size()},
          {"nodes", nodes},
          {"gpus", gpus},
          {"workloads", loaded.scenario.training.size() + loaded.scenario.inference.size()},
          {"events", loaded.scenario.events.size()},
          {"plan", plan_summary(loaded.scenario)},
          {"variants", loaded.scenario.variants.size()},
          {"kinds", kinds},
          {"exact",
           {{"requests", cost.requests},
            {"memory_bytes", cost.memory_bytes},
            {"cpu_seconds", cost.cpu_seconds}}}};
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

void print_summary(const std::string& file, const nlohmann::json& s) {
  const auto n = [&](const char* key) { return s.at(key).get<std::uint64_t>(); };
  std::printf("%s  ok  %s, %s, %s, %s, %s  digest %s\n", file.c_str(),
              counted(n("regions"), "region").c_str(), counted(n("nodes"), "node").c_str(),
              counted(n("gpus"), "GPU").c_str(), counted(n("workloads"), "workload").c_str(),
              counted(n("events"), "event").c_str(),
              s.at("digest").get_ref<const std::string&>().c_str());
  std::string kinds;
  for (const auto& [kind, count] : s.at("kinds").items()) {
    kinds += (kinds.empty() ? "" : ", ") + grouped(count.get<std::uint64_t>()) + " " + kind;
  }
  const std::string plan = plan_line(s.at("plan"));
  if (!plan.empty()) std::printf("  events      %s\n", plan.c_str());
  const nlohmann::json& cost = s.at("exact");
  std::printf("  numbers     %s\n  exact rung  %s requests, %s, %s of CPU\n", kinds.c_str(),
              grouped(static_cast<std::uint64_t>(cost.at("requests").get<double>())).c_str(),
              analysis::io::quantity(cost.at("memory_bytes").get<double>(), "B").c_str(),
              analysis::io::quantity(cost.at("cpu_seconds").get<double>(), "s").c_str());
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
  const bool table = flags.format == "table";
  if (table) print_summary(file, document);
  for (const Error& warning : warnings(*loaded)) {
    document["warnings"].push_back({{"where", warning.where}, {"what", warning.what}});
    if (table) std::printf("  warning     %s\n", warning.text().c_str());
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
