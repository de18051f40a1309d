// Agent sessions with KV block ids: one session a line of JSON, as recorded by kv-cache-tester
// (anonymised coding sessions, 2025-2026): {"id", "block_size", "hash_id_scope": "local",
// "requests": [{"t", "model", "hash_ids", ...} or {"type": "subagent", "t", "requests": [...]}]}.
//
// Ids mean something within their session alone, so an object is a block of a session. Times count
// from the start of a session and no file says when sessions began: `sessions` of them are open at
// once, and one begins when another ends. Requests of a subagent run beside those of its session.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "policies/base/hash.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/json_cursor.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/one_by_one.hpp"

namespace fleetcache::traces {

namespace {

/// One inference request: a range of its session's blocks.
struct Turn {
  std::int64_t at_ns = 0;
  std::size_t first = 0, last = 0;  ///< in Session::blocks
  std::uint16_t klass = 0;
};

struct Session {
  std::uint64_t seed = 0;  ///< hash of its id
  std::uint32_t number = 0;
  std::uint64_t block_bytes = 1;
  std::int64_t begins_ns = 0;
  std::vector<std::uint64_t> blocks;
  std::vector<Turn> turns;  ///< by time
  std::size_t next = 0;
};

constexpr int kMaxDepth = 8;  ///< of subagents
constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max() / 4;

class KvSessionsReader final : public OneByOne<KvSessionsReader> {
 public:
  KvSessionsReader(ByteSource source, const ReadOptions& options)
      : lines_(std::move(source)),
        token_bytes_(options.token_bytes),
        wanted_(std::clamp(options.sessions, 1U, 1024U)) {
    info_.name = lines_.source().name();
    info_.format = Format::kKvSessions;
    info_.has_times = info_.has_links = true;
    info_.has_sizes = token_bytes_ > 0;
    info_.notes = {{"sessions read", 0}};
  }

  Result<bool> next(Request& out) {
    while (current_ == nullptr || block_ == turn().last) {
      const auto more = advance();
      if (!more || !*more) return more;
    }
    out = Request{};
    out.time_ns = current_->begins_ns + turn().at_ns;
    out.id = mix64(current_->seed + mix64(current_->blocks[block_]));
    out.size = current_->block_bytes;
    out.tenant = current_->number;
    out.klass = turn().klass;
    out.follows = block_ > turn().first;
    ++block_;
    return true;
  }
  std::uint64_t consumed() const override { return lines_.source().consumed(); }
  std::uint64_t size() const override { return lines_.source().size(); }

 private:
  const Turn& turn() const { return current_->turns[current_->next]; }

  /// Goes to the earliest turn that is left; ties go to the session that was opened first.
  Result<bool> advance() {
    if (current_ != nullptr) ++current_->next;
    current_ = nullptr;
    std::int64_t begins_ns = 0;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      Session& session = open_[i];
      if (session.next < session.turns.size()) continue;
      begins_ns = session.turns.empty() ? session.begins_ns
                                        : session.begins_ns + session.turns.back().at_ns;
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    while (open_.size() < wanted_ && !at_end_) {
      Session session;
      const auto more = read_session(session);
      if (!more) return more;
      if (!*more) break;
      session.begins_ns = begins_ns;
      if (begins_ns > kLatest) return Error{lines_.place(1), "the sessions last too long"};
      if (!session.turns.empty()) open_.push_back(std::move(session));
    }
    for (Session& session : open_) {
      const auto at = session.begins_ns + session.turns[session.next].at_ns;
      if (current_ == nullptr || at < current_->begins_ns + turn().at_ns) current_ = &session;
    }
    if (current_ == nullptr) return false;
    block_ = turn().first;
    return true;
  }

  Result<bool> read_session(Session& session) {
    std::string_view line;
    do {
      const auto more = lines_.next(line);
      if (!more) return more;
      if (!*more) {
        at_end_ = true;
        return false;
      }
    } while (line.find_first_not_of(" \t") == std::string_view::npos);
    JsonCursor json(line);
    id_.clear();
    std::uint64_t block_tokens = 0;
    if (!read_members(json, session, 0, 0, block_tokens) || !json.end()) {
      return Error{lines_.place(json.column()), json.fault()};
    }
    if (id_.empty()) return Error{lines_.place(1), "the session has no \"id\""};
    if (token_bytes_ > 0 && (block_tokens == 0 || __builtin_mul_overflow(block_tokens, token_bytes_,
                                                                         &session.block_bytes))) {
      return Error{lines_.place(1), "\"block_size\" is " + std::to_string(block_tokens) +
                                        "; want the tokens of a block"};
    }
    session.blocks.shrink_to_fit();  // many sessions stay open
    session.seed = hash_name(id_);
    session.number = static_cast<std::uint32_t>(++info_.notes[0].count);
    std::stable_sort(session.turns.begin(), session.turns.end(),
                     [](const Turn& a, const Turn& b) { return a.at_ns < b.at_ns; });
    return true;
  }

