// KV cache events of vLLM, and of LMCache through vLLM's connector, as JSON lines: batches
//
//   {"ts": 1.5, "events": [{"type": "BlockStored", "block_hashes": [1, 2], "parent_block_hash":
//   null,
//    "token_ids": [...], "block_size": 16, "lora_id": null, "medium": "GPU", "lora_name": null}]}
//   [1.5, [["BlockStored", [1, 2], null, [...], 16, null, "GPU"], ["AllBlocksCleared"]], 0]
//
// or single events with a "ts" of their own. Source of the names and the order in arrays: vLLM,
// vllm/distributed/kv_events.py (msgspec structures; the wire has MessagePack, this is its JSON).
//
// The rule: a stored block is a block that the engine lacked and had to compute or fetch, so it is
// a read as a tier below the engine sees it. What the engine hit is not in the events.
#include <array>
#include <string>
#include <utility>

#include "policies/base/hash.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/json_cursor.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/one_by_one.hpp"

namespace fleetcache::traces {

namespace {

enum NoteIndex : std::size_t { kNoteRemoved, kNoteCleared, kNoteMedium, kNoteOther };

struct Event {
  std::string type;
  std::vector<std::uint64_t> blocks;
  bool has_parent = false;
  std::uint64_t parent = 0;
  std::uint64_t block_tokens = 0;
  std::string medium;
  std::string lora;
  bool has_blocks = false;

  void clear() {
    type.clear(), blocks.clear(), medium.clear(), lora.clear();
    has_parent = has_blocks = false;
    parent = block_tokens = 0;
  }
};

class KvEventsReader final : public LineByLine<KvEventsReader> {
 public:
  KvEventsReader(ByteSource source, const ReadOptions& options)
      : LineByLine(std::move(source)),
        token_bytes_(options.token_bytes),
        removals_(options.removals),
        medium_(options.medium),
        medium_given_(!options.medium.empty()) {
    info_.name = lines_.source().name();
    info_.format = Format::kKvEvents;
    info_.has_times = info_.has_links = true;
    info_.has_sizes = token_bytes_ > 0;
    info_.has_ops = removals_;
    info_.notes = {{"blocks that the engine let go passed over", 0},
                   {"events that clear the whole cache passed over", 0},
                   {"events of another medium left out", 0},
                   {"events of other types left out", 0}};
  }

  bool take(Request& out) {
    if (at_ == pending_.size()) return false;
    out = pending_[at_++];
    return true;
  }

  Status parse(std::string_view line) {
    pending_.clear();
    at_ = 0;
    time_ns_ = 0;
    has_time_ = false;
    JsonCursor json(line);
    const char first = line[json.position()];
    const bool good = first == '['   ? batch_array(json)
                      : first == '{' ? batch_object(json)
                                     : json.fail_at(json.position(),
                                                    "want a batch of KV events, "
                                                    "{\"ts\": ..., \"events\": ...}");
    if (!good || !json.end()) return Error{lines_.place(json.column()), json.fault()};
    for (Request& request : pending_) request.time_ns = time_ns_;
    return Nothing{};
  }

 private:
  bool read_time(JsonCursor& json) {
    has_time_ = true;
    return json.scaled_number(9, time_ns_);
  }

  /// [ts, [event, ...], data_parallel_rank]
  bool batch_array(JsonCursor& json) {
    if (!json.expect('[') || !read_time(json) || !json.expect(',') || !read_events(json)) {
      return false;
    }
    while (json.accept(',')) {
      if (!json.skip_value()) return false;
    }
    return json.expect(']');
  }

  /// A batch, or one event with "ts".
  bool batch_object(JsonCursor& json) {
    const std::size_t start = json.position();
    bool has_events = false;
    event_.clear();
    if (!json.expect('{')) return false;
    if (!json.accept('}')) {
      do {
        const std::size_t at = json.position();
        std::string_view name;
        if (!json.key(name) || !json.expect(':')) return false;
        if (name == "ts") {
          if (!read_time(json)) return false;
        } else if (name == "events") {
          if (has_events) return json.fail_at(at, "the key \"events\" comes twice");
          has_events = true;
          if (!read_events(json)) return false;
        } else if (!event_member(json, name)) {
          return false;
        }
      } while (json.accept(','));
      if (!json.expect('}')) return false;
    }
    if (!has_time_) return json.fail_at(start, "the key \"ts\" is missing");
    return has_events || finish_event(json, start);
  }

  bool read_events(JsonCursor& json) {
    if (!json.expect('[')) return false;
    if (json.accept(']')) return true;
    do {
      const std::size_t start = json.position();
      event_.clear();
      if (json.accept('[')) {
        if (!event_array(json)) return false;
      } else if (!event_object(json)) {
        return false;
      }
      if (!finish_event(json, start)) return false;
    } while (json.accept(','));
    return json.expect(']');
  }

  bool event_object(JsonCursor& json) {
    if (!json.expect('{')) return false;
    if (json.accept('}')) return true;
    do {
      std::string_view name;
      if (!json.key(name) || !json.expect(':') || !event_member(json, name)) return false;
    } while (json.accept(','));
    return json.expect('}');
  }

