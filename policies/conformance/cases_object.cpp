// One object, then a few: names, sizes, what fits and what does not.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

std::string empty_cache(Host& host) {
  host.reset({});
  expect(host.used() == 0, "used is " + std::to_string(host.used()));
  host.want(host.get(7), {FCP_CONFORM_MISS}, "get 7");
  expect(host.resident().empty(), "a miss made an object resident");
  host.check();
  return "0 objects, 0 bytes";
}

std::string put_then_get(Host& host) {
  host.reset({});
  host.must_put(7, 100);
  host.want(host.get(7), {FCP_CONFORM_OK}, "get 7");
  host.want(host.get(8), {FCP_CONFORM_MISS}, "get 8");
  host.want_resident({7}, "after one put");
  host.check();
  return "100 bytes, as stored";
}

std::string exact_fit(Host& host) {
  host.reset({});
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  host.want_resident({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "at the capacity");
  expect(host.used() == 1000, "used is " + std::to_string(host.used()));
  host.check();
  return "10 objects in 1000 of 1000 bytes";
}

std::string one_more(Host& host) {
  host.reset({});
  for (Id id = 1; id <= 11; ++id) host.must_put(id, 100);
  expect(host.resident().size() == 10,
         std::to_string(host.resident().size()) + " objects are resident, not 10");
  expect(host.is_resident(11), "the new object is not resident");
  host.check();
  host.check_bodies();
  return "one object less, one more";
}

std::string larger_than_cache(Host& host) {
  host.reset({});
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  host.want(host.put(99, 1001), {FCP_CONFORM_REFUSED}, "put of 1001 bytes into 1000");
  host.want_resident({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "after the refusal");
  host.want(host.get(99), {FCP_CONFORM_MISS}, "get of the refused object");
  host.check();
  return "REFUSED, 10 of 10 still there";
}

std::string as_large_as_cache(Host& host) {
  host.reset({});
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  host.must_put(99, 1000);
  host.want_resident({99}, "after 1000 bytes into 1000");
  host.check();
  host.must_put(1, 1);
  host.want_resident({1}, "after one byte more");
  host.check();
  return "alone in the cache, then gone for one byte";
}

std::string size_zero(Host& host) {
  host.reset({});
  host.must_put(1, 100);
  const std::int32_t status = host.put(2, 0);
  host.want(status, {FCP_CONFORM_OK, FCP_CONFORM_REFUSED}, "put of 0 bytes");
  host.check();
  if (status == FCP_CONFORM_OK) {
    expect(host.resident().at({0, 2}) > 0, "an object takes no space: without end there would fit");
  }
  for (Id id = 3; id < 20; ++id) host.must_put(id, 100);
  host.check();
  host.check_bodies();
  return status == FCP_CONFORM_OK ? "stored, with a charge" : "REFUSED";
}

std::string id_zero(Host& host) {
  host.reset({});
  host.must_put(0, 100);
  host.want(host.get(0), {FCP_CONFORM_OK}, "get 0");
  host.want_resident({0}, "after a put");
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  expect(!host.is_resident(0) || host.usual_policy() != "lru", "id 0 was not the victim");
  host.check();
  host.check_bodies();
  return "an id like others";
}

std::string wide_ids(Host& host) {
  host.reset({});
  const Id high = std::uint64_t{1} << 32;
  const std::set<Id> ids = {5, high + 5, 2 * high + 5, (high << 31) + 5, ~Id{0}, ~Id{0} - high};
  std::uint64_t charge = 10;
  for (const Id id : ids) host.must_put(id, charge++);
  host.want_resident(ids, "after a put of each");
  host.check();
  host.check_bodies();
  return count_of(ids.size(), "object") + " apart";
}

std::string duplicate_put(Host& host) {
  host.reset({});
  host.must_put(1, 100);
  host.must_put(2, 100);
  const std::int32_t status = host.put(1, 100);
  host.want(status, {FCP_CONFORM_OK, FCP_CONFORM_EXISTS}, "second put of 1");
  host.want_resident({1, 2}, "after it");
  expect(host.used() == 200, "used is " + std::to_string(host.used()) + ", not 200");
  host.check();
  host.check_bodies();
  return status_text(status) + ", counted once";
}

std::string duplicate_of_other_size(Host& host) {
  host.reset({});
  host.must_put(1, 100);
  const std::int32_t status = host.put(1, 300);
  host.want(status, {FCP_CONFORM_OK, FCP_CONFORM_EXISTS}, "second put of 1");
  host.check();
  host.want(host.get(1), {FCP_CONFORM_OK}, "get 1");
  for (Id id = 2; id < 20; ++id) host.must_put(id, 100);
  host.want(host.put(19, 50), {FCP_CONFORM_OK, FCP_CONFORM_EXISTS}, "a smaller put of 19");
  host.check();
  host.check_bodies();
  return status_text(status) + ", bytes and body agree";
}

std::string put_get_erase(Host& host) {
  host.reset({});
  host.must_put(1, 100);
  host.want(host.erase(1), {FCP_CONFORM_OK}, "erase 1");
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get 1");
  expect(host.used() == 0, "used is " + std::to_string(host.used()));
  host.want(host.erase(1), {FCP_CONFORM_MISS}, "second erase of 1");
  host.check();
  return "gone, with its bytes";
}

std::string erase_unknown(Host& host) {
  host.reset({});
  host.must_put(1, 100);
  host.want(host.erase(2), {FCP_CONFORM_MISS}, "erase 2");
  host.want_resident({1}, "after it");
  host.check();
  return "MISS, nothing changed";
}

std::string put_after_erase(Host& host) {
  host.reset({});
  host.must_put(1, 100);
  host.want(host.erase(1), {FCP_CONFORM_OK}, "erase 1");
  host.must_put(1, 70);
  host.want(host.get(1), {FCP_CONFORM_OK}, "get 1");
  host.check();
  return "the new body";
}

std::string entry_limit(Host& host) {
  Setup setup;
  setup.max_entries = 8;
  host.reset(setup);
  for (Id id = 1; id <= 40; ++id) host.must_put(id, 1);
  expect(host.resident().size() == 8,
         std::to_string(host.resident().size()) + " objects are resident, not 8");
  host.check();
  host.check_bodies();
  return "8 entries after 40 puts";
}

std::string wide_charges(Host& host) {
  Setup setup;
  setup.capacity = std::uint64_t{1} << 44;
  host.reset(setup);
  const std::uint64_t large = (std::uint64_t{1} << 42) + 12345;
  for (Id id = 1; id <= 9; ++id) host.must_put(id, large);
  expect(host.resident().size() == 3,
         std::to_string(host.resident().size()) + " objects are resident, not 3");
  host.check();
  host.check_bodies();
  return "exact beyond 2^32";
}

}  // namespace

Cases object_cases() {
  const Needs any = Needs::kAnyPolicy;
  return {
      {"empty_cache", "no object, no byte, a miss that changes nothing", 0, any, empty_cache},
      {"put_then_get", "the body that was put", 0, any, put_then_get},
      {"exact_fit", "objects that fill the capacity to the byte all stay", 0, any, exact_fit},
      {"one_more", "one victim makes room for one object", 0, any, one_more},
      {"larger_than_cache", "REFUSED, and nothing evicted for it", 0, any, larger_than_cache},
      {"as_large_as_cache", "an object of the whole capacity is stored", 0, any, as_large_as_cache},
      {"size_zero", "REFUSED, or stored with a charge; no loop", 0, any, size_zero},
      {"id_zero", "0 is an id", 0, any, id_zero},
      {"wide_ids", "ids that agree in their lower 32 bits are different", 0, any, wide_ids},
      {"duplicate_put", "a second put is counted once", 0, any, duplicate_put},
      {"duplicate_of_other_size", "bytes follow the body that is served", 0, any,
       duplicate_of_other_size},
      {"put_get_erase", "an erased object is gone, with its bytes", FCP_CONFORM_ERASE, any,
       put_get_erase},
      {"erase_unknown", "MISS, and nothing changes", FCP_CONFORM_ERASE, any, erase_unknown},
      {"put_after_erase", "the new body, not the old one", FCP_CONFORM_ERASE, any, put_after_erase},
      {"entry_limit", "never more entries than max_entries", FCP_CONFORM_ENTRY_LIMIT, any,
       entry_limit},
      {"wide_charges", "charges beyond 2^32 are counted to the byte", FCP_CONFORM_CHARGES, any,
       wide_charges},
  };
}

}  // namespace fleetcache::conformance
