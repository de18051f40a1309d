#include "policies/log/replay_log.hpp"

#include <vector>

namespace fleetcache::log {
namespace {

using eviction::Handle;
using eviction::Meta;
using eviction::Victim;

std::string text_of(const Name& name) {
  std::string text = "id " + std::to_string(name.id);
  if (name.id_high != 0) text += ":" + std::to_string(name.id_high);
  return name.tenant == 0 ? text : text + " of tenant " + std::to_string(name.tenant);
}

/// Applies logged inputs to a cache and gives its answers as the log would hold them.
class Machine {
 public:
  explicit Machine(eviction::TenantCache cache) : cache_(std::move(cache)) {}

  /// False for an input that cannot have been written. `call` becomes the input as text.
  bool apply(Type type, std::string_view input, Out& out, std::string& call) {
    In in(input);
    now_.ns += in.signed_number();
    call = std::string(type_name(type));
    call += " at " + std::to_string(now_.ns) + " ns";
    run(type, in, out, call);
    return !in.bad() && in.done();
  }
  eviction::TenantCache& cache() { return cache_; }

 private:
  Handle find(const Name& name) const {
    return name.tenant < cache_.tenants() ? cache_.find(name.tenant, name.id, name.id_high)
                                          : Handle{};
  }
  Handle handle(In& in, std::string& call) {
    const Name name = get_name(in);
    call += ", " + text_of(name);
    return find(name);
  }
  Meta meta(In& in, std::string& call) {
    NamedMeta named = get_meta(in);
    call += ", " + text_of({named.meta.tenant, named.meta.id, named.meta.id_high}) + ", charge " +
            std::to_string(named.meta.charge);
    const Handle nobody{Handle::kNone - 1, 0};
    if (named.has_parent) named.meta.parent = find(named.parent);
    if (named.has_parent && !named.meta.parent) named.meta.parent = nobody;
    if (named.has_mate) named.meta.mate = find(named.mate);
    if (named.has_mate && !named.meta.mate) named.meta.mate = nobody;
    return named.meta;
  }
  std::vector<Handle> handles(In& in, std::string& call) {
    std::vector<Handle> all;
    while (in.byte() == 1 && !in.bad()) all.push_back(handle(in, call));
    return all;
  }
  void run(Type type, In& in, Out& out, std::string& call);
  void run_entry(Type type, In& in, Out& out, std::string& call);
  void run_victims(Type type, In& in, Out& out, std::string& call);
  void run_settings(Type type, In& in, Out& out);