  bool event_member(JsonCursor& json, std::string_view name) {
    if (name == "type") return json.string(event_.type);
    if (name == "block_hashes") return read_hashes(json);
    if (name == "parent_block_hash") return read_parent(json);
    if (name == "block_size") return json.unsigned_number(event_.block_tokens);
    if (name == "medium") return json.scalar(event_.medium);
    if (name == "lora_name") return json.scalar(event_.lora);
    return json.skip_value();
  }

  /// ["BlockStored", hashes, parent, tokens, block_size, lora_id, medium, lora_name, ...],
  /// ["BlockRemoved", hashes, medium, ...] or ["AllBlocksCleared"]; the "[" is taken.
  bool event_array(JsonCursor& json) {
    static constexpr std::array<std::string_view, 8> kStored = {
        "type",    "block_hashes", "parent_block_hash", "token_ids", "block_size",
        "lora_id", "medium",       "lora_name"};
    static constexpr std::array<std::string_view, 3> kRemoved = {"type", "block_hashes", "medium"};
    std::size_t i = 0;
    do {
      const bool stored = event_.type == "BlockStored", removed = event_.type == "BlockRemoved";
      const std::string_view name = i == 0                           ? "type"
                                    : stored && i < kStored.size()   ? kStored[i]
                                    : removed && i < kRemoved.size() ? kRemoved[i]
                                                                     : "";
      if (!event_member(json, name)) return false;
      ++i;
    } while (json.accept(','));
    return json.expect(']');
  }

  /// A 64-bit number (negative ones by their bits), or text or a longer number, which is hashed.
  bool read_hash(JsonCursor& json, std::uint64_t& id) {
    std::int64_t negative = 0;
    if (!json.scalar(text_)) return false;
    if (parse_unsigned(text_, id) == NumberFault::kOk) return true;
    if (parse_signed(text_, negative) == NumberFault::kOk) {
      id = static_cast<std::uint64_t>(negative);
    } else {
      id = hash_name(text_);
    }
    return true;
  }

  bool read_hashes(JsonCursor& json) {
    event_.has_blocks = true;
    event_.blocks.clear();
    if (!json.expect('[')) return false;
    if (json.accept(']')) return true;
    do {
      const std::size_t start = json.position();
      std::uint64_t id = 0;
      if (!read_hash(json, id)) return false;
      if (text_.empty()) return json.fail_at(start, "a block hash is null or empty");
      event_.blocks.push_back(id);
    } while (json.accept(','));
    return json.expect(']');
  }

  bool read_parent(JsonCursor& json) {
    if (!read_hash(json, event_.parent)) return false;
    event_.has_parent = !text_.empty() && event_.parent != kNoParent;
    return true;
  }

  bool finish_event(JsonCursor& json, std::size_t start) {
    const bool stored = event_.type == "BlockStored";
    if (event_.type.empty()) return json.fail_at(start, "the event has no \"type\"");
    if (event_.type == "AllBlocksCleared") return skip(kNoteCleared, 1);
    if (!stored && event_.type != "BlockRemoved") return skip(kNoteOther, 1);
    if (!event_.has_blocks) return json.fail_at(start, "the event has no \"block_hashes\"");
    if (!medium_given_) {
      medium_given_ = true;
      medium_ = event_.medium;
    }
    if (event_.medium != medium_) return skip(kNoteMedium, 1);
    if (!stored && !removals_) return skip(kNoteRemoved, event_.blocks.size());
    return emit(json, start, stored);
  }

  bool skip(NoteIndex why, std::uint64_t count) {
    info_.notes[why].count += count;
    return true;
  }

  bool emit(JsonCursor& json, std::size_t start, bool stored) {
    Request request;
    if (stored && token_bytes_ > 0 &&
        (event_.block_tokens == 0 ||
         __builtin_mul_overflow(event_.block_tokens, token_bytes_, &request.size))) {
      return json.fail_at(start, "\"block_size\" is " + std::to_string(event_.block_tokens) +
                                     "; want the tokens of a block");
    }
    std::uint32_t klass = 0;
    if (!classes_.number(event_.lora, klass)) return json.fail_at(start, "one adapter too many");
    request.klass = static_cast<std::uint16_t>(klass);
    request.op = stored ? Op::kRead : Op::kDelete;
    for (std::size_t i = 0; i < event_.blocks.size(); ++i) {
      request.id = event_.blocks[i];
      request.parent = kNoParent;
      request.follows = stored && i > 0;
      if (stored && i == 0 && event_.has_parent) {
        request.follows = any_before_ && last_id_ == event_.parent;
        if (!request.follows) request.parent = event_.parent;
      }
      pending_.push_back(request);
      last_id_ = request.id;
      any_before_ = true;
    }
    return true;
  }

  std::uint64_t token_bytes_;
  bool removals_;
  std::string medium_;
  bool medium_given_;
  NameTable classes_{info_.classes, kMaxClasses};
  Event event_;
  std::string text_;
  std::vector<Request> pending_;  ///< of one line
  std::size_t at_ = 0;
  std::int64_t time_ns_ = 0;
  bool has_time_ = false;
  std::uint64_t last_id_ = 0;
  bool any_before_ = false;
};

}  // namespace

std::unique_ptr<TraceReader> make_kv_events_reader(ByteSource source, const ReadOptions& options) {
  return std::make_unique<KvEventsReader>(std::move(source), options);
}

}  // namespace fleetcache::traces
