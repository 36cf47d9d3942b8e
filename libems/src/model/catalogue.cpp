// SPDX-License-Identifier: Apache-2.0
#include "ems/model/catalogue.hpp"

namespace ems {
namespace {

constexpr SignalInfo kSignals[] = {
#define EMS_SIGNAL(name, number, list_name, unit, kind, stale_ms, meaning) \
  {Signal::name, #name, list_name, Unit::unit, SignalKind::kind, milliseconds(stale_ms), meaning},
#include "ems/model/signals.def"
#undef EMS_SIGNAL
};

constexpr UnitInfo kUnits[] = {
#define EMS_UNIT(name, number, suffix, si_suffix, digits, symbol) \
  {Unit::name, #name, suffix, si_suffix, digits, symbol},
#include "ems/model/units.def"
#undef EMS_UNIT
};

struct AlarmRow {
  unsigned bit;
  std::string_view name;
};
constexpr AlarmRow kAlarms[] = {
#define EMS_ALARM(name, bit) {bit, #name},
#include "ems/model/alarms.def"
#undef EMS_ALARM
};

constexpr bool catalogue_is_sound() {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    const SignalInfo& row = kSignals[i];
    if (i > 0 && kSignals[i - 1].signal >= row.signal) return false;
    if ((row.kind == SignalKind::element) == row.list_name.empty()) return false;
    if (row.name.size() + 8 > kSignalNameSize || row.list_name.size() + 8 > kSignalNameSize)
      return false;
  }
  for (std::size_t i = 0; i < std::size(kUnits); ++i) {
    if (kUnits[i].unit != static_cast<Unit>(i)) return false;  // unit_info() indexes.
  }
  return true;
}
static_assert(catalogue_is_sound(),
              "signals.def or units.def: numbers ascend, elements have a plural, names fit");

constexpr std::string_view stem(const SignalInfo& info) noexcept {
  return info.kind == SignalKind::element ? info.list_name : info.name;
}

SignalName join(std::string_view a, std::string_view b) noexcept {
  SignalName name(a);
  name.append(b);
  return name;
}

class Fnv1a {
 public:
  constexpr void add(std::string_view text) noexcept {
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    add_byte(0);
  }
  constexpr void add(std::uint32_t number) noexcept {
    for (int shift = 0; shift < 32; shift += 8)
      add_byte(static_cast<unsigned char>((number >> shift) & 0xFF));
  }
  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return hash_; }

 private:
  constexpr void add_byte(unsigned char byte) noexcept {
    hash_ = (hash_ ^ byte) * 0x100000001b3ULL;
  }
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

constexpr std::uint64_t hash_catalogue() {
  Fnv1a hash;
  for (const SignalInfo& row : kSignals) {
    hash.add(static_cast<std::uint32_t>(row.signal));
    hash.add(row.name);
    hash.add(static_cast<std::uint32_t>(row.unit));
    hash.add(static_cast<std::uint32_t>(row.kind));
  }
  return hash.value();
}

}  // namespace

std::span<const SignalInfo> signal_table() noexcept { return kSignals; }
std::span<const UnitInfo> unit_table() noexcept { return kUnits; }

const SignalInfo* find_signal(Signal signal) noexcept {
  for (const SignalInfo& row : kSignals) {
    if (row.signal == signal) return &row;
  }
  return nullptr;
}

const SignalInfo* find_signal(std::string_view any_name) noexcept {
  for (const SignalInfo& row : kSignals) {
    if (any_name == row.name || (!row.list_name.empty() && any_name == row.list_name)) return &row;
    if (any_name == integer_name(row).view() || any_name == si_name(row).view()) return &row;
  }
  return nullptr;
}

const UnitInfo& unit_info(Unit unit) noexcept {
  const auto index = static_cast<std::size_t>(unit);
  EMS_ASSERT(index < std::size(kUnits));
  return kUnits[index];
}

SignalName integer_name(const SignalInfo& info) noexcept {
  return join(stem(info), unit_info(info.unit).suffix);
}
SignalName si_name(const SignalInfo& info) noexcept {
  return join(stem(info), unit_info(info.unit).si_suffix);
}
SignalName si_name_of_whole(const SignalInfo& info) noexcept {
  return join(info.name, unit_info(info.unit).si_suffix);
}

std::optional<std::string_view> alarm_name(unsigned bit) noexcept {
  for (const AlarmRow& row : kAlarms) {
    if (row.bit == bit) return row.name;
  }
  return std::nullopt;
}

std::string_view text_name(TextField field) noexcept {
  switch (field) {
#define EMS_TEXT(name, number) \
  case TextField::name:        \
    return #name;
#include "ems/model/texts.def"
#undef EMS_TEXT
  }
  return "unknown";
}

std::uint64_t catalogue_hash() noexcept {
  constexpr std::uint64_t kHash = hash_catalogue();
  return kHash;
}

}  // namespace ems
