// What each host does, written down from the host: not one figure here is read from a preset.
#include <doctest/doctest.h>

#include <string>

#include "policies/base/rng.hpp"
#include "policies/pacing/pacing.hpp"
#include "tests/unit/pacing/tiny_host.hpp"

using namespace fleetcache;
using namespace fleetcache::test;
using pacing::Config;
using pacing::Reason;
using pacing::State;
using pacing::Step;
using pacing::Verdict;

namespace {

Config preset(const char* name) { return pacing::configure(name).value(); }

/// The answer to one question to a new pacer at its first poll.
Step first_answer(const char* name, const pacing::Load& load) {
  const Config config = preset(name);
  State state = pacing::start(config, {0});
  return pacing::step(config, state, state.space_due, load);
}

/// BlobFuse2's LRU list as its source has it: two markers in the list, "C" and "L"; what is behind
/// L was not used since the look before the latest. The files' order is from the most recent.
class MarkerList {
 public:
  void touch(int id) {
    drop(id);
    list_.push_front(id);
  }
  /// One look: the far marker jumps to the front and the markers swap names; then all behind goes.
  void look() {
    drop(far_);
    list_.push_front(far_);
    std::swap(near_, far_);
    while (list_.back() != far_) list_.pop_back();
  }
  bool has(int id) const { return std::find(list_.begin(), list_.end(), id) != list_.end(); }
  std::size_t files() const { return list_.size() - 2; }

 private:
  void drop(int id) {
    const auto at = std::find(list_.begin(), list_.end(), id);
    if (at != list_.end()) list_.erase(at);
  }
  int near_ = -1, far_ = -2;
  std::deque<int> list_ = {-1, -2};
};

}  // namespace

TEST_CASE(
    "BlobFuse2 file cache: above 80 % at the minute, idle files first, then all, until 60 %") {
  struct Row {
    int idle, fresh;  // files of 1 % each: not used since the 2-minute tick, and used since
    int left;
    int rounds;
  };
  // The first round drops what is idle, the second everything.
  const Row table[] = {
      {80, 0, 80, 0},   // at the mark: nothing
      {81, 0, 0, 1},    // a round does not stop at 60 %
      {22, 59, 59, 1},  // 59 % is below 60 %
      {21, 60, 0, 2},   // 60 % is not
      {0, 81, 0, 2},    // nothing idle in round 1
  };
  for (const Row& row : table) {
    CAPTURE(row.idle);
    const Config config = preset("blobfuse2-file-cache");
    State state = pacing::start(config, {0});
    TinyHost host = host_of(100, 0, 1, {0});
    CHECK(host.run(config, state, {60 * kSec}) == 0);
    CHECK(host.run(config, state, {120 * kSec}) == 1);  // the timeout's look, over an empty cache
    for (int i = 0; i < row.idle; ++i) host.touch(i, 1, {119 * kSec});
    for (int i = 0; i < row.fresh; ++i) host.touch(100 + i, 1, {121 * kSec});
    CHECK(host.run(config, state, {179 * kSec}) == 0);  // not yet the minute
    CHECK(host.run(config, state, {180 * kSec}) == row.rounds);
    CHECK(host.files.size() == static_cast<std::size_t>(row.left));
  }
}

