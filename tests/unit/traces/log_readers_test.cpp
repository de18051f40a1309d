// Readers of logs. Samples marked "documented" are built from the named documentation or source
// text; those marked "real" are lines that people posted of running systems, names changed.

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <set>

#include "sim/traces/chunks.hpp"
#include "sim/traces/id_map.hpp"
#include "sim/traces/reader.hpp"
#include "sim/traces/timestamp.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

struct Read {
  std::vector<Request> requests;
  TraceInfo info;
  std::string error;
};

Read read_from(Result<std::unique_ptr<TraceReader>> reader) {
  Read out;
  if (!reader) {
    out.error = reader.error().text();
    return out;
  }
  std::vector<Request> block(7);
  for (;;) {
    const auto n = (*reader)->read(block);
    if (!n) out.error = n.error().text();
    if (!n || *n == 0) break;
    out.requests.insert(out.requests.end(), block.begin(),
                        block.begin() + static_cast<std::ptrdiff_t>(*n));
  }
  out.info = (*reader)->info();
  return out;
}

Read read(std::string_view text, const ReadOptions& options = {}) {
  auto source = ByteSource::from_memory(std::as_bytes(std::span(text)), "t");
  return read_from(make_reader(std::move(source).value(), options));
}

ReadOptions chunks_of(std::uint64_t bytes) {
  ReadOptions options;
  options.chunk_bytes = bytes;
  return options;
}

std::vector<std::uint64_t> sizes_of(const Read& read) {
  std::vector<std::uint64_t> sizes;
  for (const Request& r : read.requests) sizes.push_back(r.size);
  return sizes;
}

/// Ids as letters in the order of their first appearance: "a b a".
std::string pattern(const Read& read) {
  std::map<std::uint64_t, char> letters;
  std::string out;
  for (const Request& r : read.requests) {
    out += letters.try_emplace(r.id, static_cast<char>('a' + letters.size())).first->second;
  }
  return out;
}

std::uint64_t noted(const Read& read, std::string_view part) {
  for (const Note& note : read.info.notes) {
    if (note.what.find(part) != std::string::npos) return note.count;
  }
  FAIL("no note says " << part);
  return 0;
}

using Sizes = std::vector<std::uint64_t>;

/// A record as diagnostic settings write it (documented: resource log schema; real in its shape).
std::string azure(const std::string& operation, int status, const std::string& blob,
                  const std::string& more, const std::string& caller = "10.0.0.4:50001") {
  return "{\"time\":\"2026-11-23T09:55:01.1234567Z\",\"resourceId\":\"/subscriptions/x\","
         "\"category\":\"StorageRead\",\"operationName\":\"" +
         operation + "\",\"statusCode\":" + std::to_string(status) + ",\"callerIpAddress\":\"" +
         caller + "\",\"properties\":{\"accountName\":\"acct\",\"objectKey\":\"/acct/data/x\"" +
         more + "},\"uri\":\"https://acct.blob.core.windows.net:443/data/" + blob +
         "?sv=2021-06-08\\u0026sig=X\",\"protocol\":\"HTTPS\"}\n";
}
std::string body(std::uint64_t bytes) { return ",\"responseBodySize\":" + std::to_string(bytes); }

}  // namespace

