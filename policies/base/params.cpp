#include "policies/base/params.hpp"

#include <algorithm>
#include <charconv>

namespace fleetcache {
namespace {

template <class T>
bool parse(const std::string& text, T& out) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && stop == end;
}

std::string plain(double x) {
  std::string text = std::to_string(x);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

ParamReader::ParamReader(std::string_view policy, const Params& params)
    : policy_(policy), params_(params) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (params[i].first == params[j].first) fail(params[i].first, "given twice");
    }
  }
}

void ParamReader::fail(std::string_view key, std::string what) {
  if (failed_) return;
  failed_ = true;
  fault_ = {policy_ + " parameter \"" + std::string(key) + "\"", std::move(what)};
}

const std::string* ParamReader::text(std::string_view key) {
  used_.emplace_back(key);
  const auto found =
      std::find_if(params_.begin(), params_.end(), [&](const auto& p) { return p.first == key; });
  return found == params_.end() ? nullptr : &found->second;
}

double ParamReader::number(std::string_view key, double fallback, double low, double high) {
  const std::string* given = text(key);
  if (given == nullptr) return fallback;
  double value = 0;
  if (!parse(*given, value) || !(value >= low && value <= high)) {
    fail(key, "\"" + *given + "\" is not a number from " + plain(low) + " to " + plain(high));
    return fallback;
  }
  return value;
}

std::uint32_t ParamReader::integer(std::string_view key, std::uint32_t fallback, std::uint32_t low,
                                   std::uint32_t high) {
  const std::string* given = text(key);
  if (given == nullptr) return fallback;
  std::uint32_t value = 0;
  if (!parse(*given, value) || value < low || value > high) {
    fail(key, "\"" + *given + "\" is not a whole number from " + std::to_string(low) + " to " +
                  std::to_string(high));
    return fallback;
  }
  return value;
}

Status ParamReader::finish() const {
  if (failed_) return fault_;
  for (const auto& [key, value] : params_) {
    if (std::find(used_.begin(), used_.end(), key) != used_.end()) continue;
    std::string known;
    for (const std::string& name : used_) known += (known.empty() ? "" : ", ") + name;
    return Error{policy_ + " parameter \"" + key + "\"",
                 known.empty() ? "this policy takes no parameters" : "unknown; it takes " + known};
  }
  return Nothing{};
}

}  // namespace fleetcache
