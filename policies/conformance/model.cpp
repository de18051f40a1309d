#include "policies/conformance/model.hpp"

#include <algorithm>

namespace fleetcache::conformance {

std::vector<Model::Entry>::iterator Model::find(Id id) {
  return std::find_if(entries_.begin(), entries_.end(),
                      [id](const Entry& e) { return e.id == id; });
}

std::uint64_t Model::used() const {
  std::uint64_t sum = 0;
  for (const Entry& e : entries_) sum += e.charge;
  return sum;
}

bool Model::get(Id id) {
  const auto at = find(id);
  if (at == entries_.end()) return false;
  if (moves_on_hit_) std::rotate(at, at + 1, entries_.end());
  return true;
}

std::int32_t Model::put(Id id, std::uint64_t charge) {
  if (charge > capacity_) return FCP_CONFORM_REFUSED;
  while (used() + charge > capacity_) {
    const auto at =
        std::find_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.pins == 0; });
    if (at == entries_.end()) return FCP_CONFORM_AGAIN;
    victims_.push_back(at->id);
    entries_.erase(at);
  }
  entries_.push_back({id, charge, 0});
  return FCP_CONFORM_OK;
}

bool Model::erase(Id id) {
  const auto at = find(id);
  if (at == entries_.end()) return false;
  entries_.erase(at);
  return true;
}

bool Model::pin(Id id) {
  const auto at = find(id);
  if (at == entries_.end()) return false;
  ++at->pins;
  return true;
}

void Model::unpin(Id id) { --find(id)->pins; }

std::set<Id> Model::ids() const {
  std::set<Id> out;
  for (const Entry& e : entries_) out.insert(e.id);
  return out;
}

}  // namespace fleetcache::conformance
