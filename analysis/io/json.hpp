/// The result document as JSON: sorted keys, shortest round-trip numbers, the same bytes on every
/// machine.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "analysis/result.hpp"
#include "policies/base/result.hpp"

namespace fleetcache::analysis::io {

/// Two-space indented text with a newline at the end. Numbers by std::to_chars: the fewest digits
/// that read back to the same double. A number that is not finite becomes null.
std::string canonical(const nlohmann::json& value);

nlohmann::json to_json(const Result& result);

/// The parts of a document that are set beside another run: metrics, bytes, stations, binding,
/// verdict and the interrupted mark. Fails for text that is no result document v1.
fleetcache::Result<analysis::Result> read_result(const std::string& text);

}  // namespace fleetcache::analysis::io
