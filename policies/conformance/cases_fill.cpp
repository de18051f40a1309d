// Objects whose bytes are on their way in, and touches on their way to the policy.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

std::uint64_t begin(Host& host, const Object& object) {
  std::uint64_t ticket = 0;
  host.want(host.fill_begin(object, ticket), {FCP_CONFORM_OK}, "fill_begin");
  return ticket;
}

std::string fill_unseen(Host& host) {
  host.reset({});
  const std::uint64_t ticket = begin(host, {1, 100});
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get during the fill");
  host.want(host.fill_end(ticket, true), {FCP_CONFORM_OK}, "fill_end");
  host.want(host.get(1), {FCP_CONFORM_OK}, "get after the fill");
  host.check();
  return "a miss before the end, a hit after";
}

std::string fill_fails(Host& host) {
  host.reset({});
  host.must_put(2, 100);
  const std::uint64_t ticket = begin(host, {1, 100});
  host.want(host.fill_end(ticket, false), {FCP_CONFORM_OK}, "fill_end of a failed fetch");
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get after it");
  host.want_resident({2}, "after it");
  host.check();
  host.must_put(1, 60);
  host.check_bodies();
  return "nothing left";
}

std::string erase_during_fill(Host& host) {
  host.reset({});
  const std::uint64_t ticket = begin(host, {1, 100});
  host.want(host.erase(1), {FCP_CONFORM_OK, FCP_CONFORM_MISS}, "erase during the fill");
  host.want(host.fill_end(ticket, true),
            {FCP_CONFORM_OK, FCP_CONFORM_MISS, FCP_CONFORM_AGAIN, FCP_CONFORM_REFUSED}, "fill_end");
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get of what was erased during its fill");
  expect(host.resident().empty(), "it is resident");
  host.check();
  return "the erase wins";
}

std::string fill_twice(Host& host) {
  host.reset({});
  const std::uint64_t first = begin(host, {1, 100});
  std::uint64_t second = 0;
  const std::int32_t status = host.fill_begin({1, 100}, second);
  host.want(status, {FCP_CONFORM_OK, FCP_CONFORM_EXISTS, FCP_CONFORM_AGAIN}, "second fill_begin");
  if (status == FCP_CONFORM_OK) {
    host.want(host.fill_end(second, true), {FCP_CONFORM_OK}, "fill_end of the second");
    host.want(host.fill_end(first, true), {FCP_CONFORM_OK, FCP_CONFORM_EXISTS}, "of the first");
  } else {
    host.want(host.fill_end(first, true), {FCP_CONFORM_OK}, "fill_end");
  }
  host.want_resident({1}, "after both");
  expect(host.used() == 100, "used is " + std::to_string(host.used()) + ", not 100");
  host.check();
  host.check_bodies();
  return status_text(status) + " for the second, one copy";
}

std::string put_during_fill(Host& host) {
  host.reset({});
  const std::uint64_t ticket = begin(host, {1, 100});
  const std::int32_t put = host.put(1, 40);
  const std::int32_t end = host.fill_end(ticket, true);
  host.want(end, {FCP_CONFORM_OK, FCP_CONFORM_EXISTS, FCP_CONFORM_MISS, FCP_CONFORM_AGAIN},
            "fill_end");
  host.check();
  if (put == FCP_CONFORM_OK || end == FCP_CONFORM_OK) {
    host.want(host.get(1), {FCP_CONFORM_OK}, "get after both");
  }
  host.check_bodies();
  return "put " + status_text(put) + ", fill " + status_text(end) + ", one copy";
}

std::string fills_fit(Host& host) {
  host.reset({});
  std::vector<std::uint64_t> tickets;
  for (Id id = 1; id <= 6; ++id) {
    std::uint64_t ticket = 0;
    const std::int32_t status = host.fill_begin({id, 300}, ticket);
    host.want(status, {FCP_CONFORM_OK, FCP_CONFORM_AGAIN}, "fill_begin");
    if (status == FCP_CONFORM_OK) tickets.push_back(ticket);
    host.check();
  }
  expect(!tickets.empty(), "no fill could begin");
  for (const std::uint64_t ticket : tickets) {
    host.fill_end(ticket, true);
    host.check();
  }
  expect(host.resident().size() == 3,
         std::to_string(host.resident().size()) + " objects of 300 are resident in 1000");
  host.check_bodies();
  return count_of(tickets.size(), "fill") + " of 300 bytes at once in 1000";
}

std::string fill_too_large(Host& host) {
  host.reset({});
  host.must_put(2, 900);
  std::uint64_t ticket = 0;
  const std::int32_t begun = host.fill_begin({1, 1001}, ticket);
  host.want(begun, {FCP_CONFORM_OK, FCP_CONFORM_REFUSED}, "fill_begin of 1001 bytes into 1000");
  if (begun == FCP_CONFORM_OK) {
    host.want(host.fill_end(ticket, true), {FCP_CONFORM_REFUSED}, "fill_end");
  }
  host.want_resident({2}, "after the refusal");
  host.check();
  return "REFUSED, nothing evicted for it";
}

