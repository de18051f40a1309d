#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "models/checkpoint/young.hpp"
#include "models/cost/cost.hpp"
#include "models/devices/nvme.hpp"
#include "models/failure/failure.hpp"
#include "models/gpu/order_statistics.hpp"
#include "models/gpu/prefill.hpp"
#include "models/gpu/step.hpp"
#include "models/queueing/erlang.hpp"
#include "models/queueing/mg1.hpp"
#include "models/queueing/mva.hpp"
#include "models/wan/wan.hpp"

namespace fleetcache::models {
namespace {

Duration ms(std::int64_t n) { return Duration(n * 1'000'000); }

TEST_CASE("an NVMe device serves as many reads as it has channels") {
  // 3.3e6 IOPS x 70 us = 231 channels; 1/70 us = 14.3k, 32 -> 457k, 128 -> 1.829 M, 512 -> 3.3 M.
  const NvmeQueue queue{nvme_channels(PerSecond(3.3e6), Duration(70'000)), Duration(70'000)};
  CHECK(queue.channels == 231);
  CHECK(nvme_throughput(queue, 1).count == doctest::Approx(14'285.7).epsilon(1e-4));
  CHECK(nvme_throughput(queue, 128).count == doctest::Approx(1.8286e6).epsilon(1e-4));
  CHECK(nvme_throughput(queue, 512).count == doctest::Approx(3.3e6));
  CHECK(to_seconds(nvme_latency(queue, 512)) == doctest::Approx(155.15e-6).epsilon(1e-3));
  CHECK(nvme_latency(queue, 1) == Duration(70'000));
}

TEST_CASE("reads and writes share a device harmonically") {
  const BytesPerSecond r(14e9), w(10e9);
  CHECK(nvme_mixed_bandwidth(r, w, 0.1).count == doctest::Approx(13.46e9).epsilon(1e-3));
  CHECK(nvme_mixed_bandwidth(r, w, 0.3).count == doctest::Approx(12.5e9));  // 1/(.05 + .03)
  CHECK(nvme_mixed_bandwidth(r, w, 0.5, 2).count == doctest::Approx(7.37e9).epsilon(1e-3));
  CHECK(nvme_mixed_bandwidth(r, w, 0).count == doctest::Approx(14e9));
  CHECK(nvme_mixed_bandwidth(r, w, 1).count == doctest::Approx(10e9));
}

TEST_CASE("a device wears out at the rate it is written") {
  const double tbw = nvme_total_bytes_written(Bytes(30'720'000'000'000), 1);
  CHECK(tbw == doctest::Approx(56.06e15).epsilon(1e-4));  // 30.72e12 x 365 x 5
  CHECK(nvme_life_years(tbw, BytesPerSecond(5e9), 1.2) == doctest::Approx(0.296).epsilon(2e-3));
  // 0.3 GB/s lasts the five years.
  CHECK(nvme_write_budget(tbw, 5, 1.2).count == doctest::Approx(0.2963e9).epsilon(1e-3));
  CHECK(std::isinf(nvme_life_years(tbw, BytesPerSecond(0), 1.2)));
}

TEST_CASE("prefill pays for new tokens and for their attention over the context") {
  // 1,000 new at 10,000/s = 0.1 s; attention 1e-9 x (3000^2 - 2000^2) = 5 ms.
  CHECK(prefill_time(1000, 2000, PerSecond(10'000), 1e-9) == ms(105));
  // Reusing a prefix saves exactly what computing it costs.
  const Duration whole = prefill_time(3000, 0, PerSecond(10'000), 1e-9);
  CHECK(whole == prefill_time(2000, 0, PerSecond(10'000), 1e-9) +
                     prefill_time(1000, 2000, PerSecond(10'000), 1e-9));
  CHECK(prefill_time(0, 500, PerSecond(1), 1).count == 0);
}

TEST_CASE("prefetch hides reads that are shorter than the compute of a step") {
  StepRecursion job(2, 1, ms(100));
  const std::array<Duration, 2> quick{ms(60), ms(80)};
  CHECK(job.step(quick) == ms(80));  // the first batch has nothing to hide behind
  // Batch 1 may start at R(0) = 80 and is there at 160, before step 0 ends at 180.
  CHECK(job.step(quick) == ms(0));
  CHECK(job.step(quick) == ms(0));
  CHECK(job.start_of_last_step().ns == ms(280).count);
}

TEST_CASE("a slow read is bridged by the batches read ahead") {
  // P = 2, reads 50 ms, compute 100 ms. Batches 0 and 1 start at 0: A = 50, 100; R(0) = 50.
  // Batch 2 starts at max(A(1), R(0)) = 100, takes 200 -> 300; R(1) = 150, so step 2 waits from 250
  // to 300: stall 50. With P = 1 batch 2 starts at R(1) = 150 -> 350: stall 100.
  StepRecursion deep(1, 2, ms(100));
  StepRecursion shallow(1, 1, ms(100));
  for (StepRecursion* job : {&deep, &shallow}) {
    CHECK(job->step(std::array{ms(50)}) == ms(50));
    CHECK(job->step(std::array{ms(50)}) == ms(0));
  }
  CHECK(deep.step(std::array{ms(200)}) == ms(50));
  CHECK(shallow.step(std::array{ms(200)}) == ms(100));
  CHECK(deep.total_stall() == ms(100));
}

TEST_CASE("without prefetch a step is read and compute one after the other") {
  StepRecursion job(3, 0, ms(100));
  const std::array<Duration, 3> reads{ms(10), ms(30), ms(20)};
  for (int i = 0; i < 4; ++i) CHECK(job.step(reads) == ms(30));
  CHECK(job.start_of_last_step().ns == ms(30 + 3 * 130).count);
  StepRecursion slowest(1, 0, ms(100));
  for (int i = 0; i < 4; ++i) slowest.step_slowest(ms(30));
  CHECK(slowest.total_stall() == job.total_stall());
}

TEST_CASE("a job runs at the slower of what it wants and what its misses get") {
  const BytesPerSecond origin(1e9);
  CHECK(steady_rate(BytesPerSecond(3e9), origin, 0.75).count == 3e9);  // 1/(1 - .75) = 4 > 3
  CHECK(steady_rate(BytesPerSecond(5e9), origin, 0.75).count == 4e9);
  CHECK(steady_rate(BytesPerSecond(5e9), origin, 1).count == 5e9);
  CHECK(stall_fraction(BytesPerSecond(5e9), BytesPerSecond(4e9)) == doctest::Approx(0.2));
  CHECK(accelerator_utilization(ms(80), ms(20)) == doctest::Approx(0.8));
  CHECK(goodput(70, 20, 10) == doctest::Approx(0.7));
}

TEST_CASE("the slowest of many exponentials is the harmonic number") {
  CHECK(harmonic(1) == 1);
  CHECK(harmonic(72) == doctest::Approx(4.8609).epsilon(1e-4));
  CHECK(harmonic(1000) == doctest::Approx(7.4855).epsilon(1e-4));
  CHECK(harmonic(1001) - harmonic(1000) == doctest::Approx(1 / 1001.0));  // series meets sum
  CHECK(harmonic(4e5) == doctest::Approx(13.4765).epsilon(1e-4));
}

TEST_CASE("many nodes make a rare miss common") {
  CHECK(probability_any(4096, 1e-4) == doctest::Approx(0.336).epsilon(1e-3));
  CHECK(probability_any(4096, 1e-5) == doctest::Approx(0.0401).epsilon(1e-3));
  CHECK(probability_any(4e5, 1e-5) == doctest::Approx(0.982).epsilon(1e-3));
  CHECK(probability_any(1, 1e-17) == doctest::Approx(1e-17));  // no cancellation
  CHECK(probability_any(5, 1) == 1);
  CHECK(uniform_of_max(0.5, 2) == doctest::Approx(std::sqrt(0.5)));
}

TEST_CASE("queues have their textbook values") {
  CHECK(erlang_c(10, 8) == doctest::Approx(0.4092).epsilon(1e-3));       // V12b
  CHECK(erlang_c_wait(10, 8) == doctest::Approx(0.2046).epsilon(1e-3));  // V12b
  CHECK(erlang_b(1, 1) == doctest::Approx(0.5));
  // rho = 0.8, S = 1 s: deterministic 3 S, exponential 5 S.
  CHECK(to_seconds(mg1_fifo_sojourn(PerSecond(0.8), {1, 1})) == doctest::Approx(3));
  CHECK(to_seconds(mg1_fifo_sojourn(PerSecond(0.8), {1, 2})) == doctest::Approx(5));
  CHECK(to_seconds(mg1_ps_sojourn(PerSecond(0.8), 1)) == doctest::Approx(5));
}

TEST_CASE("a closed network bends at its knee") {
  const std::array<double, 2> demand{0.050, 0.010};  // V11
  CHECK(mean_value_analysis(demand, 0.9, 1).throughput == doctest::Approx(1 / 0.96));
  const ClosedPoint ten = mean_value_analysis(demand, 0.9, 10);
  CHECK(ten.throughput == doctest::Approx(10.025).epsilon(1e-4));
  CHECK(ten.response_s == doctest::Approx(0.0975).epsilon(1e-3));
  CHECK(mean_value_analysis(demand, 0.9, 100).response_s == doctest::Approx(4.10).epsilon(1e-4));
  CHECK(closed_knee(demand, 0.9) == doctest::Approx(19.2));
}

TEST_CASE("the checkpoint interval and its waste are the renewal values") {
  const Duration mtti = from_seconds(3.09 * 3600);
  const Duration write = from_seconds(30);
  const Duration tau = young_interval(write, mtti);
  CHECK(to_seconds(tau) == doctest::Approx(817).epsilon(1e-3));  // sqrt(2 x 30 x 11124)
  CHECK(checkpoint_waste(tau, write, mtti) == doctest::Approx(0.0717).epsilon(1e-3));
  // A restart of 10 min adds about restart/mtti = 5.4 points.
  CHECK(checkpoint_waste(tau, write, mtti, from_seconds(600)) ==
        doctest::Approx(0.0717 + 0.9283 * (1 - std::exp(-600 / 11124.0))).epsilon(1e-3));
  CHECK(checkpoint_write_time(Bytes(26'000'000'000'000), BytesPerSecond(437.5e9)).count ==
        doctest::Approx(59.43e9).epsilon(1e-3));
}

TEST_CASE("failures of many parts add up") {
  // 419 in 54 days on 16,384 GPUs: one in 3.09 h.
  const PerSecond rate = failure_rate(419, 16'384, from_seconds(54 * 86'400.0));
  CHECK(to_seconds(mean_time_to_interruption(16'384, rate)) / 3600 ==
        doctest::Approx(3.09).epsilon(2e-3));
  CHECK(to_seconds(mean_time_to_interruption(400'000, rate)) / 60 ==
        doctest::Approx(7.6).epsilon(5e-3));
  CHECK(availability(from_seconds(99), from_seconds(1)) == doctest::Approx(0.99));
  // A rack of 230 TB over one account of 25 GB/s: 2.6 h.
  CHECK(to_seconds(refill_time(230e12, BytesPerSecond(25e9))) / 3600 ==
        doctest::Approx(2.556).epsilon(1e-3));
}

TEST_CASE("one percent of stall and one link have their price") {
  // 400k x 3 USD x 1 % x 730 h = 8.76 M USD a month.
  CHECK(stall_cost_per_month(4e5, Money(3), 0.01).count == doctest::Approx(8.76e6));
  // 10 Tbps all month is 3.285 EB; at 0.02 USD/GB 65.7 M USD.
  CHECK(transfer_cost_per_month(BytesPerSecond(1.25e12), Money(0.02)).count ==
        doctest::Approx(65.7e6));
}

TEST_CASE("a long link needs many streams") {
  // 4 MiB / 60 ms = 69.9 MB/s; 100 Gbps = 12.5 GB/s takes 179 of them; 1 GB alone 14.305 s.
  const BytesPerSecond stream = wan_stream_rate(Bytes(4 << 20), ms(60));
  CHECK(stream.count == doctest::Approx(69.905e6).epsilon(1e-4));
  CHECK(wan_streams_to_fill(BytesPerSecond(12.5e9), Bytes(4 << 20), ms(60)) == 179);
  CHECK(to_seconds(wan_transfer_time(Bytes(1'000'000'000), 1, stream, BytesPerSecond(12.5e9))) ==
        doctest::Approx(14.305).epsilon(1e-4));
  // At 0.02 USD/GB moved and 0.018 USD/GB-month held a copy pays above 1 + 0.9 reads.
  CHECK(break_even_reads_per_month(Money(0.02), Money(0.018)) == doctest::Approx(1.9));
  CHECK(std::isinf(break_even_reads_per_month(Money(0), Money(0.018))));
}

}  // namespace
}  // namespace fleetcache::models
