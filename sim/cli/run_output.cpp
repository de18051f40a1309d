#include "sim/cli/run_output.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "analysis/io/format.hpp"
#include "analysis/io/json.hpp"
#include "analysis/io/out_dir.hpp"
#include "analysis/io/result_report.hpp"
#include "analysis/io/timeline_plot.hpp"
#include "sim/cli/study_companions.hpp"

namespace fleetcache::cli {
namespace {

std::string quoted(const std::string& word) {
  if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "-_=./:%+,@") == std::string::npos) {
    return word;
  }
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// What stdout can draw curves with: by the first of the locale variables that is set, as
/// setlocale.
analysis::io::Glyphs terminal_glyphs() {
  const char* locale = nullptr;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (locale == nullptr && value != nullptr && *value != '\0') locale = value;
  }
  return analysis::io::glyphs_for(std::getenv("NO_COLOR"), std::getenv("TERM"), locale);
}

double cpu_seconds(int who) {
  rusage used{};
  getrusage(who, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

std::string reproduce(const RunFlags& flags, const StudyOptions& options) {
  std::string command = "fleetcache run " + quoted(flags.what);
  for (const std::string& setting : flags.settings) command += " --set " + quoted(setting);
  command += std::string(" --rung ") + rung_name(options);
  if (!options.analytic) {
    if (options.until) {
      command += " --until " + quoted(flags.until);
      if (!flags.reps.empty()) command += " --reps " + std::to_string(options.seeds);
      command += " --reps-max " + std::to_string(options.seeds_max);
    } else {
      command += (options.average ? " --reps " : " --seeds ") + std::to_string(options.seeds);
    }
    for (const std::string& flag : refinement_flags(options.run)) command += " " + flag;
    if (flags.error != "quick") command += " --error " + flags.error;
  }
  if (flags.no_variants || !flags.variant.empty()) command += " --no-variants";
  if (flags.no_what_if) command += " --no-what-if";
  return command;
}

std::string output_text(const RunFlags& flags, const StudyOptions& options,
                        const analysis::Result& result) {
  if (flags.format == "json") return analysis::io::canonical(analysis::io::to_json(result));
  analysis::io::DescribeOptions how;
  how.plot = flags.plot || !result.timeline.marks.empty();
  how.glyphs = terminal_glyphs();
  const auto report = analysis::io::describe(result, reproduce(flags, options), how);
  return flags.format == "md" ? analysis::io::to_markdown(report) : analysis::io::to_text(report);
}

Status write_out(const RunFlags& flags, const scenario::Loaded& loaded,
                 const analysis::Result& result, std::chrono::system_clock::time_point began,
                 int exit_code) {
  using std::chrono::duration;
  const auto now = std::chrono::system_clock::now();
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  const nlohmann::json run = {{"command_line", flags.command_line},
                              {"host", host},
                              {"began_unix_s", duration<double>(began.time_since_epoch()).count()},
                              {"wall_s", duration<double>(now - began).count()},
                              {"cpu_s", cpu_seconds(RUSAGE_SELF)},
                              {"companions_cpu_s", cpu_seconds(RUSAGE_CHILDREN)},
                              {"exit_code", exit_code}};
  std::map<std::string, std::string> files = {
      {"result.json", analysis::io::canonical(analysis::io::to_json(result))},
      {"scenario.resolved.json", analysis::io::canonical(loaded.resolved)},
      {"run.json", analysis::io::canonical(run)}};
  if (!result.timeline.series.empty()) {
    files["timeline.csv"] = analysis::io::timeline_csv(result.timeline);
  }
  return analysis::io::write_directory(flags.out, files);
}

}  // namespace fleetcache::cli
