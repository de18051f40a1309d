// What a reader holds.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

void fill_up(Host& host, const std::string& policy = "") {
  Setup setup;
  setup.policy = policy;
  host.reset(setup);
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
}

std::string pinned_stays(Host& host) {
  each_policy(host, [&](const std::string& policy) {
    fill_up(host, policy);
    host.want(host.pin(4), {FCP_CONFORM_OK}, "pin 4");
    for (Id id = 20; id < 60; ++id) host.put(id, 100);
    expect(host.is_resident(4), "4 is pinned and was evicted");
    host.want(host.get(4), {FCP_CONFORM_OK}, "get 4");
    host.check();
  });
  return "resident after 40 insertions into 10 places";
}

std::string all_pinned(Host& host) {
  fill_up(host);
  for (Id id = 1; id <= 10; ++id) host.want(host.pin(id), {FCP_CONFORM_OK}, "pin");
  for (Id id = 20; id < 70; ++id) host.want(host.put(id, 100), {FCP_CONFORM_AGAIN}, "put");
  host.want_resident({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "with all pinned");
  host.check();
  host.want(host.unpin(3), {FCP_CONFORM_OK}, "unpin 3");
  host.must_put(70, 100);
  expect(!host.is_resident(3), "3 was the only one that could go, and is resident");
  host.check();
  return "50 times AGAIN, then one place";
}

std::string all_pinned_scan(Host& host) {
  fill_up(host);
  for (Id id = 1; id <= 10; ++id) host.want(host.pin(id), {FCP_CONFORM_OK}, "pin");
  const std::uint64_t before = host.stats().scanned;
  if (before == ~std::uint64_t{0}) return "the host does not count";
  host.want(host.put(20, 100), {FCP_CONFORM_AGAIN}, "put");
  const std::uint64_t scanned = host.stats().scanned - before;
  // Some policies have several lists, and look at a second chance twice.
  expect(scanned <= 40, std::to_string(scanned) + " candidates looked at of 10 entries");
  return count_of(scanned, "candidate") + " looked at of 10 entries";
}

std::string pins_are_counted(Host& host) {
  fill_up(host);
  host.want(host.pin(1), {FCP_CONFORM_OK}, "first pin of 1");
  host.want(host.pin(1), {FCP_CONFORM_OK}, "second pin of 1");
  host.want(host.unpin(1), {FCP_CONFORM_OK}, "unpin of 1");
  for (Id id = 20; id < 40; ++id) host.put(id, 100);
  expect(host.is_resident(1), "1 is pinned once more and was evicted");
  host.want(host.unpin(1), {FCP_CONFORM_OK}, "second unpin of 1");
  for (Id id = 40; id < 80; ++id) host.put(id, 100);
  expect(!host.is_resident(1) || host.usual_policy() != "lru", "1 stays although nobody holds it");
  host.check();
  return "held until the last reader";
}

std::string unpin_unpinned(Host& host) {
  fill_up(host);
  host.want(host.unpin(1), {FCP_CONFORM_INVALID, FCP_CONFORM_MISS}, "unpin of what nobody pinned");
  host.want(host.unpin(99), {FCP_CONFORM_INVALID, FCP_CONFORM_MISS}, "unpin of what is not there");
  host.want(host.pin(99), {FCP_CONFORM_MISS}, "pin of what is not there");
  host.want(host.pin(1), {FCP_CONFORM_OK}, "pin 1");
  for (Id id = 20; id < 40; ++id) host.put(id, 100);
  expect(host.is_resident(1), "the unpin too many took a later pin away");
  return "told, and harmless";
}

std::string pinned_keeps_place(Host& host) {
  fill_up(host, "lru");
  host.want(host.pin(1), {FCP_CONFORM_OK}, "pin 1");
  host.must_put(11, 100);
  host.want_resident({1, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "with the oldest pinned");
  host.want(host.unpin(1), {FCP_CONFORM_OK}, "unpin 1");
  host.must_put(12, 100);
  host.want_resident({3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, "after the unpin");
  return "passed over once, then next";
}

std::string reads_hold_nothing(Host& host) {
  fill_up(host, "lru");
  for (int round = 0; round < 30; ++round) {
    for (Id id = 1; id <= 10; ++id) host.want(host.get(id), {FCP_CONFORM_OK}, "get");
  }
  for (Id id = 11; id <= 20; ++id) host.must_put(id, 100);
  host.want_resident({11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, "after 10 newer objects");
  return "300 reads left no pin";
}

std::string erase_pinned(Host& host) {
  fill_up(host, "lru");
  host.want(host.pin(5), {FCP_CONFORM_OK}, "pin 5");
  const std::int32_t status = host.erase(5);
  host.want(status, {FCP_CONFORM_OK, FCP_CONFORM_AGAIN}, "erase of a pinned object");
  host.want(host.get(5), {status == FCP_CONFORM_OK ? FCP_CONFORM_MISS : FCP_CONFORM_OK}, "get 5");
  host.check();
  host.unpin(5);
  host.check();
  host.put(5, 100);
  host.check();
  for (Id id = 20; id < 40; ++id) host.must_put(id, 100);
  expect(!host.is_resident(5), "5 is still held after its reader left");
  host.check();
  return status_text(status) + ", and nothing held at the end";
}

}  // namespace

Cases pin_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t pin = FCP_CONFORM_PIN;
  return {
      {"pinned_stays", "a pinned object is never a victim, whatever the policy", pin, any,
       pinned_stays},
      {"all_pinned", "AGAIN, nothing evicted, and room after one unpin", pin, any, all_pinned},
      {"all_pinned_scan", "a search that ends: at most 4 looks an entry", pin | FCP_CONFORM_STATS,
       any, all_pinned_scan},
      {"pins_are_counted", "held until the last of two readers leaves", pin, any, pins_are_counted},
      {"unpin_unpinned", "INVALID or MISS, and no other pin lost", pin, any, unpin_unpinned},
      {"pinned_keeps_place", "passed over while pinned, the next victim after", pin, Needs::kLru,
       pinned_keeps_place},
      {"reads_hold_nothing", "a finished read leaves no pin", 0, Needs::kLru, reads_hold_nothing},
      {"erase_pinned", "gone at once, or AGAIN; nothing held at the end", pin | FCP_CONFORM_ERASE,
       Needs::kLru, erase_pinned},
  };
}

}  // namespace fleetcache::conformance