  eviction::TenantCache cache_;
  TimePoint now_{};
};

/// Calls on one entry by handle.
void Machine::run_entry(Type type, In& in, Out& out, std::string& call) {
  const Handle h = handle(in, call);
  bool answer = false;
  if (type == Type::kAccess) {
    answer = cache_.access(now_, h, in.signed_number());
  } else if (type == Type::kErase) {
    answer = cache_.erase(now_, h);
  } else if (type == Type::kPin) {
    answer = cache_.pin(h);
  } else if (type == Type::kUnpin) {
    answer = cache_.unpin(h);
  } else if (type == Type::kCost) {
    answer = cache_.set_cost(h, static_cast<std::uint32_t>(in.number()));
  } else {
    const TimePoint expires{in.signed_number()};
    const TimePoint lease{in.signed_number()};
    const TimePoint soft{in.signed_number()};
    const bool expiry_set = cache_.set_expiry(h, expires);
    const bool lease_set = cache_.set_lease(h, lease, soft);
    answer = expiry_set || lease_set;
  }
  out.byte(answer ? 1 : 0);
}

/// Searches for victims, with the host's answers as they were.
void Machine::run_victims(Type type, In& in, Out& out, std::string& call) {
  const std::uint64_t asked = in.number();
  const std::size_t capacity = asked < (1U << 20) ? static_cast<std::size_t>(asked) : 1U << 20;
  std::vector<Victim> victims(capacity);
  call += ", up to " + std::to_string(capacity) + " victims";
  std::size_t found = 0;
  if (type == Type::kExpire) {
    found = cache_.expire(now_, victims.data(), capacity);
  } else {
    eviction::Want want;
    want.max_scan = static_cast<std::uint32_t>(in.number());
    Meta incoming;
    if (in.byte() == 1) {
      call += " for";
      incoming = meta(in, call);
      want.incoming = &incoming;
      if (incoming.tenant >= cache_.tenants()) return in.fail();
    }
    want.enough = in.number();
    bool more = in.byte() == 1;
    const bool asks = more;
    bool strayed = false;
    const eviction::Eligible answers = [&](const Victim& v) {
      const std::uint8_t code = more && !strayed ? in.byte() : 0;
      if (code == 0) {
        more = false;
        strayed = true;
        return eviction::Verdict::kStop;
      }
      const Name logged = get_name(in);
      const Name own = name_of(cache_, v);
      strayed = logged.id != own.id || logged.tenant != own.tenant || logged.id_high != own.id_high;
      return strayed ? eviction::Verdict::kStop : static_cast<eviction::Verdict>(code - 1);
    };
    if (asks) want.eligible = &answers;
    found = cache_.reserve(now_, want, victims.data(), capacity);
    while (more && !in.bad() && in.byte() != 0) (void)get_name(in);
    if (strayed) out.text("asked about another entry than the log");
  }
  put_victims(out, cache_, victims.data(), found);
}

void Machine::run_settings(Type type, In& in, Out& out) {
  const std::uint64_t count = in.number();
  if (type == Type::kResize) {
    const auto over = cache_.resize(count);
    out.number(over ? *over : 0);
    out.byte(over ? 1 : 0);
  } else if (type == Type::kParams) {
    Params params;
    for (std::uint64_t k = 0; k < count && !in.bad(); ++k) {
      std::string key(in.text());
      params.emplace_back(std::move(key), std::string(in.text()));
    }
    out.byte(cache_.set_params(params) ? 1 : 0);
  } else {
    std::vector<eviction::Quota> quotas;
    for (std::uint64_t k = 0; k < count && !in.bad(); ++k) {
      eviction::Quota q;
      q.min = in.number();
      q.max = in.number();
      q.weight = static_cast<std::uint32_t>(in.number());
      quotas.push_back(q);
    }
    out.byte(cache_.set_quotas(quotas) ? 1 : 0);
  }
}

void Machine::run(Type type, In& in, Out& out, std::string& call) {
  switch (type) {
    case Type::kAccess:
    case Type::kErase:
    case Type::kPin:
    case Type::kUnpin:
    case Type::kTimes:
    case Type::kCost:
      return run_entry(type, in, out, call);
    case Type::kReserve:
    case Type::kExpire:
      return run_victims(type, in, out, call);
    case Type::kResize:
    case Type::kParams:
    case Type::kQuotas:
      return run_settings(type, in, out);
    case Type::kCommit:
    case Type::kAbort: {
      const std::vector<Handle> all = handles(in, call);
      if (type == Type::kCommit) cache_.commit(now_, all.data(), all.size());
      if (type == Type::kAbort) cache_.abort(now_, all.data(), all.size());
      out.number(cache_.used());
      return;
    }
    case Type::kMustEvict: {
      const auto tenant = static_cast<std::uint32_t>(in.number());
      Meta incoming;
      const bool has_incoming = in.byte() == 1;
      if (has_incoming) incoming = meta(in, call);
      if (tenant >= cache_.tenants() || incoming.tenant >= cache_.tenants()) return in.fail();
      out.byte(cache_.must_evict(has_incoming ? &incoming : nullptr, tenant) ? 1 : 0);
      return;
    }
    default:
      break;
  }
  const Meta m = meta(in, call);
  if (m.tenant >= cache_.tenants()) return in.fail();
  if (type == Type::kMiss) {
    cache_.miss(now_, m);
  } else if (type == Type::kAdmit) {
    const Handle h = cache_.admit(now_, m, [&](const Victim& v) {
      out.byte(1);
      put(out, name_of(cache_, v));
    });
    out.byte(0);
    out.byte(h ? 1 : 0);
  } else if (type == Type::kInsert) {
    const bool fits =
        !cache_.find(m.tenant, m.id, m.id_high) && cache_.admissible(m) && !cache_.must_evict(&m);
    out.byte(fits && cache_.insert(now_, m) ? 1 : 0);
  }
}

/// An answer as text.
std::string answer_text(Type type, std::string_view bytes) {
  In in(bytes);
  std::string text;
  if (type == Type::kReserve || type == Type::kExpire) {
    const std::uint64_t count = in.number();
    text = std::to_string(count) + (count == 1 ? " victim" : " victims");
    for (std::uint64_t k = 0; k < count && k < 8 && !in.bad(); ++k) {
      text += (k == 0 ? ": " : ", ") + text_of(get_name(in));
    }
  } else if (type == Type::kAdmit) {
    while (in.byte() == 1 && !in.bad()) text += "evicts " + text_of(get_name(in)) + ", ";
    text += in.byte() == 1 ? "stored" : "not stored";
  } else if (type == Type::kCommit || type == Type::kAbort) {
    text = std::to_string(in.number()) + " used";
  } else if (type == Type::kResize) {
    text = std::to_string(in.number()) + " over";
  } else {
    text = bytes.empty() ? "nothing" : in.byte() == 1 ? "yes" : "no";
  }
  return in.bad() ? "unreadable" : text;
}

std::string summary_of(eviction::TenantCache& cache) {
  std::string text = std::to_string(cache.used()) + " of " + std::to_string(cache.capacity()) +
                     " used by " + std::to_string(cache.entries()) + " entries; next victims:";
  for (std::uint32_t t = 0; t < cache.tenants() && t < 4; ++t) {
    Victim next[4];
    const std::size_t found = cache.reserve_of(t, {}, {}, next, 4);
    Handle handles[4];
    for (std::size_t k = 0; k < found; ++k) {
      text += (k == 0 ? " " : ", ") + text_of(name_of(cache, next[k]));
      handles[k] = next[k].handle;
    }
    cache.abort({}, handles, found);
    if (found == 0) text += " none";
  }
  return text;
}

/// One record of the file.
struct Record {
  Type type = Type::kEnd;
  std::string in;
  std::string out;
};

class Source {
 public:
  explicit Source(const std::function<bool(void*, std::size_t)>& read) : read_(read) {}
  /// False where the file ends or is cut. Fails (bad) for lengths that no record has.
  bool next(Record& record) {
    std::uint8_t type = 0;
    if (!read_(&type, 1)) return false;
    record.type = static_cast<Type>(type);
    return piece(record.in) && piece(record.out);
  }
  bool bad() const { return bad_; }