TEST_CASE("times of logs are told to the nanosecond, and dates that do not exist are refused") {
  std::int64_t ns = 0;
  CHECK(parse_iso_time("1970-01-02T00:00:00Z", ns));
  CHECK(ns == 86'400'000'000'000);
  CHECK(parse_iso_time("2026-11-23T09:55:01.1234567Z", ns));
  CHECK(ns == 1'795'427'701'123'456'700);  // date -d 2026-11-23T09:55:01Z +%s is 1795427701
  std::int64_t other = 0;
  CHECK(parse_iso_time("2026-11-23 11:55:01,1234567+02:00", other));
  CHECK(other == ns);
  CHECK(parse_us_time("11/23/2026, 9:55:01.1234567 AM", other));
  CHECK(other == ns);
  CHECK(parse_us_time("11/23/2026, 12:00:00 AM", other));
  CHECK(other == 1'795'392'000'000'000'000);
  CHECK(parse_unix_time("Mon Nov 23 09:55:01 UTC 2026", 1970, other));
  CHECK(other == 1'795'427'701'000'000'000);
  CHECK(parse_unix_time("Jan  2 00:00:01", 1970, other));
  CHECK(other == 86'401'000'000'000);
  CHECK(parse_iso_time("2024-02-29T00:00:00Z", ns));
  for (const char* bad : {"", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23",
                          "2026-11-23T24:00:00Z", "2026-11-23T09:55:01.Z", "1969-12-31T23:59:59Z",
                          "2026-11-23T09:55:01Zx", "1970-01-01T00:00:00+01:00"}) {
    CHECK_MESSAGE(!parse_iso_time(bad, ns), bad);
  }
  CHECK_FALSE(parse_us_time("11/23/2026, 13:00:00 PM", ns));
  CHECK_FALSE(parse_unix_time("Foo 23 09:55:01", 1970, ns));
}

TEST_CASE("a range becomes one request a chunk that it touches") {
  ChunkRun run(100);
  Request r;
  run.start(Request{}, 7, 150, 200, false);  // bytes 150..349: chunks 1, 2, 3
  for (const std::uint64_t k : {1, 2, 3}) {
    REQUIRE(run.take(r));
    CHECK(r.id == chunk_id(7, k));
    CHECK(r.size == 100);
  }
  CHECK_FALSE(run.take(r));
  run.start(Request{}, 7, 0, 250, true);  // to the end: the last chunk has 50
  REQUIRE(run.take(r));
  REQUIRE(run.take(r));
  REQUIRE(run.take(r));
  CHECK(r.size == 50);
  CHECK_FALSE(run.take(r));
  run.start(Request{}, 7, 100, 100, false);  // aligned: chunk 1 alone
  REQUIRE(run.take(r));
  CHECK(r.id == chunk_id(7, 1));
  CHECK_FALSE(run.take(r));
  ChunkRun whole(0);
  whole.start(Request{}, 7, 150, 200, false);
  REQUIRE(whole.take(r));
  CHECK(r.id == chunk_id(7, 0));
  CHECK(r.size == 200);
  CHECK_FALSE(whole.take(r));
}

TEST_CASE("StorageBlobLogs in JSON: whole reads, with account, ending and time") {
  const Read log = read(azure("GetBlob", 200, "m/w.safetensors", body(250)) +
                            azure("GetBlob", 200, "m/w.safetensors", body(250)) +
                            azure("PutBlob", 201, "n", ",\"requestBodySize\":30"),
                        chunks_of(100));
  CHECK(log.error == "");
  CHECK(log.info.format == Format::kAzureBlobLog);  // by the keys of the first line
  CHECK(pattern(log) == "abcabcd");
  CHECK(sizes_of(log) == Sizes{100, 100, 50, 100, 100, 50, 30});
  CHECK(log.requests[0].time_ns == 1'795'427'701'123'456'700);
  CHECK(log.info.tenants == std::vector<std::string>{"", "acct"});
  CHECK(log.info.classes == std::vector<std::string>{"", "safetensors"});
  CHECK(log.requests[0].klass == 1);
  CHECK(log.requests[6].klass == 0);
  CHECK(log.requests[6].op == Op::kWrite);
}

