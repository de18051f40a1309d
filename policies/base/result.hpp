/// A value or an error, for bad input and for calls that may be refused. No exception leaves the
/// policy core. (`std::expected` arrives with C++23.)
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "policies/base/check.hpp"

namespace fleetcache {

/// What went wrong with an input: `where` is a place ("eu.json:4:9 /tiers/1/capacity", "--seed"),
/// `what` says the value, what is allowed and, where there is one, the nearest right spelling.
struct Error {
  std::string where;
  std::string what;

  /// "where: what", or just `what` where there is no place.
  std::string text() const { return where.empty() ? what : where + ": " + what; }
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Requires: ok().
  T& value() & {
    FLEETCACHE_CHECK(ok(), "Result::value() of an error");
    return std::get<0>(state_);
  }
  const T& value() const& {
    FLEETCACHE_CHECK(ok(), "Result::value() of an error");
    return std::get<0>(state_);
  }
  T&& value() && {
    FLEETCACHE_CHECK(ok(), "Result::value() of an error");
    return std::get<0>(std::move(state_));
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

  /// Requires: !ok().
  const Error& error() const {
    FLEETCACHE_CHECK(!ok(), "Result::error() of a value");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// For calls that return nothing but may fail.
struct Nothing {};
using Status = Result<Nothing>;

}  // namespace fleetcache
