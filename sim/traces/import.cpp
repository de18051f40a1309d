#include "sim/traces/import.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "sim/traces/fctrace.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::traces {

namespace {

constexpr std::size_t kLeastKey = 16;
/// What tells hashes of ids from hashes of names, under one key.
constexpr char kIdTag = 'i', kTenantTag = 't';

/// Sets sizes by class; says which classes had requests.
class ClassSizes {
 public:
  explicit ClassSizes(const std::vector<ClassBytes>& wanted) : wanted_(wanted) {
    used_.resize(wanted.size());
  }

  void apply(std::span<Request> requests, const std::vector<std::string>& names) {
    if (wanted_.empty()) return;
    for (; named_ < std::max<std::size_t>(names.size(), 1); ++named_) {
      if (named_ < names.size()) learn(names[named_], static_cast<std::uint16_t>(named_));
    }
    if (names.empty()) learn_numbers();
    for (Request& r : requests) {
      const auto found = by_class_.find(r.klass);
      if (found == by_class_.end()) continue;
      r.size = wanted_[found->second].bytes;
      used_[found->second] = true;
    }
  }

  Status check(const std::vector<std::string>& names) const {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (used_[i]) continue;
      std::string known;
      for (const std::string& name : names) {
        if (!name.empty()) known += (known.empty() ? "" : ", ") + name;
      }
      return Error{"--class-bytes", "no request is of class " + quoted(wanted_[i].name) +
                                        (known.empty() ? "" : " (classes: " + known + ")")};
    }
    return Nothing{};
  }

 private:
  void learn(std::string_view name, std::uint16_t klass) {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (!name.empty() && wanted_[i].name == name) by_class_[klass] = i;
    }
  }
  void learn_numbers() {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      std::uint64_t number = 0;
      if (parse_unsigned(wanted_[i].name, number) == NumberFault::kOk && number <= UINT16_MAX) {
        by_class_[static_cast<std::uint16_t>(number)] = i;
      }
    }
  }

  const std::vector<ClassBytes>& wanted_;
  std::vector<bool> used_;
  std::size_t named_ = 0;
  std::map<std::uint16_t, std::size_t> by_class_;
};

void count(std::span<const Request> requests, ImportReport& report) {
  for (const Request& r : requests) {
    if (report.requests++ == 0) report.first_ns = report.last_ns = r.time_ns;
    report.backward += r.time_ns < report.last_ns;
    report.last_ns = r.time_ns;
    report.reads += r.op == Op::kRead;
    report.writes += r.op == Op::kWrite;
    report.deletes += r.op == Op::kDelete;
    if (__builtin_add_overflow(report.bytes, r.size, &report.bytes)) report.bytes = UINT64_MAX;
  }
}

}  // namespace

Result<Anonymiser> Anonymiser::create(std::string_view key) {
  if (key.size() < kLeastKey) {
    return Error{"--anonymise", "the key has " + std::to_string(key.size()) +
                                    " bytes; want at least " + std::to_string(kLeastKey) +
                                    ", such as 32 random hexadecimal digits"};
  }
  // Two hashes of the whole text under fixed keys, so that every byte of it counts.
  return Anonymiser(
      {siphash24({0x666c656574636163ULL, 1}, key), siphash24({0x666c656574636163ULL, 2}, key)});
}

std::uint64_t Anonymiser::id(std::uint64_t id) const {
  std::array<char, 9> bytes{};
  bytes[0] = kIdTag;
  std::memcpy(bytes.data() + 1, &id, 8);
  return siphash24(key_, {bytes.data(), bytes.size()});
}

std::string Anonymiser::tenant(std::string_view name) const {
  static constexpr char kHex[] = "0123456789abcdef";
  const std::uint64_t hash = siphash24(key_, kTenantTag + std::string(name));
  std::string out = "t";
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[hash >> shift & 15];
  return out;
}

Status Anonymiser::apply(std::span<Request> requests, const std::vector<std::string>& names) {
  for (Request& r : requests) {
    r.id = id(r.id);
    if (r.parent != kNoParent) r.parent = id(r.parent);
    if (r.tenant == 0) continue;
    const auto [place, is_new] = numbers_.try_emplace(r.tenant, 0);
    if (is_new) {
      if (numbers_.size() > kMaxTenants) {
        return Error{"--anonymise",
                     "the trace has more than " + std::to_string(kMaxTenants) + " tenants"};
      }
      if (tenants_.empty()) tenants_.emplace_back();
      place->second = static_cast<std::uint32_t>(tenants_.size());
      tenants_.push_back(
          tenant(r.tenant < names.size() ? names[r.tenant] : std::to_string(r.tenant)));
    }
    r.tenant = place->second;
  }
  return Nothing{};
}

Result<ImportReport> import_trace(TraceReader& reader, ImportSpec spec) {
  ImportReport report;
  TraceInfo info = reader.info();
  info.has_sizes = info.has_sizes || !spec.class_bytes.empty();
  auto writer =
      FctraceWriter::create(spec.output, info, spec.anonymiser.has_value(), spec.overwrite);
  if (!writer) return writer.error();
  ClassSizes sizes(spec.class_bytes);
  const auto tenants = [&]() -> const std::vector<std::string>& {
    return spec.anonymiser ? spec.anonymiser->tenants() : reader.info().tenants;
  };
  std::vector<Request> block(kFctraceBlock);
  for (;;) {
    if (spec.stop != nullptr && spec.stop->load()) {
      report.stopped = true;
      report.info = reader.info();
      return report;
    }
    const auto n = reader.read(block);
    if (!n) return n.error();
    if (*n == 0) break;
    const std::span<Request> part(block.data(), *n);
    sizes.apply(part, reader.info().classes);
    count(part, report);
    if (spec.anonymiser) {
      if (Status s = spec.anonymiser->apply(part, reader.info().tenants); !s) return s.error();
    }
    if (Status s = writer->write(part, tenants(), reader.info().classes); !s) return s.error();
    if (spec.progress && reader.size() > 0) {
      spec.progress(static_cast<double>(reader.consumed()) / static_cast<double>(reader.size()));
    }
  }
  report.info = reader.info();
  if (report.requests == 0) return Error{report.info.name, "holds no requests"};
  if (Status s = sizes.check(report.info.classes); !s) return s.error();
  if (Status s = writer->finish(tenants(), report.info.classes); !s) return s.error();
  report.file_bytes = writer->bytes();
  report.tenants = tenants().empty() ? 0 : tenants().size() - 1;
  return report;
}

}  // namespace fleetcache::traces