TEST_CASE(
    "StorageBlobLogs: partial reads go on where the one before ended, and end with a short one") {
  const auto get = [](std::uint64_t bytes, const std::string& caller) {
    return azure("GetBlob", 206, "x.bin", body(bytes), caller);
  };
  // Two callers read the same blob of 250 bytes by ranges of 100; ports differ from call to call.
  const Read log = read(get(100, "10.0.0.4:1") + get(100, "10.0.0.5:1") + get(100, "10.0.0.4:2") +
                            get(50, "10.0.0.4:3") + get(100, "10.0.0.4:4"),
                        chunks_of(100));
  CHECK(log.error == "");
  CHECK(pattern(log) == "aabca");
  CHECK(noted(log, "without a range") == 5);
  const Read ranged = read(azure("GetBlob", 206, "x", body(100) + ",\"range\":\"bytes=150-249\"") +
                               azure("ReadFile", 206, "x", ",\"x-ms-range\":\"bytes=0-49\""),
                           chunks_of(100));
  CHECK(ranged.error == "");
  CHECK(pattern(ranged) == "abc");  // chunks 1 and 2, then 0
  CHECK(noted(ranged, "without a range") == 0);
}

TEST_CASE("StorageBlobLogs: failed, empty, unsized and other requests are counted, not guessed") {
  const Read log = read(azure("GetBlob", 404, "x", body(215)) + azure("GetBlob", 304, "x", "") +
                            azure("GetBlob", 200, "x", body(0)) + azure("GetBlob", 200, "x", "") +
                            azure("GetBlobProperties", 200, "x", body(7)) +
                            azure("ListBlobs", 200, "", body(9000)) +
                            azure("PutBlockList", 201, "x", ",\"requestBodySize\":300"),
                        chunks_of(100));
  CHECK(log.error == "");
  CHECK(sizes_of(log) == Sizes{100});  // the read of unknown length: one chunk
  CHECK(noted(log, "failed") == 2);
  CHECK(noted(log, "0 bytes") == 1);
  CHECK(noted(log, "unknown length taken as one chunk") == 1);
  CHECK(noted(log, "move no data") == 3);
}

TEST_CASE("StorageBlobLogs: blocks written in turn, appends at a position, deletes of all chunks") {
  const std::string block = ",\"requestBodySize\":100";
  const Read log =
      read(azure("PutBlock", 201, "x", block) + azure("PutBlock", 201, "x", block) +
               azure("PutBlockList", 201, "x", "") + azure("PutBlock", 201, "x", block) +
               azure("DeleteBlob", 202, "x", "") + azure("DeleteBlob", 202, "y", ""),
           chunks_of(100));
  CHECK(log.error == "");
  CHECK(pattern(log) == "abaabc");
  CHECK(log.requests[2].op == Op::kWrite);
  CHECK(log.requests[3].op == Op::kDelete);
  CHECK(noted(log, "deletes of blobs of unknown length") == 1);
  std::string append = azure("AppendFile", 202, "x", ",\"contentLengthHeader\":100");
  append.replace(append.find("?sv="), 4, "?position=200&sv=");
  append.replace(append.find(".blob."), 6, ".dfs.");
  const Read at = read(azure("GetBlob", 200, "x", body(300)) + append, chunks_of(100));
  CHECK(at.error == "");
  CHECK(pattern(at) == "abcc");  // both endpoints name the same blob
}

TEST_CASE("StorageBlobLogs in CSV, as Log Analytics exports it") {
  // Documented: columns of the table; the portal's export adds " [UTC]" and writes times its way.
  const Read log = read(
      "\"TimeGenerated [UTC]\",OperationName,StatusCode,Uri,AccountName,CallerIpAddress,"
      "ResponseBodySize,Etag\n"
      "\"11/23/2026, 9:55:01.000 AM\",GetBlob,200,\"https://acct.blob.core.windows.net/c/a,b.csv\","
      "acct,10.0.0.4:1,150,\"\"\"0x8DA\"\"\"\n"
      "2026-11-23T09:55:02Z,GetBlob,200,https://acct.blob.core.windows.net/c/z.csv,acct,,90,\n",
      chunks_of(100));
  CHECK(log.error == "");
  CHECK(sizes_of(log) == Sizes{100, 50, 90});
  CHECK(log.requests[0].time_ns == 1'795'427'701'000'000'000);
  CHECK(log.requests[2].time_ns == 1'795'427'702'000'000'000);
  CHECK(log.info.classes == std::vector<std::string>{"", "csv"});
}

