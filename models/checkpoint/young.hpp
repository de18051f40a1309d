/// How often to write a checkpoint, and what checkpoints and failures cost.
#pragma once

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// sqrt(2 write mtti): work between two checkpoints that wastes least, to first order.
/// Source: Young, CACM 1974. Valid for: write much shorter than mtti.
Duration young_interval(Duration write, Duration mtti);

/// Share of wall time that is not useful work, with exponential failures (mean `mtti`), `work`
/// between checkpoints of `write`, and `restart` after each failure (failures during it start it
/// again): 1 - work / (mtti e^(restart/mtti) (e^((work + write)/mtti) - 1)). Exact (renewal
/// reward); the first-order sqrt(2 write/mtti) is larger. Source: Daly, FGCS 2006. Checked by: V39.
double checkpoint_waste(Duration work, Duration write, Duration mtti, Duration restart = {});

/// Time to write `bytes` at the slowest of the rates that take part.
Duration checkpoint_write_time(Bytes bytes, BytesPerSecond slowest);

}  // namespace fleetcache::models
