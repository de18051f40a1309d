/// What a read waits at an origin that others use too: a link that streams share, a token bucket
/// that refuses and is asked again, and a burst of reads that come at once.
#pragma once

#include <cstdint>

#include "models/origin/retry.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

/// A link on which every transfer has a cap of its own and all share the rest equally.
struct SharedLink {
  BytesPerSecond capacity;
  BytesPerSecond stream;  ///< cap of one transfer; 0: none
  double links = 1;       ///< equal ones, loads spread evenly over them
};

/// Mean time that sharing adds to a transfer that alone would take `alone_s`: with room for c =
/// capacity/stream transfers at full speed and a = load/stream under way, alone_s C(c, a)/(c - a)
/// with Erlang's C. Exact for Poisson arrivals whatever the sizes (transfers under way are a birth
/// and death process that does not see them). Above 256 transfers C by Halfin and Whitt's limit (C
/// within 0.01). At or above saturation infinite. O(min(c, 256)). Source: Cohen, Acta Informatica
/// 12 (1979); Halfin, Whitt, Operations Research 29 (1981). Checked by:
/// tests/unit/models/shared_origin_test.cpp.
double sharing_delay_s(const SharedLink& link, BytesPerSecond load, double alone_s);

/// Time until the last of `reads` transfers of `bytes` each that start together has arrived, beyond
/// what one takes alone: the burst over the link less the transfer itself, at least 0.
double burst_delay_s(const SharedLink& link, double reads, double bytes);

/// A bucket of `rate` tokens a second and `burst` tokens, and what refused clients do.
struct ThrottleSpec {
  double rate = 0;   ///< requests a second that are granted
  double burst = 0;  ///< requests that are granted at once after a calm
  RetrySpec retry;
};

struct ThrottleAnswer {
  double refused = 0;   ///< of attempts
  double attempts = 1;  ///< of a request
  double given_up = 0;  ///< of requests
  double wait_s = 0;    ///< mean back-off of a request, those given up included
  double served = 0;    ///< requests a second
  double calm_s = 0;    ///< until the first refusal; infinite when there is none
};

/// Open requests at `offered` a second in steady state. Below the rate nothing is refused; above it
/// what is granted is the rate: offered (1 - p^(q+1)) = rate gives p = (1 -
/// rate/offered)^(1/(q+1)). Valid for: long overloads, independent refusals, back-off longer than
/// the gaps between grants. Checked by: tests/unit/models/shared_origin_test.cpp against the bucket
/// itself.
ThrottleAnswer open_throttle(const ThrottleSpec& spec, double offered);

/// `clients` requests under way at all times, each served in `service_s` when it is granted at
/// once: the p at which clients (1 - p^(q+1)) / (service + wait(p)) = rate, by bisection; 0 when
/// the clients ask for less. Requires: service_s > 0.
ThrottleAnswer closed_throttle(const ThrottleSpec& spec, double clients, double service_s);

/// Wait of the last of `reads` requests that come at once on a full bucket: (reads - burst) / rate,
/// rounded up to the next instant of the back-off schedule (its mean, with jitter).
double burst_throttle_s(const ThrottleSpec& spec, double reads);

}  // namespace fleetcache::models