TEST_CASE("faults of StorageBlobLogs have a place and a reason") {
  CHECK(
      read(azure("GetBlob", 200, "x", body(1)) + azure("GetBlob", 200, "x", body(1)).substr(0, 60))
          .error.find("t:2:") == 0);
  CHECK(read(azure("GetBlob", 200, "x", ",\"responseBodySize\":-5"))
            .error.find("ResponseBodySize: \"-5\" is negative") != std::string::npos);
  CHECK(read(azure("GetBlob", 200, "x", ",\"responseBodySize\":2000000000000000"))
            .error.find("more than any blob has") != std::string::npos);
  CHECK(read(azure("GetBlob", 206, "x", body(1) + ",\"range\":\"bytes=9-4\""))
            .error.find("no range such as bytes=0-4095") != std::string::npos);
  CHECK(read("{\"operationName\":\"GetBlob\",\"uri\":\"https://a/b/c\"}\n")
            .error.find("is no time") != std::string::npos);
  CHECK(read("TimeGenerated,OperationName\n1,2\n").error.find("no column is called \"Uri\"") !=
        std::string::npos);
  CHECK(read("TimeGenerated,OperationName,Uri\n2026-11-23T09:55:01Z,GetBlob,\n").error ==
        "t:2:30: Uri: names no blob: \"\"");
}

TEST_CASE("BlobFuse2 logs: blocks and ranges of block_cache, files of file_cache") {
  // Documented: the texts stand in azure-storage-fuse, component/block_cache and file_cache. The
  // shape of the lines is real (its issues 1612 and 1645).
  const std::string own = "Mon Nov 23 09:55:01 UTC 2026 : blobfuse2[1462] : [/mnt/a] ";
  const std::string text =
      own +
      "LOG_INFO [block_cache.go (300)]: BlockCache::Configure : block size 100, mem size 4\n" +
      own +
      "LOG_TRACE [block_cache.go (700)]: BlockCache::refreshBlock : Request to download "
      "3=>d/x (index 2, prefetch true)\n" +
      own +
      "LOG_DEBUG [block_cache.go (500)]: BlockCache::ReadInBuffer : name: d/x, buf size: "
      "150, offset: 100, handle: 3\n" +
      own +
      "LOG_DEBUG [block_cache.go (900)]: BlockCache::getOrCreateBlock : push block 1 to the "
      "cooking list for 3=>d/x\n" +
      own +
      "LOG_TRACE [file_cache.go (900)]: FileCache::OpenFile : name=d/y, flags=32768, "
      "mode=-rwxrwxrwx\n" +
      own + "LOG_TRACE [file_cache.go (800)]: FileCache::DeleteFile : name=d/y\n" + own +
      "LOG_TRACE [attr_cache.go (455)]: AttrCache::GetAttr : d/y\n" +
      "Nov 23 09:55:01 host blobfuse2[8271]: [/mnt/b] LOG_TRACE [file_cache.go (900)]: "
      "FileCache::OpenFile : name=d/y, flags=0, mode=0\n";
  const Read log = read(text);
  CHECK(log.error == "");
  CHECK(log.info.format == Format::kBlobfuse);
  CHECK(pattern(log) ==
        "abab"
        "ccd");                    // block 2; 1 and 2; 1; y of /mnt/a twice; y of /mnt/b
  CHECK(sizes_of(log)[0] == 100);  // as the mount says
  CHECK(log.requests[3].op == Op::kWrite);
  CHECK(log.requests[5].op == Op::kDelete);
  CHECK(log.info.tenants == std::vector<std::string>{"", "/mnt/a", "/mnt/b"});
  CHECK(noted(log, "tell no access") == 1);
  CHECK(read(own + "LOG_TRACE [b.go (1)]: BlockCache::refreshBlock : Request to download 3=>x "
                   "(index two, prefetch true)\n")
            .error.find("t:1:108: cannot read this access") == 0);
  CHECK(read(own + "LOG_INFO [a.go (1)]: Libfuse::Start : x\nwhat\n").error.find("t:2:1: want a") ==
        0);
}