 private:
  bool piece(std::string& bytes) {
    std::uint64_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
      std::uint8_t b = 0;
      if (!read_(&b, 1)) return false;
      size |= std::uint64_t{b & 0x7fU} << shift;
      if (b < 0x80) break;
      if (shift > 28) bad_ = true;
      if (bad_) return false;
    }
    bad_ = size > 16384;
    if (bad_) return false;
    bytes.resize(static_cast<std::size_t>(size));
    return size == 0 || read_(bytes.data(), bytes.size());
  }
  const std::function<bool(void*, std::size_t)>& read_;
  bool bad_ = false;
};

/// The comparison of one log with its replay.
class Comparison {
 public:
  Comparison(LogReport& report, Machine machine) : report_(report), machine_(std::move(machine)) {}

  /// False when the record is damaged.
  bool take(const Record& record) {
    In in(record.in);
    switch (record.type) {
      case Type::kMark:
        return compare_mark(record);
      case Type::kGap:
        ++report_.gaps;
        report_.lost += in.number();
        return !in.bad();
      case Type::kDropped:
        report_.dropped_touches += in.number();
        return !in.bad();
      default:
        return compare_call(record);
    }
  }
  void finish() {
    report_.inputs_hash = hashes_.inputs.value();
    report_.outputs_hash = hashes_.outputs.value();
    if (!report_.difference || seen_mark_) return;
    report_.difference->replayed_state = machine_.cache().state_hash();
  }