TEST_CASE("BlobFuse2 file cache: 5,000 files a round and three rounds a minute") {
  const Config config = preset("blobfuse2-file-cache");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(40'000, 39'000, 1, {-1});
  CHECK(host.run(config, state, {60 * kSec}) == 3);
  CHECK(host.files.size() == 24'000);  // 60 % of 40,000: at the mark, but the rounds are over
  CHECK(host.last.next_due.ns == 120 * kSec);
}

TEST_CASE("BlobFuse2 file cache: a minute's writes are an overshoot that nobody stops") {
  const Config config = preset("blobfuse2-file-cache");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(100, 0, 1, {0});
  std::uint64_t most = 0;
  for (int second = 1; second <= 120; ++second) {
    // 75 % at 60 s, then a file of 1 % each second.
    if (second == 30) {
      for (int i = 0; i < 75; ++i) host.touch(i, 1, {30 * kSec});
    }
    if (second > 60) host.touch(1000 + second, 1, {second * kSec - 1});
    most = std::max(most, host.used());
    const int orders = host.run(config, state, {second * kSec});
    CHECK((orders == 0) == (second < 120));
  }
  CHECK(most == 135);       // 75 % + 60 s x 1 %
  CHECK(host.used() == 0);  // 120 s: timeout's look drops nothing, then two rounds drop all
}

TEST_CASE("BlobFuse2 file cache: the timeout drops what was idle for one to two timeouts") {
  // Random use, far below the marks, against the two-marker list itself.
  const Config config = preset("blobfuse2-file-cache");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(1'000'000, 0, 1, {0});
  MarkerList list;
  Rng rng(7, "test/blobfuse2");
  std::size_t dropped = 0;
  for (int second = 1; second <= 7200; ++second) {
    const TimePoint now{second * kSec};
    if (rng.below(3) == 0) {
      const int id = static_cast<int>(rng.below(200));
      host.touch(id, 1, {now.ns - 1});
      list.touch(id);
    }
    if (second % 120 == 0) {
      const std::size_t before = list.files();
      list.look();
      dropped += before - list.files();
    }
    host.run(config, state, now);
    REQUIRE(host.files.size() == list.files());
    for (const File& file : host.files) REQUIRE(list.has(file.id));
  }
  CHECK(dropped > 1000);
}

TEST_CASE("BlobFuse2 block cache: latched from 80 % to below 50, one block a minute") {
  const Config config = preset("blobfuse2-block-cache");
  State state = pacing::start(config, {0});
  struct Row {
    std::uint64_t permille;
    int evicted;
  };
  const Row table[] = {{799, 0},                                           // 79 % when truncated
                       {800, 1},  {700, 1}, {509, 1}, {500, 1}, {499, 0},  // 49 %: the latch opens
                       {600, 0},  {799, 0},  // and stays open up to 80 %
                       {1000, 1}, {501, 1}, {490, 0}};
  std::int64_t minute = 1;
  for (const Row& row : table) {
    CAPTURE(row.permille);
    const TimePoint now{minute++ * 60 * kSec};
    TinyHost host = host_of(1000, static_cast<int>(row.permille), 1, now);  // nothing idle
    const std::size_t before = host.files.size();
    host.run(config, state, now);
    CHECK(before - host.files.size() == static_cast<std::size_t>(row.evicted));
  }
}

TEST_CASE("Alluxio: one page an attempt, eleven attempts a put, and a failed put has evicted too") {
  const Config config = preset("alluxio");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(100, 25, 4, {0});  // full of pages of 4
  CHECK(host.run(config, state, {1}, 4) == 1);
  CHECK(host.last.verdict == Verdict::kIdle);  // fits exactly
  host.touch(99, 4, {1});
  // A page of 60 needs 15 victims: the first put drops 11 and fails, the second drops 4 more.
  CHECK(host.run(config, state, {2}, 60) == 11);
  CHECK(host.last.verdict == Verdict::kGaveUp);
  CHECK(host.files.size() == 14);
  CHECK(host.run(config, state, {3}, 60) == 4);
  CHECK(host.last.verdict == Verdict::kIdle);
  CHECK(host.files.size() == 10);
}

TEST_CASE("Alluxio without retries: each put drops one page and only the last one succeeds") {
  const Config config = pacing::configure("alluxio", {{"max_rounds", "1"}}).value();
  State state = pacing::start(config, {0});
  TinyHost host = host_of(80, 10, 8, {0});
  for (int put = 1; put <= 10; ++put) {
    CHECK(host.run(config, state, {put}, 80) == 1);
    CHECK(host.last.verdict == (put < 10 ? Verdict::kGaveUp : Verdict::kIdle));
  }
}

TEST_CASE("Mooncake: max(5 %, used - 90 % + 5 %), at least max(half of it, used - 90 %)") {
  struct Row {
    std::uint64_t used;  // of 10,000
    std::uint64_t need;
    std::uint64_t target, least;  // of 10,000 objects
  };
  const Row table[] = {
      {9000, 0, 0, 0},      // at the mark
      {9001, 0, 501, 251},  // 5.01 %, half rounded up to whole objects
      {9300, 0, 800, 400},     {9500, 0, 1000, 500},
      {9900, 0, 1400, 900},                          // 9 % is more than half of 14 %
      {10'000, 0, 1500, 1000}, {5000, 1, 500, 250},  // a put failed for want of a free segment
      {9500, 1, 1000, 500},
  };
  for (const Row& row : table) {
    CAPTURE(row.used);
    const Step order = first_answer("mooncake", {row.used, 10'000, 10'000, row.need});
    CHECK((order.verdict == Verdict::kEvict) == (row.target > 0));
    CHECK(order.entries == row.target);
    CHECK(order.least_entries == row.least);
  }
  const Config config = preset("mooncake");
  State state = pacing::start(config, {0});
  const pacing::Load full{9500, 10'000, 10'000, 0};
  CHECK(pacing::step(config, state, {0}, full).verdict == Verdict::kEvict);
  CHECK(pacing::step(config, state, {0}, full).next_due.ns == 10 * kMs);  // one batch a wake-up
  CHECK(pacing::step(config, state, {10 * kMs - 1}, full).verdict == Verdict::kIdle);
  CHECK(pacing::step(config, state, {10 * kMs}, full).verdict == Verdict::kEvict);
}

TEST_CASE("nginx: from max_size itself to below it, 100 files a wake-up, 50 ms apart, else 10 s") {
  const Config config = preset("nginx");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(1000, 999, 1, {0});
  CHECK(host.run(config, state, {0}) == 0);
  CHECK(host.last.next_due.ns == 10 * kSec);
  host.touch(5000, 251, {1});                        // 1250
  CHECK(host.run(config, state, {10 * kSec}) == 2);  // the inactive ones (none), then 100 files
  CHECK(host.used() == 1150);
  CHECK(host.last.next_due.ns == 10 * kSec + 50 * kMs);
  host.run(config, state, {10 * kSec + 50 * kMs});
  CHECK(host.used() == 1050);
  host.run(config, state, {10 * kSec + 100 * kMs});
  CHECK(host.used() == 999);  // 51 files: one less would be at max_size
  CHECK(host.last.next_due.ns == 20 * kSec);
}

TEST_CASE("nginx: a file goes when it was inactive for ten minutes, not a nanosecond before") {
  const Config config = preset("nginx");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(1000, 0, 1, {0});
  host.touch(1, 1, {10 * kSec});
  host.touch(2, 1, {10 * kSec + 1});
  host.run(config, state, {600 * kSec});
  CHECK(host.files.size() == 2);
  host.run(config, state, {610 * kSec});
  REQUIRE(host.files.size() == 1);
  CHECK(host.files[0].id == 2);
}

TEST_CASE("Squid: 20 objects and 100 looked at on the low mark, 320 and 500 on the high one") {
  struct Row {
    std::uint64_t used;  // of 1,000,000
    std::uint64_t remove, scan, bytes;
  };
  const Row table[] = {
      {899'999, 0, 0, 0},
      {900'000, 20, 100, 1},    // at the mark: until below it
      {900'166, 20, 101, 167},  // 300 x 0.00332 is below 1, 400 x 0.00332 is 1.3
      {925'000, 170, 300, 25'001},
      {950'000, 320, 500, 50'001},
      {975'000, 470, 700, 75'001},  // and on beyond it
      {1'000'000, 620, 900, 100'001},
  };
  for (const Row& row : table) {
    CAPTURE(row.used);
    const Step order = first_answer("squid", {row.used, 1'000'000, 0, 0});
    CHECK((order.verdict == Verdict::kEvict) == (row.remove > 0));
    if (row.remove == 0) continue;
    CHECK(order.max_entries == row.remove);
    CHECK(order.max_scan == row.scan);
    CHECK(order.bytes == row.bytes);
  }
  const Config config = preset("squid");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(1000, 1000, 1, {0});  // f = 2: 620 allowed, 101 enough
  CHECK(host.run(config, state, {0}) == 1);
  CHECK(host.used() == 899);
  CHECK(host.last.next_due.ns == kSec);
}

TEST_CASE("JuiceFS: above the capacity, to 95 % of bytes and to 99 % of blocks") {
  struct Row {
    std::uint64_t used, blocks;  // capacity 1,000,000
    std::uint64_t bytes, entries;
  };
  const Row table[] = {
      {1'000'000, 100, 0, 0},  // at the capacity
      {1'000'001, 100, 50'001, 1},
      {1'000'001, 150, 50'001, 2},  // 150 x 0.99 = 148.5 keeps 148
      {1'200'000, 10'000, 250'000, 100},
  };
  for (const Row& row : table) {
    CAPTURE(row.used);
    const Step order = first_answer("juicefs", {row.used, 1'000'000, row.blocks, 0});
    CHECK((order.verdict == Verdict::kEvict) == (row.bytes > 0));
    CHECK(order.bytes == row.bytes);
    CHECK(order.entries == row.entries);
  }
  // Both: the first block frees enough bytes, 1 % of the blocks is two.
  const Config config = preset("juicefs");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(1000, 199, 1, {1});
  host.files.push_front({500, 900, {0}});
  CHECK(host.run(config, state, {2}) == 1);
  CHECK(host.files.size() == 198);
  CHECK(host.used() == 198);
}

TEST_CASE("LMCache: each second above 80 %, a fifth of the entries") {
  CHECK(first_answer("lmcache", {8000, 10'000, 500, 0}).verdict == Verdict::kIdle);
  CHECK(first_answer("lmcache", {8001, 10'000, 500, 0}).entries == 100);
  CHECK(first_answer("lmcache", {10'000, 10'000, 500, 0}).entries == 100);  // no more when fuller
  CHECK(first_answer("lmcache", {9000, 10'000, 0, 0}).bytes == 1800);       // of what is used
  const Config config = preset("lmcache");
  State state = pacing::start(config, {0});
  TinyHost host = host_of(1000, 1000, 1, {0});
  for (int second = 0; second < 5; ++second) host.run(config, state, {second * kSec});
  CHECK(host.files.size() == 800);  // 1000 x 0.8, and 80 % is not above 80 %
}
