#include <string>

#include "policies/pacing/presets.hpp"

namespace fleetcache::pacing {
namespace {

using Make = Config (*)();

struct Line {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  Make make;
};

constexpr Line kLines[] = {
#define PACING_PRESET(ident, name, summary, source) {name, summary, source, ident##_pacing},
#include "policies/pacing/pacing_presets.def"
#undef PACING_PRESET
};

constexpr std::uint32_t bit(Kind kind) { return 1U << static_cast<std::uint32_t>(kind); }
constexpr std::uint32_t kMarks =
    bit(Kind::kSynchronous) | bit(Kind::kWatermark) | bit(Kind::kSlope);
constexpr std::uint32_t kPolled = bit(Kind::kWatermark) | bit(Kind::kSlope) | bit(Kind::kRatio);
constexpr std::uint32_t kRounds = bit(Kind::kSynchronous) | bit(Kind::kWatermark);
constexpr std::uint32_t kAny = kMarks | kPolled | bit(Kind::kDeadline);

enum class Unit : std::uint8_t { kPpm, kMilliseconds, kCount };

/// A parameter: where it is in a Config, in which kinds it means something.
struct Key {
  std::string_view name;
  std::string_view meaning;
  std::uint32_t kinds;
  Unit unit;
  std::uint32_t Config::*number;
  Duration Config::*span;
};

constexpr Key kKeys[] = {
    {"high", "share of the capacity above which eviction begins", kMarks | kPolled, Unit::kPpm,
     &Config::high_ppm, nullptr},
    {"low", "share at which it ends", kMarks, Unit::kPpm, &Config::low_ppm, nullptr},
    {"ratio", "share to drop", bit(Kind::kRatio), Unit::kPpm, &Config::ratio_ppm, nullptr},
    {"period_ms", "between polls", kPolled, Unit::kMilliseconds, nullptr, &Config::period},
    {"max_entries", "victims an order, 0 without bound", kRounds, Unit::kCount,
     &Config::max_entries, nullptr},
    {"max_rounds", "orders a poll or put, 0 without bound", kRounds, Unit::kCount,
     &Config::max_rounds, nullptr},
    {"timeout_ms", "entries idle for so long go, 0 never", kAny, Unit::kMilliseconds, nullptr,
     &Config::timeout},
};

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::uint32_t kLongestMs = 4'000'000'000;

/// "0.95" of 950000.
std::string share_text(std::uint32_t ppm) {
  std::string text = std::to_string(kMillion + ppm);
  text = std::to_string(ppm / kMillion) + "." + text.substr(text.size() - 6);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string value_text(const Key& key, const Config& config) {
  if (key.unit == Unit::kPpm) return share_text(config.*key.number);
  if (key.unit == Unit::kMilliseconds)
    return std::to_string((config.*key.span).count / kMillisecond);
  return std::to_string(config.*key.number);
}

struct Infos {
  std::vector<std::vector<std::string>> texts;  ///< what the views of `infos` look at
  std::vector<PolicyInfo> infos;
};

Infos make_infos() {
  Infos out;
  for (const Line& line : kLines) {
    const Config config = line.make();
    std::vector<std::string> texts;
    for (const Key& key : kKeys) {
      if ((key.kinds & bit(config.kind)) == 0) continue;
      texts.push_back(std::string(key.name) + "=" + value_text(key, config) + ": " +
                      std::string(key.meaning));
    }
    out.texts.push_back(std::move(texts));
  }
  std::size_t at = 0;
  for (const Line& line : kLines) {
    const std::vector<std::string>& texts = out.texts[at++];
    out.infos.push_back({line.name, line.summary, line.source,
                         std::vector<std::string_view>(texts.begin(), texts.end())});
  }
  return out;
}

void read(ParamReader& reader, const Key& key, Config& config) {
  if (key.unit == Unit::kPpm) {
    std::uint32_t& field = config.*key.number;
    const double share = reader.number(key.name, static_cast<double>(field) / kMillion, 0, 1);
    field = static_cast<std::uint32_t>(share * kMillion + 0.5);
  } else if (key.unit == Unit::kMilliseconds) {
    Duration& field = config.*key.span;
    const auto now = static_cast<std::uint32_t>(field.count / kMillisecond);
    field = Duration(reader.integer(key.name, now, 0, kLongestMs) * kMillisecond);
  } else {
    std::uint32_t& field = config.*key.number;
    field = reader.integer(key.name, field, 0, 0xffffffffU);
  }
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kSynchronous:
      return "synchronous";
    case Kind::kWatermark:
      return "watermark";
    case Kind::kSlope:
      return "slope";
    case Kind::kRatio:
      return "ratio";
    case Kind::kDeadline:
      return "deadline";
  }
  return "";
}

const std::vector<PolicyInfo>& policies() {
  static const Infos all = make_infos();
  return all.infos;
}

const PolicyInfo* find_policy(std::string_view name) {
  for (const PolicyInfo& info : policies()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

Result<Config> configure(std::string_view name, const Params& params) {
  const Line* line = nullptr;
  std::string known;
  for (const Line& each : kLines) {
    if (each.name == name) line = &each;
    known += (known.empty() ? "" : ", ") + std::string(each.name);
  }
  if (line == nullptr) {
    return Error{"pacing", "\"" + std::string(name) + "\" is unknown; there are " + known};
  }
  Config config = line->make();
  const Kind kind = config.kind;
  ParamReader reader(name, params);
  for (const Key& key : kKeys) {
    if ((key.kinds & bit(kind)) != 0) read(reader, key, config);
  }
  if (const Status status = reader.finish(); !status) return status.error();
  const bool marks = (kMarks & bit(kind)) != 0;
  if (!marks) config.low_ppm = config.high_ppm;
  if (config.low_ppm > config.high_ppm) {
    return Error{std::string(name), "low " + share_text(config.low_ppm) + " is above high " +
                                        share_text(config.high_ppm)};
  }
  if (kind == Kind::kDeadline && config.timeout.count == 0) {
    return Error{std::string(name), "timeout_ms 0 would never drop anything"};
  }
  return config;
}

}  // namespace fleetcache::pacing
