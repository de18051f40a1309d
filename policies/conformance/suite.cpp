// Runs the cases and tells their outcome.
#include <cstring>
#include <exception>

#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {

const Cases& all_cases() {
  static const Cases cases = [] {
    Cases all;
    for (const auto& list :
         {object_cases, accounting_cases, model_cases, pin_cases, phase_cases, fill_cases,
          touch_cases, expiry_cases, tenant_cases, structure_cases, resize_cases, parameter_cases,
          repeat_cases, restart_cases, damage_cases, placement_cases, plugin_cases}) {
      for (const Case& each : list()) all.push_back(each);
    }
    return all;
  }();
  return cases;
}

namespace {

/// The first call that a host promises and does not have; null when all are there.
const char* missing_call(const fcp_conform_host& h) {
  const struct {
    std::uint32_t capability;  // 0: every host
    bool there;
    const char* name;
  } calls[] = {
      {0, h.reset != nullptr, "reset"},
      {0, h.get != nullptr, "get"},
      {0, h.put != nullptr, "put"},
      {0, h.resident != nullptr, "resident"},
      {0, h.used != nullptr, "used"},
      {FCP_CONFORM_ERASE, h.erase != nullptr, "erase"},
      {FCP_CONFORM_PIN, h.pin != nullptr, "pin"},
      {FCP_CONFORM_PIN, h.unpin != nullptr, "unpin"},
      {FCP_CONFORM_TTL, h.advance != nullptr, "advance"},
      {FCP_CONFORM_TTL, h.now != nullptr, "now"},
      {FCP_CONFORM_LOG, h.drain != nullptr, "drain"},
      {FCP_CONFORM_STATS, h.stats != nullptr, "stats"},
      {FCP_CONFORM_PHASES, h.evict_begin != nullptr, "evict_begin"},
      {FCP_CONFORM_PHASES, h.evict_end != nullptr, "evict_end"},
      {FCP_CONFORM_FILL, h.fill_begin != nullptr, "fill_begin"},
      {FCP_CONFORM_FILL, h.fill_end != nullptr, "fill_end"},
      {FCP_CONFORM_TOUCH, h.touch_later != nullptr, "touch_later"},
      {FCP_CONFORM_TOUCH, h.touch_flush != nullptr, "touch_flush"},
      {FCP_CONFORM_RESIZE, h.set_capacity != nullptr, "set_capacity"},
      {FCP_CONFORM_PARAMS, h.set_param != nullptr, "set_param"},
      {FCP_CONFORM_PARAMS,
       h.param_policy != nullptr && h.param_key != nullptr && h.param_values[0] != nullptr &&
           h.param_values[1] != nullptr,
       "param_policy, param_key, param_values"},
      {FCP_CONFORM_RESTART, h.save != nullptr, "save"},
      {FCP_CONFORM_RESTART, h.restart != nullptr, "restart"},
      {FCP_CONFORM_PLACEMENT, h.set_members != nullptr, "set_members"},
      {FCP_CONFORM_PLACEMENT, h.lookup != nullptr, "lookup"},
      {FCP_CONFORM_PLUGINS, h.plugin != nullptr, "plugin"},
  };
  for (const auto& call : calls) {
    const bool promised = call.capability == 0 || (h.capabilities & call.capability) != 0;
    if (promised && !call.there) return call.name;
  }
  return nullptr;
}

std::string unusable(const fcp_conform_host* host) {
  if (host == nullptr) return "there is no host";
  if (host->struct_size != sizeof(fcp_conform_host)) {
    return "the host's struct has " + std::to_string(host->struct_size) + " bytes where " +
           std::to_string(sizeof(fcp_conform_host)) + " are needed";
  }
  if ((host->capabilities & ~std::uint32_t{FCP_CONFORM_ALL}) != 0) {
    return "capabilities: has unknown bits";
  }
  if (host->policies == nullptr || host->policy_count == 0) return "policies: there are none";
  if (const char* name = missing_call(*host)) return std::string(name) + ": is NULL";
  return {};
}

bool lacks_policy(const Host& host, Needs needs) {
  if (needs == Needs::kLru) return !host.has_policy("lru");
  return needs == Needs::kFifo && !host.has_policy("fifo");
}

struct Outcome {
  std::int32_t verdict = FCP_CONFORM_SKIP;
  std::string seen;
};

Outcome run_case(const Case& each, const fcp_conform_host& calls) {
  Host host(calls);
  const std::uint32_t missing = each.capabilities & ~calls.capabilities;
  if (missing != 0) return {FCP_CONFORM_SKIP, "the host does not declare what this needs"};
  if (lacks_policy(host, each.policy)) {
    return {FCP_CONFORM_SKIP, "the host does not have the policy of this case"};
  }
  try {
    return {FCP_CONFORM_PASS, each.run(host)};
  } catch (const Failure& failure) {
    return {FCP_CONFORM_FAIL, failure.seen};
  } catch (const std::exception& error) {
    return {FCP_CONFORM_FAIL, std::string("an exception: ") + error.what()};
  } catch (...) {
    return {FCP_CONFORM_FAIL, "an exception"};
  }
}

void tell(char* message, std::size_t bytes, const std::string& text) {
  if (message == nullptr || bytes == 0) return;
  const std::size_t count = text.size() < bytes - 1 ? text.size() : bytes - 1;
  std::memcpy(message, text.data(), count);
  message[count] = '\0';
}

std::int32_t run(const fcp_conform_host& host, const char* only, fcp_conform_report report,
                 void* context, fcp_conform_summary& sum) {
  for (const Case& each : all_cases()) {
    if (only != nullptr && std::strstr(each.name, only) == nullptr) continue;
    const Outcome outcome = run_case(each, host);
    sum.passed += outcome.verdict == FCP_CONFORM_PASS ? 1 : 0;
    sum.failed += outcome.verdict == FCP_CONFORM_FAIL ? 1 : 0;
    sum.skipped += outcome.verdict == FCP_CONFORM_SKIP ? 1 : 0;
    const fcp_conform_result result = {outcome.verdict, each.capabilities & ~host.capabilities,
                                       each.name, each.expected, outcome.seen.c_str()};
    if (report != nullptr) report(context, &result);
  }
  if (sum.failed > 0) return 1;
  return sum.passed > 0 ? 0 : 2;
}

}  // namespace
}  // namespace fleetcache::conformance

using namespace fleetcache::conformance;

int32_t fcp_conform_run(const fcp_conform_host* host, const char* only, fcp_conform_report report,
                        void* context, fcp_conform_summary* summary, char* message,
                        size_t message_bytes) {
  tell(message, message_bytes, "");
  fcp_conform_summary sum = {};
  if (summary != nullptr) *summary = sum;
  try {
    const std::string fault = unusable(host);
    if (!fault.empty()) {
      tell(message, message_bytes, fault);
      return 2;
    }
    const std::int32_t code = run(*host, only, report, context, sum);
    if (code == 2) tell(message, message_bytes, "no case ran");
    if (summary != nullptr) *summary = sum;
    return code;
  } catch (const std::exception& error) {
    tell(message, message_bytes, error.what());
    return 2;
  }
}