std::string shrink_during_fill(Host& host) {
  host.reset({});
  host.must_put(2, 100);
  const std::uint64_t ticket = begin(host, {1, 800});
  host.want(host.set_capacity(500), {FCP_CONFORM_OK}, "set_capacity 500");
  host.want(host.fill_end(ticket, true), {FCP_CONFORM_REFUSED, FCP_CONFORM_AGAIN}, "fill_end");
  host.want_resident({2}, "after it");
  host.check();
  return "800 bytes do not enter 500";
}

std::string fill_end_unknown(Host& host) {
  host.reset({});
  const std::uint64_t ticket = begin(host, {1, 100});
  host.want(host.fill_end(ticket, true), {FCP_CONFORM_OK}, "fill_end");
  host.want(host.fill_end(ticket, true), {FCP_CONFORM_INVALID}, "second fill_end");
  host.want(host.fill_end(ticket, false), {FCP_CONFORM_INVALID}, "third fill_end");
  host.want_resident({1}, "after three ends");
  host.check();
  return "INVALID, nothing changed";
}

std::int32_t touch(Host& host, Id id) {
  return host.calls().touch_later(host.calls().context, 0, id);
}
void flush(Host& host) {
  host.want(host.calls().touch_flush(host.calls().context), {FCP_CONFORM_OK}, "touch_flush");
}
void fill_up(Host& host) {
  Setup setup;
  setup.policy = "lru";
  host.reset(setup);
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
}

std::string queued_touch(Host& host) {
  fill_up(host);
  host.want(touch(host, 1), {FCP_CONFORM_OK}, "touch_later 1");
  host.want(touch(host, 99), {FCP_CONFORM_MISS}, "touch_later of what is not there");
  flush(host);
  host.must_put(11, 100);
  host.want_resident({1, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "after a queued touch of the oldest");
  return "it counts";
}

std::string stale_touch(Host& host) {
  fill_up(host);
  // The newcomers take the places of what goes; a touch must not reach them.
  for (Id id = 1; id <= 3; ++id) host.want(touch(host, id), {FCP_CONFORM_OK}, "touch_later");
  for (Id id = 1; id <= 3; ++id) host.want(host.erase(id), {FCP_CONFORM_OK}, "erase");
  for (Id id = 21; id <= 23; ++id) host.must_put(id, 100);
  for (Id id = 4; id <= 10; ++id) host.want(host.get(id), {FCP_CONFORM_OK}, "get");
  flush(host);
  host.check();
  host.must_put(31, 300);
  host.want_resident({4, 5, 6, 7, 8, 9, 10, 31}, "after touches of what is gone");
  return "three touches of what is gone reach nobody";
}

std::string stale_touch_same_id(Host& host) {
  fill_up(host);
  host.want(touch(host, 1), {FCP_CONFORM_OK}, "touch_later 1");
  host.want(host.erase(1), {FCP_CONFORM_OK}, "erase 1");
  host.must_put(1, 100);
  flush(host);
  host.check();
  host.check_bodies();
  return "harmless, whichever of the two it counts for";
}

}  // namespace

Cases fill_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t fill = FCP_CONFORM_FILL;
  return {
      {"fill_unseen", "no hit before the bytes are there", fill, any, fill_unseen},
      {"fill_fails", "a failed fetch leaves nothing", fill, any, fill_fails},
      {"erase_during_fill", "what is erased during its fill is not resident after",
       fill | FCP_CONFORM_ERASE, any, erase_during_fill},
      {"fill_twice", "two fetches of one object leave one copy", fill, any, fill_twice},
      {"put_during_fill", "one copy, the body last accepted", fill, any, put_during_fill},
      {"fills_fit", "fills under way never overfill the cache", fill, any, fills_fit},
      {"fill_too_large", "REFUSED, nothing evicted for it", fill, any, fill_too_large},
      {"shrink_during_fill", "what no longer fits is not stored", fill | FCP_CONFORM_RESIZE, any,
       shrink_during_fill},
      {"fill_end_unknown", "INVALID for a fill that is over", fill, any, fill_end_unknown},
  };
}

Cases touch_cases() {
  const std::uint32_t touches = FCP_CONFORM_TOUCH;
  return {
      {"queued_touch", "a queued touch counts as a read", touches, Needs::kLru, queued_touch},
      {"stale_touch", "a touch of what is gone does not reach what took its place",
       touches | FCP_CONFORM_ERASE, Needs::kLru, stale_touch},
      {"stale_touch_same_id", "a touch of an older copy does no harm", touches | FCP_CONFORM_ERASE,
       Needs::kLru, stale_touch_same_id},
  };
}

}  // namespace fleetcache::conformance
