#include "sim/traces/mooncake.hpp"

#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "sim/traces/json_cursor.hpp"

namespace fleetcache::traces {

namespace {

constexpr int kMsToNsDigits = 6;
constexpr std::size_t kRequired = 4;
constexpr std::array<std::string_view, 5> kKeys = {"timestamp", "input_length", "output_length",
                                                   "hash_ids", "tenant"};

bool read_tokens(JsonCursor& json, std::uint32_t& tokens) {
  const std::size_t start = json.position();
  std::uint64_t value = 0;
  if (!json.unsigned_number(value)) return false;
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    return json.fail_at(start, std::to_string(value) + " tokens are more than 2^32 - 1");
  }
  tokens = static_cast<std::uint32_t>(value);
  return true;
}

bool read_blocks(JsonCursor& json, std::vector<std::uint64_t>& blocks) {
  if (!json.expect('[')) return false;
  if (json.accept(']')) return true;
  do {
    std::uint64_t id = 0;
    if (!json.unsigned_number(id)) return false;
    blocks.push_back(id);
  } while (json.accept(','));
  return json.expect(']');
}

bool read_member(JsonCursor& json, KvRequest& request, unsigned& seen) {
  const std::size_t start = json.position();
  std::string_view name;
  if (!json.key(name) || !json.expect(':')) return false;
  std::size_t which = 0;
  while (which < kKeys.size() && kKeys[which] != name) ++which;
  if (which == kKeys.size()) return json.skip_value();
  if ((seen >> which & 1U) != 0) {
    return json.fail_at(start, "the key \"" + std::string(name) + "\" comes twice");
  }
  seen |= 1U << which;
  switch (which) {
    case 0:
      return json.scaled_number(kMsToNsDigits, request.at_ns);
    case 1:
      return read_tokens(json, request.input_tokens);
    case 2:
      return read_tokens(json, request.output_tokens);
    case 3:
      return read_blocks(json, request.blocks);
    default:
      return json.scalar(request.tenant);
  }
}

bool read_request(JsonCursor& json, KvRequest& request) {
  request.blocks.clear();
  request.tenant.clear();
  unsigned seen = 0;
  if (!json.expect('{')) return false;
  if (!json.accept('}')) {
    do {
      if (!read_member(json, request, seen)) return false;
    } while (json.accept(','));
    if (!json.expect('}')) return false;
  }
  for (std::size_t i = 0; i < kRequired; ++i) {
    if ((seen >> i & 1U) == 0) {
      return json.fail_at(0, "the key \"" + std::string(kKeys[i]) + "\" is missing");
    }
  }
  return json.end();
}

}  // namespace

Result<MooncakeReader> MooncakeReader::open(const std::string& path) {
  auto source = ByteSource::open(path);
  if (!source) return source.error();
  return MooncakeReader(std::move(source).value());
}

Result<bool> MooncakeReader::next(KvRequest& request) {
  std::string_view line;
  do {
    const auto more = lines_.next(line);
    if (!more) return more.error();
    if (!*more) return false;
  } while (line.find_first_not_of(" \t") == std::string_view::npos);
  JsonCursor json(line);
  if (line[line.find_first_not_of(" \t")] != '{') {
    return Error{lines_.place(1 + line.find_first_not_of(" \t")),
                 "want a Mooncake JSONL trace, one {\"timestamp\": ..., \"hash_ids\": [...]} a "
                 "line, but this line does not start with '{'"};
  }
  if (!read_request(json, request)) return Error{lines_.place(json.column()), json.fault()};
  return true;
}

Result<std::vector<KvRequest>> read_mooncake(const std::string& path) {
  auto reader = MooncakeReader::open(path);
  if (!reader) return reader.error();
  std::vector<KvRequest> requests;
  KvRequest request;
  for (;;) {
    const auto more = reader->next(request);
    if (!more) return more.error();
    if (!*more) break;
    if (!requests.empty() && request.at_ns < requests.back().at_ns) {
      return Error{reader->lines().place(1),
                   "the timestamp is earlier than that of the request before"};
    }
    requests.push_back(request);
  }
  if (requests.empty()) return Error{path, "holds no requests"};
  return requests;
}

}  // namespace fleetcache::traces
