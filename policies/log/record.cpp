#include "policies/log/record.hpp"

namespace fleetcache::log {
namespace {

/// Which fields of Meta follow.
enum Field : std::uint32_t {
  kHasHigh = 1,
  kHasNext = 2,
  kHasCost = 4,
  kHasKind = 8,
  kHasExpiry = 16,
  kHasLease = 32,
  kHasSoft = 64,
  kHasParent = 128,
  kHasMate = 256,
  kHasTenant = 512,
};

}  // namespace

std::string_view type_name(Type type) {
  constexpr std::string_view kNames[] = {
      "end",    "access",  "miss",   "admit", "insert",          "erase",      "pin",
      "unpin",  "reserve", "commit", "abort", "expire",          "resize",     "params",
      "quotas", "times",   "mark",   "gap",   "dropped touches", "must evict", "cost"};
  const auto k = static_cast<std::size_t>(type);
  return k < std::size(kNames) ? kNames[k] : "unknown";
}

void put(Out& out, const Name& name) {
  out.number((std::uint64_t{name.tenant} << 1) | (name.id_high != 0 ? 1 : 0));
  out.word(name.id);
  if (name.id_high != 0) out.word(name.id_high);
}

Name get_name(In& in) {
  Name name;
  const std::uint64_t head = in.number();
  name.tenant = static_cast<std::uint32_t>(head >> 1);
  name.id = in.word();
  if ((head & 1) != 0) name.id_high = in.word();
  return name;
}

void put(Out& out, const eviction::Meta& m, const Name* parent, const Name* mate) {
  std::uint32_t fields = 0;
  const auto note = [&fields](bool there, Field field) { fields |= there ? field : 0U; };
  note(m.id_high != 0, kHasHigh);
  note(m.next_access != -1, kHasNext);
  note(m.cost != 0, kHasCost);
  note(m.klass != 0 || m.depth != 0, kHasKind);
  note(m.expires.ns != 0, kHasExpiry);
  note(m.leased_until.ns != 0, kHasLease);
  note(m.soft_until.ns != 0, kHasSoft);
  note(parent != nullptr, kHasParent);
  note(mate != nullptr, kHasMate);
  note(m.tenant != 0, kHasTenant);
  out.number(fields);
  out.word(m.id);
  out.number(m.charge);
  if (m.id_high != 0) out.word(m.id_high);
  if (m.next_access != -1) out.signed_number(m.next_access);
  if (m.cost != 0) out.number(m.cost);
  if ((fields & kHasKind) != 0) out.number((std::uint64_t{m.klass} << 16) | m.depth);
  if ((fields & kHasExpiry) != 0) out.signed_number(m.expires.ns);
  if ((fields & kHasLease) != 0) out.signed_number(m.leased_until.ns);
  if ((fields & kHasSoft) != 0) out.signed_number(m.soft_until.ns);
  if (parent != nullptr) put(out, *parent);
  if (mate != nullptr) put(out, *mate);
  if (m.tenant != 0) out.number(m.tenant);
}

NamedMeta get_meta(In& in) {
  NamedMeta named;
  eviction::Meta& m = named.meta;
  const std::uint64_t fields = in.number();
  m.id = in.word();
  m.charge = in.number();
  if ((fields & kHasHigh) != 0) m.id_high = in.word();
  if ((fields & kHasNext) != 0) m.next_access = in.signed_number();
  if ((fields & kHasCost) != 0) m.cost = static_cast<std::uint32_t>(in.number());
  if ((fields & kHasKind) != 0) {
    const std::uint64_t kind = in.number();
    m.klass = static_cast<std::uint16_t>(kind >> 16);
    m.depth = static_cast<std::uint16_t>(kind);
  }
  if ((fields & kHasExpiry) != 0) m.expires.ns = in.signed_number();
  if ((fields & kHasLease) != 0) m.leased_until.ns = in.signed_number();
  if ((fields & kHasSoft) != 0) m.soft_until.ns = in.signed_number();
  named.has_parent = (fields & kHasParent) != 0;
  if (named.has_parent) named.parent = get_name(in);
  named.has_mate = (fields & kHasMate) != 0;
  if (named.has_mate) named.mate = get_name(in);
  if ((fields & kHasTenant) != 0) m.tenant = static_cast<std::uint32_t>(in.number());
  return named;
}

}  // namespace fleetcache::log
