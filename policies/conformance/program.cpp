// The suite as a program: a line a case, or JSON.
#include <cstdio>
#include <cstring>

#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

const char* const kVerdicts[] = {"PASS", "FAIL", "SKIP"};

std::string capabilities_text(std::uint32_t bits) {
  static const char* const kNames[] = {"ERASE",  "PIN",     "PHASES",     "FILL",    "TOUCH",
                                       "TTL",    "TENANTS", "PREFIX",     "GROUPS",  "RESIZE",
                                       "PARAMS", "RESTART", "PLACEMENT",  "PLUGINS", "LOG",
                                       "STATS",  "CHARGES", "ENTRY_LIMIT"};
  std::string out;
  for (std::uint32_t k = 0; k < sizeof kNames / sizeof kNames[0]; ++k) {
    if ((bits & (1U << k)) != 0) out += (out.empty() ? "" : " ") + std::string(kNames[k]);
  }
  return out;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

struct Printer {
  bool json = false;
  bool first = true;
};

void print_line(const fcp_conform_result& result) {
  std::printf("%s %s: expected %s; saw %s", kVerdicts[result.verdict], result.name, result.expected,
              result.seen);
  if (result.missing != 0) std::printf(" (%s)", capabilities_text(result.missing).c_str());
  std::printf("\n");
}

void print_json(const fcp_conform_result& result, bool first) {
  std::printf("%s  {\"case\": %s, \"verdict\": \"%s\", \"expected\": %s, \"seen\": %s",
              first ? "" : ",\n", quoted(result.name).c_str(), kVerdicts[result.verdict],
              quoted(result.expected).c_str(), quoted(result.seen).c_str());
  if (result.missing != 0) {
    std::printf(", \"missing\": %s", quoted(capabilities_text(result.missing)).c_str());
  }
  std::printf("}");
}

void print(void* context, const fcp_conform_result* result) {
  auto& printer = *static_cast<Printer*>(context);
  if (printer.json) {
    print_json(*result, printer.first);
  } else {
    print_line(*result);
  }
  printer.first = false;
  std::fflush(stdout);
}

int list() {
  for (const Case& each : all_cases()) {
    const std::string needs = capabilities_text(each.capabilities);
    std::printf("%s: %s%s%s%s\n", each.name, each.expected, needs.empty() ? "" : " (",
                needs.c_str(), needs.empty() ? "" : ")");
  }
  return 0;
}

int run(const fcp_conform_host* host, bool json, const char* only) {
  Printer printer{json, true};
  fcp_conform_summary sum = {};
  char message[256];
  const char* name = host != nullptr && host->name != nullptr ? host->name : "unnamed";
  if (json) std::printf("{\"host\": %s, \"cases\": [\n", quoted(name).c_str());
  const int code = fcp_conform_run(host, only, print, &printer, &sum, message, sizeof message);
  if (json) {
    std::printf("\n], \"passed\": %u, \"failed\": %u, \"skipped\": %u, \"error\": %s}\n",
                sum.passed, sum.failed, sum.skipped, quoted(message).c_str());
  } else {
    std::printf("%s: %u passed, %u failed, %u skipped\n", name, sum.passed, sum.failed,
                sum.skipped);
  }
  if (message[0] != '\0') std::fprintf(stderr, "%s: %s\n", name, message);
  return code;
}

}  // namespace
}  // namespace fleetcache::conformance

int fcp_conform_main(const fcp_conform_host* host, int argc, char** argv) {
  bool json = false;
  const char* only = nullptr;
  for (int k = 1; k < argc; ++k) {
    if (std::strcmp(argv[k], "--list") == 0) return fleetcache::conformance::list();
    if (std::strcmp(argv[k], "--json") == 0) {
      json = true;
    } else if (argv[k][0] == '-' || only != nullptr) {
      std::fprintf(stderr, "usage: %s [--json] [--list] [CASE]\n", argv[0]);
      return 2;
    } else {
      only = argv[k];
    }
  }
  return fleetcache::conformance::run(host, json, only);
}
