#include "sim/traces/reader.hpp"

#include <doctest/doctest.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/traces/synth.hpp"
#include "tests/unit/traces/temporary.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

Result<std::vector<Request>> read_all(TraceReader& reader, std::size_t step = 3) {
  std::vector<Request> all;
  std::vector<Request> block(step);
  for (;;) {
    const auto n = reader.read(block);
    if (!n) return n.error();
    if (*n == 0) return all;
    all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*n));
  }
}

Result<std::vector<Request>> read_text(std::string_view text, const ReadOptions& options = {},
                                       std::string name = "t") {
  auto source = ByteSource::from_memory(std::as_bytes(std::span(text)), std::move(name));
  if (!source) return source.error();
  auto reader = make_reader(std::move(source).value(), options);
  if (!reader) return reader.error();
  return read_all(**reader);
}

std::string error_of(std::string_view text, const ReadOptions& options = {},
                     std::string name = "t") {
  const auto all = read_text(text, options, std::move(name));
  return all ? "" : all.error().text();
}

std::vector<std::uint64_t> ids_of(const std::vector<Request>& requests) {
  std::vector<std::uint64_t> ids;
  for (const Request& r : requests) ids.push_back(r.id);
  return ids;
}

/// One packed oracleGeneral record.
std::string record(std::uint32_t time, std::uint64_t id, std::uint32_t size, std::int64_t next) {
  std::string out(24, '\0');
  std::copy_n(reinterpret_cast<const char*>(&time), 4, out.data());
  std::copy_n(reinterpret_cast<const char*>(&id), 8, out.data() + 4);
  std::copy_n(reinterpret_cast<const char*>(&size), 4, out.data() + 12);
  std::copy_n(reinterpret_cast<const char*>(&next), 8, out.data() + 16);
  return out;
}

std::string packed(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

ReadOptions with_columns(std::string_view text) {
  return {Format::kAuto, parse_columns(text).value()};
}

}  // namespace

