#include "sim/traces/synth.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/unit/traces/sha256.hpp"
#include "tests/unit/traces/temporary.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

std::string digest_of(const SynthOptions& options) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("t.bin");
  const auto ids = synthesize(options).value();
  REQUIRE(write_oracle_general(path, ids, false).ok());
  return test::sha256_of_file(path);
}

}  // namespace

TEST_CASE("SHA-256 of the standard's examples") {
  test::Sha256 empty;
  CHECK(empty.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  test::Sha256 abc;
  abc.add(reinterpret_cast<const unsigned char*>("abc"), 3);
  CHECK(abc.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("generated traces are the published files to the bit") {
  CHECK(digest_of({SynthKind::kZipf, 100'000, 2'000'000, 0, 42}) ==
        "adffebb7c96b482271140384f921c102784bbf5037fbc56910cbe4edebfb7b8b");
  CHECK(digest_of({SynthKind::kEpoch, 100'000, 0, 10, 42}) ==
        "8261e9f2cec87d749c5a616950711eac18aece55cb9e3b56ccd9cbc31e5bef7d");
  CHECK(digest_of({SynthKind::kLoop, 10'000, 1'000'000, 0, 42}) ==
        "bbb17a152efbeb97c2ef9c3447c5ac42904f2d23413cc930115250c942cf1ec0");
}

TEST_CASE("another seed gives another trace, and a loop does not draw") {
  CHECK(synthesize({SynthKind::kZipf, 100, 100, 0, 1}).value() !=
        synthesize({SynthKind::kZipf, 100, 100, 0, 2}).value());
  CHECK(synthesize({SynthKind::kLoop, 3, 5, 0, 1}).value() ==
        std::vector<std::uint32_t>{1, 2, 3, 1, 2});
}

TEST_CASE("options that make no trace are refused by their flag") {
  CHECK(synthesize({SynthKind::kZipf, 0, 10, 0, 1}).error().where == "--objects");
  CHECK(synthesize({SynthKind::kZipf, 10, 0, 0, 1}).error().where == "--requests");
  CHECK(synthesize({SynthKind::kZipf, 10, 10, 2, 1}).error().where == "--epochs");
  CHECK(synthesize({SynthKind::kEpoch, 10, 0, 0, 1}).error().where == "--epochs");
  CHECK(synthesize({SynthKind::kEpoch, 10, 10, 1, 1}).error().where == "--requests");
  CHECK(synthesize({SynthKind::kEpoch, 4'000'000'000U, 0, 4'000'000'000U, 1}).error().where ==
        "--epochs");
  CHECK(parse_synth_kind("zip").error().text() ==
        "--kind: \"zip\" is not known; want zipf, loop or epoch");
}

TEST_CASE("a trace replaces a file only when told to, and leaves nothing beside it") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("t.bin", "precious");
  CHECK(write_oracle_general(path, {1, 2}, false).error().text() ==
        path + ": exists already; --overwrite replaces it");
  CHECK(std::filesystem::file_size(path) == 8);
  CHECK(write_oracle_general(path, {1, 2}, true).ok());
  CHECK(std::filesystem::file_size(path) == 48);  // 2 records of 24 bytes
  CHECK(write_oracle_general(folder.file("none/t.bin"), {1}, false)
            .error()
            .what.find("No such file") != std::string::npos);
  CHECK(folder.entries() == 1);
}
