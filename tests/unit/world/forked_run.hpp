/// Runs a scenario in a child process (SimGrid allows one engine a process) and brings the figures
/// back.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <sstream>
#include <string>

#include "sim/world/run.hpp"

namespace fleetcache::world {

struct Outcome {
  std::map<std::string, double> metrics;
  std::map<std::string, double> bytes;  // "class/tier"
  std::map<std::string, double> utilization_mean;
  std::map<std::string, std::string> fingerprint;
  std::string broken;  // conservation checks that failed, by name
  std::string error;
  double done = 0, in = 0, failed = 0, unfinished = 0;
};

inline std::string serialize(const Result<probes::Record>& result) {
  std::ostringstream out;
  out.precision(17);
  if (!result) {
    out << "error\t" << result.error().text() << "\n";
    return out.str();
  }
  for (const auto& [name, metric] : result->metrics)
    out << "m\t" << name << "\t" << metric.value << "\n";
  for (const auto& [cls, tiers] : result->bytes) {
    for (const auto& [tier, n] : tiers) out << "b\t" << cls << "/" << tier << "\t" << n << "\n";
  }
  for (const auto& [name, s] : result->stations)
    out << "u\t" << name << "\t" << s.utilization_mean << "\n";
  for (const auto& [name, text] : result->fingerprint) out << "f\t" << name << "\t" << text << "\n";
  for (const probes::Check& c : result->conservation) {
    if (!c.ok) out << "broken\t" << c.name << "\n";
  }
  const probes::Requests& r = result->requests;
  out << "r\tin\t" << r.in << "\nr\tdone\t" << r.done << "\nr\tfailed\t" << r.failed
      << "\nr\tunfinished\t" << r.unfinished << "\n";
  return out.str();
}

inline Outcome parse(const std::string& text) {
  Outcome o;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string kind, name, value;
    std::getline(fields, kind, '\t');
    std::getline(fields, name, '\t');
    std::getline(fields, value, '\t');
    if (kind == "error") o.error = name;
    if (kind == "broken") o.broken += name + "; ";
    if (kind == "m") o.metrics[name] = std::stod(value);
    if (kind == "b") o.bytes[name] = std::stod(value);
    if (kind == "u") o.utilization_mean[name] = std::stod(value);
    if (kind == "f") o.fingerprint[name] = value;
    if (kind == "r" && name == "in") o.in = std::stod(value);
    if (kind == "r" && name == "done") o.done = std::stod(value);
    if (kind == "r" && name == "failed") o.failed = std::stod(value);
    if (kind == "r" && name == "unfinished") o.unfinished = std::stod(value);
  }
  return o;
}

inline Outcome run_forked(const scenario::Scenario& scenario, const RunOptions& options = {}) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    const std::string text = serialize(run(scenario, options));
    std::size_t written = 0;
    while (written < text.size()) {
      const ssize_t n = write(ends[1], text.data() + written, text.size() - written);
      if (n <= 0) break;
      written += static_cast<std::size_t>(n);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  Outcome o = parse(text);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) o.error += " (the run died)";
  return o;
}

}  // namespace fleetcache::world