TEST_CASE("Alluxio audit logs: files of users, failures and metadata left out") {
  // Real in its shape (Alluxio pull request 16004, issue 14807), names changed.
  const std::string head = "2026-11-23 09:55:01,500 INFO  AUDIT_LOG - ";
  const auto entry = [&](const std::string& ok, const std::string& command,
                         const std::string& path) {
    return head + "succeeded=" + ok +
           "\tallowed=true\tugi=ann,staff (AUTH=SIMPLE)\tip=/127.0.0.1:1\t"
           "cmd=" +
           command + "\tsrc=" + path + "\tdst=null\tperm=null\texecutionTimeUs=9\n";
  };
  const Read log =
      read(entry("true", "getFileInfo", "/a") + entry("false", "getFileInfo", "/b") +
           entry("true", "createFile", "/c") + entry("true", "listStatus", "/") +
           entry("true", "delete", "/a") + "audit.log.4:17:" + entry("true", "getFileInfo", "/c"));
  CHECK(log.error == "");
  CHECK(log.info.format == Format::kAlluxioAudit);
  CHECK(pattern(log) == "abab");
  CHECK(log.requests[1].op == Op::kWrite);
  CHECK(log.requests[2].op == Op::kDelete);
  CHECK(log.requests[0].time_ns == 1'795'427'701'500'000'000);
  CHECK(log.info.tenants == std::vector<std::string>{"", "ann"});
  CHECK(noted(log, "failed") == 1);
  CHECK(noted(log, "other commands") == 1);
  CHECK(read("yesterday INFO  AUDIT_LOG - succeeded=true\n").error.find("t:1:1: \"yesterday\"") ==
        0);
}