 private:
  bool compare_call(const Record& record) {
    if (report_.gaps > 0) {
      ++report_.unchecked;
      return true;
    }
    if (report_.difference) return true;  // only the next mark is of interest
    out_.clear();
    std::string call;
    if (!machine_.apply(record.type, record.in, out_, call)) return false;
    ++report_.records;
    Out in;
    for (const char c : record.in) in.byte(static_cast<std::uint8_t>(c));
    hashes_.add(record.type, in, out_);
    if (out_ == record.out) return true;
    Difference d;
    d.record = report_.records;
    d.call = call;
    d.logged = answer_text(record.type, record.out);
    d.replayed =
        answer_text(record.type, {reinterpret_cast<const char*>(out_.data()), out_.size()});
    d.agreed_until = agreed_until_;
    d.agreed_state = agreed_state_;
    d.replayed_state = machine_.cache().state_hash();
    d.replayed_summary = summary_of(machine_.cache());
    report_.difference = d;
    return true;
  }

  bool compare_mark(const Record& record) {
    In in(record.in);
    const std::uint64_t number = in.number();
    if (in.bad() || (report_.gaps == 0 && !report_.difference && number != report_.records)) {
      return false;
    }
    In out(record.out);
    const std::uint64_t inputs = out.word();
    const std::uint64_t outputs = out.word();
    const std::uint64_t state = out.word();
    if (out.bad() || report_.gaps > 0) return !out.bad();
    if (report_.difference) {
      if (!seen_mark_) report_.difference->logged_state = state;
      seen_mark_ = true;
      return true;
    }
    ++report_.marks;
    const std::uint64_t own = machine_.cache().state_hash();
    if (inputs == hashes_.inputs.value() && outputs == hashes_.outputs.value() && state == own) {
      agreed_until_ = report_.records;
      agreed_state_ = state;
      return true;
    }
    Difference d;
    d.record = report_.records;
    d.call = "mark";
    d.logged = "every answer so far; a hash, or the state, is another";
    d.replayed = d.logged;
    d.agreed_until = agreed_until_;
    d.agreed_state = agreed_state_;
    d.logged_state = state;
    d.replayed_state = own;
    d.replayed_summary = summary_of(machine_.cache());
    report_.difference = d;
    seen_mark_ = true;
    return true;
  }

  LogReport& report_;
  Machine machine_;
  Hashes hashes_;
  Out out_;
  std::uint64_t agreed_until_ = 0;
  std::uint64_t agreed_state_ = 0;
  bool seen_mark_ = false;
};

}  // namespace

Result<LogReport> replay_log(const std::function<bool(void*, std::size_t)>& read) {
  LogReport report;
  Result<Origin> origin = decode_origin(read);
  if (!origin) return origin.error();
  report.origin = *origin;
  auto cache = eviction::TenantCache::create(origin->policy, origin->config, origin->tenants);
  if (!cache) return cache.error();
  Comparison comparison(report, Machine(std::move(*cache)));
  Source source(read);
  Record record;
  Type last = Type::kEnd;
  while (source.next(record)) {
    if (record.type == Type::kEnd) {
      if (last != Type::kMark) return Error{"decision log", "ends without its last mark"};
      report.complete = true;
      break;
    }
    last = record.type;
    if (!comparison.take(record)) {
      return Error{"decision log", "record " + std::to_string(report.records + 1) + " (" +
                                       std::string(type_name(record.type)) + ") is damaged"};
    }
  }
  if (source.bad()) return Error{"decision log", "has a record of an impossible length"};
  comparison.finish();
  return report;
}

}  // namespace fleetcache::log