TEST_CASE("oracleGeneral records keep 64-bit ids, and both spellings of never are one") {
  const std::uint64_t big = (std::uint64_t{1} << 40) + 7;
  const std::string text = record(1, big, 4096, 2) + record(4'294'967'295U, 0, 0, INT64_MAX) +
                           record(3, big, 4'294'967'295U, -1);
  const auto all = read_text(text, {}, "t.bin").value();
  REQUIRE(all.size() == 3);
  CHECK(all[0].id == big);
  CHECK(all[0].time_ns == 1'000'000'000);
  CHECK(all[0].next_access == 2);
  CHECK(all[1].time_ns == 4'294'967'295'000'000'000);  // the largest clock: 2^32 - 1 s
  CHECK(all[1].next_access == kNever);
  CHECK(all[2].size == 4'294'967'295U);
  CHECK(all[2].next_access == kNever);
  CHECK(read_text(packed(text), {}, "t.oracleGeneral.zst").value().size() == 3);
  CHECK(read_text(text, {}, "anything").value().size() == 3);  // by content: not text
}

TEST_CASE("records that straddle blocks are joined") {
  // 100 000 records = 2.4 MB over several blocks; frames of odd lengths shift the borders further.
  const test::TemporaryFolder folder;
  const auto ids = synthesize({SynthKind::kZipf, 1000, 100'000, 0, 7}).value();
  REQUIRE(write_oracle_general(folder.file("t.bin"), ids, false).ok());
  std::ifstream in(folder.file("t.bin"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  std::string frames;
  for (std::size_t at = 0, n = 1; at < whole.size(); at += n, n = n * 3 % 99'991 + 1) {
    frames += packed(std::string_view(whole).substr(at, n));
  }
  const auto plain = read_text(whole, {}, "t.bin").value();
  const auto framed = read_text(frames, {}, "t.bin.zst").value();
  REQUIRE(plain.size() == ids.size());
  REQUIRE(framed.size() == ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    REQUIRE(plain[i].id == ids[i]);
    REQUIRE(framed[i].id == ids[i]);
    REQUIRE(framed[i].next_access == plain[i].next_access);
  }
}

TEST_CASE("a trace cut inside a record or a frame is an error with its place") {
  const std::string text = record(1, 1, 1, -1) + record(2, 2, 1, -1);
  CHECK(error_of(text.substr(0, 47), {}, "t.bin") ==
        "t.bin: record 2: the trace ends after 23 of the 24 bytes of an oracleGeneral record");
  const std::string frame = packed(text);
  for (std::size_t cut = 4; cut < frame.size(); ++cut) {
    CHECK(error_of(frame.substr(0, cut), {}, "t.bin.zst") != "");
  }
  CHECK(error_of("plain text", {}, "t.csv.zst").find("not a Zstandard file") != std::string::npos);
  CHECK(error_of("", {}, "t") == "t: is empty");
}

TEST_CASE("CSV columns are found by usual names, given names and positions") {
  const std::string text = "time,obj_id,size_bytes,next_access_vtime\n1.5,7,512,1\r\n2,7,4,-1\n";
  auto all = read_text(text).value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].time_ns == 1'500'000'000);
  CHECK(all[0].id == 7);
  CHECK(all[0].size == 512);
  CHECK(all[0].next_access == 1);
  all = read_text("a;b;c\n9;5;\"77\"\n", with_columns("id=c,time=b:ms")).value();
  REQUIRE(all.size() == 1);
  CHECK(all[0].id == 77);
  CHECK(all[0].time_ns == 5'000'000);  // 5 ms
  CHECK(all[0].size == 1);
  CHECK(ids_of(read_text("3,10\n4,11\n", with_columns("id=2,size=1")).value()) ==
        std::vector<std::uint64_t>{10, 11});
  CHECK(ids_of(read_text("size\tid\n4\t11\n", with_columns("id=2")).value()) ==
        std::vector<std::uint64_t>{11});
  const auto keys = read_text("1,a/b\n2,c\n3,a/b\n", with_columns("time=1,id=2:text")).value();
  CHECK(keys[0].id == keys[2].id);
  CHECK(keys[0].id != keys[1].id);
}

TEST_CASE("CSV says tenant, class, operation and parent") {
  const std::string text =
      "id,tenant,class,op,follows,parent\n"
      "1,blue,kv,get,0,\n2,red,kv,PUT,true,\n3,blue,,delete,,77\n";
  const auto reader =
      make_reader(ByteSource::from_memory(std::as_bytes(std::span(text)), "t").value(), {}).value();
  const auto all = read_all(*reader).value();
  REQUIRE(all.size() == 3);
  CHECK(reader->info().tenants == std::vector<std::string>{"", "blue", "red"});
  CHECK(reader->info().classes == std::vector<std::string>{"", "kv"});
  CHECK(all[0].tenant == 1);
  CHECK(all[1].tenant == 2);
  CHECK(all[2].tenant == 1);
  CHECK(all[1].klass == 1);
  CHECK(all[2].klass == 0);
  CHECK(all[0].op == Op::kRead);
  CHECK(all[1].op == Op::kWrite);
  CHECK(all[2].op == Op::kDelete);
  CHECK(parent_of(all[0], 9) == kNoParent);
  CHECK(parent_of(all[1], all[0].id) == 1);
  CHECK(parent_of(all[2], 9) == 77);
  const auto numbers = read_text("5,70000,9\n", with_columns("id=1,tenant=2,class=3")).value();
  CHECK(numbers[0].tenant == 70'000);
  CHECK(numbers[0].klass == 9);
  const auto keys = read_text("a,\nb,a\n", with_columns("id=1:text,parent=2")).value();
  CHECK(keys[0].parent == kNoParent);
  CHECK(keys[1].parent == keys[0].id);  // a parent is hashed as ids are
}

TEST_CASE("faults of tenants, classes, operations and links name line and column") {
  CHECK(error_of("5,blue\n", with_columns("id=1,tenant=2")) ==
        "t:1:3: tenant: \"blue\" is not a number up to 4294967295; names want "
        "tenant=COLUMN:text");
  CHECK(error_of("5,65536\n", with_columns("id=1,class=2")).find("t:1:3: class: \"65536\"") == 0);
  CHECK(error_of("id,op\n5,get\n6,peek\n").find("t:3:3: op: \"peek\" is no operation") == 0);
  CHECK(error_of("id,follows\n5,yes\n").find("t:2:3: follows: \"yes\" is not one of 0, 1") == 0);
  CHECK(error_of("id,parent\n5,x\n").find("t:2:3: parent: \"x\"") == 0);
}

TEST_CASE("faults of CSV traces name line and column") {
  CHECK(error_of("time,id\n1,2\n1,x\n") ==
        "t:3:3: id: \"x\" is not a number of the kind wanted here");
  CHECK(error_of("time,id,size\n1,2,-5\n") == "t:2:5: size: \"-5\" is negative; want 0 or more");
  CHECK(error_of("time,id,size\n1,2,18446744073709551616\n").find("t:2:5: size: ") == 0);
  CHECK(error_of("time,id\n99999999999,2\n").find("too large") != std::string::npos);
  CHECK(error_of("time,id,size\n1,2\n") == "t:2:4: the line ends after 2 columns; want at least 3");
  CHECK(error_of("1,2\n").find("t:1:1: there is no header to find \"id\" in") == 0);
  CHECK(error_of("a,b\n1,2\n").find("t:1:1: no column is called \"id\"") == 0);
  CHECK(error_of("1,2\n", with_columns("id=3")) == "t:1:1: there is no column 3: the line has 2");
  CHECK(error_of("a,b\n1,2\n", with_columns("id=c")).find("no column is called \"c\"") !=
        std::string::npos);
  CHECK(error_of("time,id,size\n1,2,nan\n").find("t:2:5: size: \"nan\"") == 0);
}

TEST_CASE("column lists are checked before any file is opened") {
  const auto why = [](std::string_view text) { return parse_columns(text).error().text(); };
  CHECK(why("") ==
        "--columns: \"\" is not one of time=…, id=…, size=…, next=…, tenant=…, "
        "class=…, op=…, follows=…, parent=…");
  CHECK(why("time=1") == "--columns: id=… is required");
  CHECK(why("id=1,id=2") == "--columns: id comes twice");
  CHECK(why("id=0").find("positions count from 1") != std::string::npos);
  CHECK(why("id=").find("names no column") != std::string::npos);
  CHECK(why("id=1,size=2:ms").find("\":ms\" is not known for size") != std::string::npos);
  CHECK(why("id=1,tiem=2").find("\"tiem=2\"") != std::string::npos);
  CHECK(error_of("1\n2\n", with_columns("id=1"), "t.ids").find("only CSV traces have columns") !=
        std::string::npos);
}

TEST_CASE("id lists, block ranges and Mooncake blocks become requests of size 1") {
  CHECK(ids_of(read_text("5\n# note\n\n18446744073709551615\n5").value()) ==
        std::vector<std::uint64_t>{5, UINT64_MAX, 5});
  CHECK(ids_of(read_text("10 3 0 0\n10 1 0 1\n7 0 0 2\n").value()) ==
        std::vector<std::uint64_t>{10, 11, 12, 10});
  const auto blocks =
      read_text(
          "{\"timestamp\":2000,\"input_length\":1,\"output_length\":1,\"hash_ids\":[4,0]}\n"
          "{\"timestamp\":3000,\"input_length\":1,\"output_length\":1,\"hash_ids\":[]}\n"
          "{\"timestamp\":3000,\"input_length\":1,\"output_length\":1,\"hash_ids\":[4]}\n")
          .value();
  CHECK(ids_of(blocks) == std::vector<std::uint64_t>{4, 0, 4});
  CHECK(blocks[1].time_ns == 2'000'000'000);
  CHECK_FALSE(blocks[0].follows);
  CHECK(blocks[1].follows);        // the second block of a prompt
  CHECK_FALSE(blocks[2].follows);  // the first of the next
  CHECK(error_of("5\n-3\n") == "t:2:1: \"-3\" is negative; want 0 or more");
  CHECK(error_of("5 6 7\n").find("t:1:6: a number is missing here") == 0);
  CHECK(error_of("5 6 7 8 9\n").find("t:1:8: a .lis line has four numbers") == 0);
  CHECK(error_of("18446744073709551615 2 0 0\n").find("run over 2^64") != std::string::npos);
  CHECK(error_of("what is this\n").find("cannot tell") != std::string::npos);
}

TEST_CASE("the format can be forced, and unknown ones are refused") {
  CHECK(ids_of(read_text("5\n", {Format::kIds, {}}, "t.csv").value()) ==
        std::vector<std::uint64_t>{5});
  CHECK(parse_format("mooncake").value() == Format::kMooncake);
  CHECK(parse_format("parquet").error().text() ==
        "--input-format: \"parquet\" is not known; want auto, oracleGeneral, csv, mooncake, ids, "
        "lis, "
        "fctrace, azure-blob-log, blobfuse2, alluxio-audit, kv-events, cachelib, kv-sessions or "
        "gentd26");
  for (const FormatInfo& info : formats()) CHECK(parse_format(info.name).value() == info.format);
}

TEST_CASE("next accesses count over blocks from the start of the trace") {
  std::vector<std::vector<Request>> blocks(2);
  for (const std::uint64_t id : {1, 2, 1}) blocks[0].push_back({0, id, 1, 99});
  for (const std::uint64_t id : {2, 3, 1}) blocks[1].push_back({0, id, 1, 99});
  compute_next_access(blocks);
  const auto next = [&](std::size_t b, std::size_t i) { return blocks[b][i].next_access; };
  CHECK(next(0, 0) == 2);  // 1 comes again at index 2
  CHECK(next(0, 1) == 3);
  CHECK(next(0, 2) == 5);
  CHECK(next(1, 0) == kNever);
  CHECK(next(1, 1) == kNever);
  CHECK(next(1, 2) == kNever);
}

TEST_CASE("requests of size zero are dropped in place") {
  std::vector<Request> requests = {{0, 1, 0, -1}, {0, 2, 5, -1}, {0, 3, 0, -1}, {0, 4, 1, -1}};
  requests.resize(drop_empty(requests));
  CHECK(ids_of(requests) == std::vector<std::uint64_t>{2, 4});
}

TEST_CASE("recorded traces have the counts that their sources state") {
  const std::string data = FLEETCACHE_SOURCE_DIR "/../shared/data";
  if (!std::filesystem::exists(data)) {
    MESSAGE("skipped: " << data << " is absent");
    return;
  }
  auto arc = open_trace(data + "/block-arc/P3.lis.zst", {}).value();
  std::set<std::uint64_t> distinct;
  const auto p3 = read_all(*arc, 65536).value();
  for (const Request& r : p3) distinct.insert(r.id);
  CHECK(p3.size() == 3'912'296);
  CHECK(distinct.size() == 762'543);

  auto csv = open_trace(data + "/block-cloudphysics/cloudPhysicsIO.oracleGeneral.csv.zst", {});
  std::vector<std::vector<Request>> blocks = {read_all(**csv, 65536).value()};
  CHECK(blocks[0].size() == 113'872);
  std::uint64_t bytes = 0;
  std::vector<std::int64_t> recorded;
  for (const Request& r : blocks[0]) {
    bytes += r.size;
    recorded.push_back(r.next_access);
  }
  CHECK(bytes == 4'368'040'448);
  compute_next_access(blocks);
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    // This file counts requests from 1 where ours count from 0.
    const std::int64_t next = blocks[0][i].next_access;
    REQUIRE((next == kNever ? kNever : next + 1) == recorded[i]);
  }
}
