/// Readers of text traces without columns: plain id lists, ARC-paper .lis files, Mooncake blocks.
#include <array>
#include <utility>

#include "sim/traces/formats.hpp"
#include "sim/traces/mooncake.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/number.hpp"
#include "sim/traces/one_by_one.hpp"

namespace fleetcache::traces {

namespace {

class IdsReader final : public OneByOne<IdsReader> {
 public:
  explicit IdsReader(ByteSource source) : lines_(std::move(source)) {
    info_.name = lines_.source().name();
    info_.format = Format::kIds;
  }

  Result<bool> next(Request& out) {
    std::string_view line;
    do {
      const auto more = lines_.next(line);
      if (!more || !*more) return more;
    } while (line.empty() || line.front() == '#');
    out = Request{};
    const NumberFault fault = parse_unsigned(line, out.id);
    if (fault != NumberFault::kOk) return Error{lines_.place(1), describe(fault, line)};
    return true;
  }
  std::uint64_t consumed() const override { return lines_.source().consumed(); }
  std::uint64_t size() const override { return lines_.source().size(); }

 private:
  LineSource lines_;
};

/// Every line stands for requests of `count_` consecutive blocks.
class LisReader final : public OneByOne<LisReader> {
 public:
  explicit LisReader(ByteSource source) : lines_(std::move(source)) {
    info_.name = lines_.source().name();
    info_.format = Format::kLis;
  }

  Result<bool> next(Request& out) {
    while (left_ == 0) {
      std::string_view line;
      const auto more = lines_.next(line);
      if (!more || !*more) return more;
      if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
      if (const Status parsed = parse(line); !parsed) return parsed.error();
    }
    out = Request{};
    out.id = block_++;
    --left_;
    return true;
  }
  std::uint64_t consumed() const override { return lines_.source().consumed(); }
  std::uint64_t size() const override { return lines_.source().size(); }

 private:
  Status parse(std::string_view line) {
    std::array<std::uint64_t, 4> fields{};
    std::size_t at = 0;
    for (std::uint64_t& field : fields) {
      at = std::min(line.find_first_not_of(" \t", at), line.size());
      const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
      const std::string_view text = line.substr(at, end - at);
      const NumberFault fault = parse_unsigned(text, field);
      if (fault != NumberFault::kOk) {
        return Error{lines_.place(at + 1),
                     describe(fault, text) + " (a .lis line has four numbers)"};
      }
      at = end;
    }
    if (line.find_first_not_of(" \t", at) != std::string_view::npos) {
      return Error{lines_.place(at + 1), "a .lis line has four numbers, this one has more"};
    }
    if (fields[1] > UINT64_MAX - fields[0]) {
      return Error{lines_.place(1), "the blocks of this line run over 2^64"};
    }
    block_ = fields[0];
    left_ = fields[1];
    return Nothing{};
  }

  LineSource lines_;
  std::uint64_t block_ = 0;
  std::uint64_t left_ = 0;
};

class MooncakeBlockReader final : public OneByOne<MooncakeBlockReader> {
 public:
  explicit MooncakeBlockReader(ByteSource source) : requests_(std::move(source)) {
    info_.name = requests_.lines().source().name();
    info_.format = Format::kMooncake;
    info_.has_times = true;
    info_.has_links = true;
  }

  Result<bool> next(Request& out) {
    while (at_ == request_.blocks.size()) {
      at_ = 0;
      request_.blocks.clear();
      const auto more = requests_.next(request_);
      if (!more || !*more) return more;
      if (!tenants_.number(request_.tenant, tenant_)) {
        return Error{requests_.lines().place(1), "tenant " + quoted(request_.tenant) +
                                                     " is one too many; a trace may have " +
                                                     std::to_string(tenants_.limit())};
      }
    }
    out = Request{};
    out.time_ns = request_.at_ns;
    out.tenant = tenant_;
    out.follows = at_ > 0;
    out.id = request_.blocks[at_++];
    return true;
  }
  std::uint64_t consumed() const override { return requests_.lines().source().consumed(); }
  std::uint64_t size() const override { return requests_.lines().source().size(); }

 private:
  MooncakeReader requests_;
  KvRequest request_;
  NameTable tenants_{info_.tenants, kMaxTenants};
  std::uint32_t tenant_ = 0;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<TraceReader> make_ids_reader(ByteSource source) {
  return std::make_unique<IdsReader>(std::move(source));
}
std::unique_ptr<TraceReader> make_lis_reader(ByteSource source) {
  return std::make_unique<LisReader>(std::move(source));
}
std::unique_ptr<TraceReader> make_mooncake_reader(ByteSource source) {
  return std::make_unique<MooncakeBlockReader>(std::move(source));
}

}  // namespace fleetcache::traces