TEST_CASE("KV events: stored blocks with their parents, as objects and as arrays") {
  // Documented: vLLM, distributed/kv_events.py; arrays are what its encoder makes of array_like
  // structures.
  const std::string objects =
      "{\"ts\": 1.5, \"events\": [{\"type\":\"BlockStored\",\"block_hashes\":[11,12],"
      "\"parent_block_hash\":null,\"token_ids\":[1,2,3],\"block_size\":16,\"lora_id\":null,"
      "\"medium\":\"GPU\",\"lora_name\":null},"
      "{\"type\":\"BlockStored\",\"block_hashes\":[13],\"parent_block_hash\":12,\"token_ids\":[],"
      "\"block_size\":16,\"medium\":\"GPU\",\"lora_name\":\"chat\"}]}\n"
      "{\"ts\": 2, \"events\": [{\"type\":\"BlockStored\",\"block_hashes\":[14],"
      "\"parent_block_hash\":12,\"token_ids\":[],\"block_size\":16,\"medium\":\"GPU\"},"
      "{\"type\":\"BlockStored\",\"block_hashes\":[99],\"parent_block_hash\":null,"
      "\"block_size\":16,\"medium\":\"CPU\"},"
      "{\"type\":\"BlockRemoved\",\"block_hashes\":[11,12],\"medium\":\"GPU\"},"
      "{\"type\":\"AllBlocksCleared\"}],\"data_parallel_rank\":0}\n";
  ReadOptions options;
  options.token_bytes = 1000;
  const Read log = read(objects, options);
  CHECK(log.error == "");
  CHECK(log.info.format == Format::kKvEvents);
  REQUIRE(log.requests.size() == 4);
  CHECK(log.requests[0].time_ns == 1'500'000'000);
  CHECK(log.requests[0].size == 16'000);
  CHECK(parent_of(log.requests[0], 0) == kNoParent);
  CHECK(parent_of(log.requests[1], 11) == 11);
  CHECK(log.requests[2].follows);  // its parent came just before
  CHECK(log.requests[2].klass == 1);
  CHECK_FALSE(log.requests[3].follows);
  CHECK(log.requests[3].parent == 12);  // a fork, named
  CHECK(noted(log, "let go") == 2);
  CHECK(noted(log, "clear the whole") == 1);
  CHECK(noted(log, "another medium") == 1);

  const Read arrays = read(
      "[1.5,[[\"BlockStored\",[11,12],null,[1,2],16,null,\"GPU\"],"
      "[\"BlockRemoved\",[11],\"GPU\"],[\"AllBlocksCleared\"]],0]\n");
  CHECK(arrays.error == "");
  CHECK(pattern(arrays) == "ab");
  CHECK(arrays.requests[1].id == 12);
  CHECK(arrays.requests[1].size == 1);
  options.removals = true;
  const Read removed = read(objects, options);
  REQUIRE(removed.requests.size() == 6);
  CHECK(removed.requests[4].op == Op::kDelete);
  CHECK(removed.requests[5].id == 12);
  // Hashes as text, as negative and as very long numbers; an event on a line of its own.
  const Read odd = read(
      "{\"ts\":1,\"type\":\"BlockStored\",\"block_hashes\":[\"q83v\",-1,340282366920938463463],"
      "\"parent_block_hash\":\"q83v\",\"block_size\":16}\n");
  CHECK(odd.error == "");
  CHECK(pattern(odd) == "abc");
  CHECK(odd.requests[1].id == UINT64_MAX);
  CHECK(odd.requests[0].parent == odd.requests[0].id);
}

TEST_CASE("faults of KV events have a place and a reason") {
  CHECK(read("{\"events\":[]}\n").error == "t:1:1: the key \"ts\" is missing");
  CHECK(read("{\"ts\":1,\"events\":[{\"block_hashes\":[1]}]}\n").error.find("has no \"type\"") !=
        std::string::npos);
  CHECK(read("{\"ts\":1,\"events\":[{\"type\":\"BlockStored\"}]}\n").error.find("t:1:19: ") == 0);
  CHECK(read("[1,[[\"BlockStored\",[null],null,[],16]]]\n").error.find("null or empty") !=
        std::string::npos);
  ReadOptions options;
  options.token_bytes = 2;
  CHECK(
      read("[1,[[\"BlockStored\",[1],null,[],0]]]\n", options).error.find("\"block_size\" is 0") !=
      std::string::npos);
}

TEST_CASE("CacheBench traces: keys with counts, and chunks of blocks") {
  // Documented: KVReplayGenerator.h and BlockChunkReplayGenerator.h of CacheLib.
  const Read keys = read(
      "key,op,size,op_count,key_size,ttl\n"
      "a,GET,100,2,5,0\nb,SET,7,1,5,300\na,DELETE,0,1,5,\na,GET_LEASE,100,1,6,0\n");
  CHECK(keys.error == "");
  CHECK(keys.info.format == Format::kCachelib);
  CHECK(pattern(keys) == "aabac");  // another key_size is another key
  CHECK(keys.requests[2].op == Op::kWrite);
  CHECK(keys.requests[3].op == Op::kDelete);
  CHECK(noted(keys, "times to live") == 1);
  ReadOptions options;
  options.format = Format::kCachelib;
  CHECK(pattern(read("a,GET,100,2,5,0\nb,GET,1,1,5,0\n", options)) == "aab");
  CHECK(read("key,op,size\na,PEEK,1\n", options).error.find("t:2:3: op: \"PEEK\" is not one of") ==
        0);
  CHECK(read("key,op,size,op_count\na,GET,1,0\n").error.find("t:2:9: op_count: \"0\"") == 0);

  options = chunks_of(100);
  const Read blocks = read(
      "op_time,block_id,block_id_size,io_size,io_offset,user_name,user_namespace,op_name,op_count,"
      "host_name,rs_shard_id\n"
      "5,x,40,150,100,1,77,getChunkData.Permanent,1,9,0\n"
      "6,x,40,50,200,1,77,putChunk.NotInitialized,1,9,0\n"
      "7,x,40,50,200,1,78,getChunkData.Permanent,1,9,1\n8,x,40,50,0,1,78,statChunk,1,9,1\n",
      options);
  CHECK(blocks.error == "");
  CHECK(pattern(blocks) == "abbc");  // chunks 1 and 2, 2 again, 2 of another shard
  CHECK(blocks.requests[2].op == Op::kWrite);
  CHECK(blocks.requests[0].time_ns == 5'000'000'000);
  CHECK(blocks.info.tenants == std::vector<std::string>{"", "77", "78"});
  CHECK(noted(blocks, "nothing left out") == 1);
}

TEST_CASE("agent sessions: subagents beside their session, so many sessions open at once") {
  // Two sessions of equal ids: A asks at 0 and 10 s, with a subagent at 4 s + 1 s; B at 0 and 2 s.
  const std::string text =
      "{\"id\":\"A\",\"block_size\":64,\"hash_id_scope\":\"local\",\"requests\":["
      "{\"t\":0.0,\"type\":\"n\",\"model\":\"m1\",\"hash_ids\":[1,2]},"
      "{\"t\":4.0,\"type\":\"subagent\",\"requests\":[{\"t\":1.0,\"model\":\"m2\",\"hash_ids\":[9]}"
      "]},"
      "{\"t\":10.0,\"type\":\"s\",\"model\":\"m1\",\"hash_ids\":[1,2,3]}]}\n"
      "{\"id\":\"B\",\"block_size\":64,\"hash_id_scope\":\"local\",\"requests\":["
      "{\"t\":0.0,\"hash_ids\":[1]},{\"t\":2.0,\"hash_ids\":[1,2]}]}\n";
  const Read one = read(text);
  CHECK(one.error == "");
  CHECK(one.info.format == Format::kKvSessions);
  CHECK(pattern(one) ==
        "abcabd"
        "eef");
  CHECK(one.requests[2].time_ns == 5'000'000'000);
  CHECK(one.requests[2].klass == 2);
  CHECK(one.requests[5].follows);
  CHECK_FALSE(one.requests[3].follows);
  CHECK(one.requests[6].time_ns == 10'000'000'000);  // B begins when A has ended
  CHECK(one.requests[6].tenant == 2);
  ReadOptions options;
  options.sessions = 2;
  options.token_bytes = 10;
  const Read two = read(text, options);
  CHECK(two.error == "");
  CHECK(pattern(two) ==
        "abccde"
        "abf");  // A 0 s, B 0 s, B 2 s, A 5 s, A 10 s
  CHECK(two.requests[0].size == 640);
  for (std::size_t i = 1; i < two.requests.size(); ++i) {
    CHECK(two.requests[i - 1].time_ns <= two.requests[i].time_ns);
  }
  CHECK(read("{\"id\":\"A\",\"hash_id_scope\":\"local\",\"requests\":[{\"hash_ids\":[1]}]}\n")
            .error == "t:1:47: the request has no \"t\"");
  CHECK(read("{\"hash_id_scope\":\"local\",\"requests\":[]}\n").error ==
        "t:1:1: the session has no \"id\"");
}

TEST_CASE("GenTD26: base models and adapters of image requests") {
  // Real in its shape (cluster-trace-v2026-GenAI), ids changed.
  const Read used = read(
      "predict_type,exec_time_seconds,checkpoint_model_version_id,lora_args\n"
      "x,22.0,aa,[]\n"
      "x,28.0,aa,\"[{'modelVersionId': 'l1', 'scale': 1.0}, {'modelVersionId': 'l2'}]\"\n"
      "x,28.0,,\"[{'modelVersionId': 'aa', 'scale': 1.0}]\"\n");
  CHECK(used.error == "");
  CHECK(used.info.format == Format::kGentd26);
  CHECK(pattern(used) == "aabcd");  // an adapter is no base model of the same name
  CHECK(used.info.classes == std::vector<std::string>{"", "checkpoint", "lora"});
  CHECK(used.requests[2].klass == 2);
  CHECK(noted(used, "no base model") == 1);
  const Read timed = read(
      "gmt_create,predict_type,groupId,checkpoint_model_version_id,num_lora\n"
      "2024-11-15 16:57:50,TXT_2_IMG,G0,M0,0\n");
  CHECK(timed.error == "");
  CHECK(timed.requests[0].time_ns == 1'731'689'870'000'000'000);
  CHECK(timed.info.tenants == std::vector<std::string>{"", "G0"});
  ReadOptions options;
  options.format = Format::kGentd26;
  CHECK(read("timestamp_anon,value,container_ip\n1.0,2.0,x\n", options)
            .error.find("only lora_request_trace and data_trace_processed") != std::string::npos);
}

TEST_CASE("recorded logs have the counts that their sources state") {
  const std::string data = FLEETCACHE_SOURCE_DIR "/../shared/data";
  if (!std::filesystem::exists(data)) {
    MESSAGE("skipped: " << data << " is absent");
    return;
  }
  const Read meta = read_from(open_trace(data + "/storage-meta-cachelib/block_traces_1.csv",
                                         chunks_of(std::uint64_t{1} << 40)));
  CHECK(meta.error == "");
  CHECK(meta.requests.size() == 999);  // no access crosses 1 TiB
  std::set<std::uint64_t> blocks;
  std::size_t reads = 0;
  for (const Request& r : meta.requests) {
    blocks.insert(r.id);
    reads += r.op == Op::kRead;
  }
  CHECK(reads == 599);
  const Read loras =
      read_from(open_trace(data + "/weights-gentd26/data_trace_processed.firsthalf.csv.zst", {}));
  CHECK(loras.error == "");
  std::set<std::uint64_t> bases, adapters;
  std::size_t adapter_uses = 0;
  for (const Request& r : loras.requests) {
    (r.klass == 1 ? bases : adapters).insert(r.id);
    adapter_uses += r.klass == 2;
  }
  // The source counts 90 base models: 52 requests without a name are one of them.
  CHECK(bases.size() == 89);
  CHECK(noted(loras, "no base model") == 52);
  CHECK(adapters.size() == 552);
  CHECK(adapter_uses == 10'073);
  const Read timed =
      read_from(open_trace(data + "/weights-gentd26/lora_request_trace.firsthalf.csv.zst", {}));
  CHECK(timed.error == "");
  CHECK(timed.requests.size() + noted(timed, "no base model") == 10'264);
  CHECK(timed.info.tenants.size() == 1 + 1'730);
}

TEST_CASE("recorded agent sessions have the counts that their source states") {
  const std::string path =
      FLEETCACHE_SOURCE_DIR "/../shared/data/kv-agentic-coding/sessions.jsonl.zst";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: " << path << " is absent");
    return;
  }
  ReadOptions options;
  options.sessions = 8;
  const auto reader = open_trace(path, options).value();
  std::vector<Request> block(65'536);
  IdMap<bool> seen;
  std::uint64_t requests = 0, distinct = 0, turns = 0, backward = 0;
  std::int64_t before = 0;
  for (std::size_t n = 0; (n = reader->read(block).value()) > 0; requests += n) {
    for (const Request& r : std::span(block).first(n)) {
      distinct += seen.find_or_add(r.id).second;
      turns += !r.follows;
      backward += r.time_ns < before;
      before = r.time_ns;
    }
  }
  CHECK(requests / 10'000 == 3'768);  // 37.68e6 references
  CHECK((distinct + 500) / 1'000 == 1'444);
  CHECK(turns == 21'941);
  CHECK(backward == 0);
  CHECK(reader->info().notes[0].count == 333);
}
