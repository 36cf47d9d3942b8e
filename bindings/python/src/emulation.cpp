// SPDX-License-Identifier: Apache-2.0
// libems as the battery, towards an inverter that knows low-voltage CAN.
#include <algorithm>
#include <iterator>
#include <optional>

#include "can_rows.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_lv/emulator.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

using protocol::can_lv::EmulatedBattery;

constexpr unsigned kAlarmBits = 64;
/// Members of a decoded dict that are no signals.
constexpr std::string_view kNoSignals[] = {
    "vendor",
    "modules",
#define EMS_TEXT(name, number) #name,
#include "ems/model/texts.def"
#undef EMS_TEXT
};

/// (signal, count, taken at, us, trusted).
using SampleRow = std::tuple<std::uint16_t, std::int64_t, std::int64_t, bool>;

protocol::can_lv::Dialect dialect_of(const std::string& protocol) {
  const protocol::Codec* codec = take(protocol::find_codec(protocol));
  const auto dialect = protocol::can_lv::spoken_dialect(*codec);
  if (!dialect) raise(Errc::unimplemented, 0, protocol + ": libems cannot be such a battery");
  return *dialect;
}

/// Bits of a list of names. The vendor's own become an internal failure: they must not go under.
std::int64_t alarm_bits(py::handle names) {
  if (!py::isinstance<py::list>(names) && !py::isinstance<py::tuple>(names)) {
    raise(Errc::wrong_type, 0, "alarms, warnings: a list of names");
  }
  std::uint64_t bits = 0;
  for (const py::handle item : names) {
    const auto name = item.cast<std::string>();
    std::optional<unsigned> found;
    for (unsigned bit = 0; bit < kAlarmBits && !found; ++bit) {
      if (alarm_name(bit) == std::optional<std::string_view>(name)) found = bit;
    }
    if (!found && !name.starts_with("vendor:")) {
      raise(Errc::not_found, 0, name + ": no such alarm");
    }
    bits |= found ? std::uint64_t{1} << *found : alarm_bit(Alarm::internal_failure);
  }
  return static_cast<std::int64_t>(bits);
}

/// The signal that a member of a decoded dict is; nullptr: one that no dialect carries.
/// @throws NativeError  not_found: no such member.
const SignalInfo* carried(const std::string& name) {
  for (const SignalInfo& info : signal_table()) {
    const bool whole = si_name_of_whole(info).view() == name;
    if (!whole && si_name(info).view() != name) continue;
    EmulatedBattery nobody;
    return whole && set(nobody, info.signal, 0, {}, Quality::good) ? &info : nullptr;
  }
  if (std::ranges::find(kNoSignals, name) == std::end(kNoSignals)) {
    raise(Errc::not_found, 0, name + ": no such signal");
  }
  return nullptr;
}

/// [(signal, count or None)] of those members that a dialect carries; None: unknown.
py::list emulated_values(const py::dict& values) {
  py::list rows;
  for (const auto& [key, value] : values) {
    const SignalInfo* info = carried(key.cast<std::string>());
    if (info == nullptr) continue;
    const auto signal = static_cast<std::uint16_t>(info->signal);
    const bool is_list = info->signal == Signal::alarms || info->signal == Signal::warnings;
    if (value.is_none()) {
      rows.append(py::make_tuple(signal, py::none()));
    } else {
      rows.append(py::make_tuple(
          signal, is_list ? alarm_bits(value) : count_of(value, unit_info(info->unit).digits)));
    }
  }
  return rows;
}

py::list emulate(const std::string& protocol, const std::vector<SampleRow>& samples,
                 const std::string& manufacturer, const py::object& now_s,
                 const py::object& max_age_s) {
  const protocol::can_lv::Dialect dialect = dialect_of(protocol);
  const Duration max_age = duration_of(max_age_s);
  if (max_age <= Duration::zero()) raise(Errc::out_of_range, 0, "max_age_s: above 0");
  EmulatedBattery battery;
  battery.manufacturer = manufacturer;
  for (const auto& [signal, count, taken_us, trusted] : samples) {
    set(battery, static_cast<Signal>(signal), count, Instant{microseconds(taken_us)},
        trusted ? Quality::good : Quality::bad);
  }
  const protocol::can_lv::Burst burst =
      encode_burst(battery, dialect, Instant{duration_of(now_s)}, max_age);
  return can_rows(burst.view());
}

}  // namespace

void register_emulation(py::module_& module) {
  module.def("emulated_values", &emulated_values);
  module.def("emulate", &emulate);
}

}  // namespace ems::python
