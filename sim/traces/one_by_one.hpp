/// What the readers of text share. Internal to sim/traces.
#pragma once

#include <cstddef>
#include <span>

#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

/// `Derived::next(Request&)` gives one request, or false at the end.
template <class Derived>
class OneByOne : public TraceReader {
 public:
  Result<std::size_t> read(std::span<Request> out) final {
    std::size_t count = 0;
    while (count < out.size()) {
      const auto more = static_cast<Derived*>(this)->next(out[count]);
      if (!more) return more.error();
      if (!*more) break;
      ++count;
    }
    return count;
  }
  const TraceInfo& info() const final { return info_; }

 protected:
  TraceInfo info_;
};

/// A OneByOne over lines of text. `Derived::parse(line)` makes what is pending, `Derived::take`
/// gives the next pending request, if any.
template <class Derived>
class LineByLine : public OneByOne<Derived> {
 public:
  explicit LineByLine(ByteSource source) : lines_(std::move(source)) {}

  Result<bool> next(Request& out) {
    auto& self = *static_cast<Derived*>(this);
    while (!self.take(out)) {
      std::string_view line;
      const auto more = lines_.next(line);
      if (!more || !*more) return more;
      if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
      if (const Status parsed = self.parse(line); !parsed) return parsed.error();
    }
    return true;
  }
  std::uint64_t consumed() const final { return lines_.source().consumed(); }
  std::uint64_t size() const final { return lines_.source().size(); }

 protected:
  LineSource lines_;
};

}  // namespace fleetcache::traces