  /// A session (depth 0), or the entry of a request or subagent, of which `base_ns` is the start.
  bool read_members(JsonCursor& json, Session& session, int depth, std::int64_t base_ns,
                    std::uint64_t& block_tokens) {
    const std::size_t start = json.position();
    Turn turn;
    bool has_blocks = false, has_time = depth == 0;
    std::size_t children = std::string_view::npos;
    turn.at_ns = base_ns;
    if (!json.expect('{')) return false;
    if (json.accept('}')) return json.fail_at(start, "the object is empty");
    do {
      std::string_view name;
      if (!json.key(name) || !json.expect(':')) return false;
      bool good = true;
      if (name == "t" && depth > 0) {
        good = read_time(json, base_ns, turn.at_ns);
        has_time = true;
      } else if (name == "hash_ids" && depth > 0) {
        has_blocks = true;
        turn.first = session.blocks.size();
        good = read_blocks(json, session);
        turn.last = session.blocks.size();
      } else if (name == "requests") {
        children = json.position();
        if (!has_time) return json.fail_at(children, "\"requests\" stand before \"t\"");
        good = read_requests(json, session, depth + 1, turn.at_ns);
      } else if (name == "model" && depth > 0) {
        good = read_model(json, turn);
      } else if (name == "id" && depth == 0) {
        good = json.scalar(id_);
      } else if (name == "block_size" && depth == 0) {
        good = json.unsigned_number(block_tokens);
      } else {
        good = json.skip_value();
      }
      if (!good) return false;
    } while (json.accept(','));
    if (!json.expect('}')) return false;
    if (!has_time) return json.fail_at(start, "the request has no \"t\"");
    if (has_blocks && turn.last > turn.first) session.turns.push_back(turn);
    if (depth == 0 && children == std::string_view::npos) {
      return json.fail_at(start, "the session has no \"requests\"");
    }
    return true;
  }

  bool read_requests(JsonCursor& json, Session& session, int depth, std::int64_t base_ns) {
    if (depth > kMaxDepth) return json.fail_at(json.position(), "subagents nest too deep");
    if (!json.expect('[')) return false;
    if (json.accept(']')) return true;
    do {
      std::uint64_t ignored = 0;
      if (!read_members(json, session, depth, base_ns, ignored)) return false;
    } while (json.accept(','));
    return json.expect(']');
  }

  static bool read_time(JsonCursor& json, std::int64_t base_ns, std::int64_t& at_ns) {
    const std::size_t start = json.position();
    std::int64_t after_ns = 0;
    if (!json.scaled_number(9, after_ns)) return false;
    if (after_ns > kLatest - base_ns) return json.fail_at(start, "the time is too far off");
    at_ns = base_ns + after_ns;
    return true;
  }

  static bool read_blocks(JsonCursor& json, Session& session) {
    if (!json.expect('[')) return false;
    if (json.accept(']')) return true;
    do {
      std::uint64_t id = 0;
      if (!json.unsigned_number(id)) return false;
      session.blocks.push_back(id);
    } while (json.accept(','));
    return json.expect(']');
  }

  bool read_model(JsonCursor& json, Turn& turn) {
    const std::size_t start = json.position();
    std::uint32_t number = 0;
    if (!json.scalar(model_)) return false;
    if (!classes_.number(model_, number)) return json.fail_at(start, "one model too many");
    turn.klass = static_cast<std::uint16_t>(number);
    return true;
  }

  LineSource lines_;
  std::uint64_t token_bytes_;
  std::size_t wanted_;
  NameTable classes_{info_.classes, kMaxClasses};
  std::vector<Session> open_;
  Session* current_ = nullptr;
  std::size_t block_ = 0;
  bool at_end_ = false;
  std::string id_, model_;
};

}  // namespace

std::unique_ptr<TraceReader> make_kv_sessions_reader(ByteSource source,
                                                     const ReadOptions& options) {
  return std::make_unique<KvSessionsReader>(std::move(source), options);
}

}  // namespace fleetcache::traces
