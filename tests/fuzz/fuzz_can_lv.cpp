// SPDX-License-Identifier: Apache-2.0
// The low-voltage CAN family. Input: `listen` as the first line, the dialect, then what
// can_codec_fuzz.hpp takes; or `speak`, the dialect, the values a battery is spoken for with.
#include <algorithm>
#include <optional>

#include "ems/protocol/can_lv/codec.hpp"
#include "ems/protocol/can_lv/emulator.hpp"
#include "fuzz/can_codec_fuzz.hpp"
#include "support/recording_sink.hpp"

using namespace ems;
using namespace ems::protocol;
using fuzz::require;

namespace {

template <class T>
std::optional<Sample<T>> sample(fuzz::Feed& feed, Instant now, std::int32_t scale) {
  const std::uint8_t how = feed.u8();
  if (how == 0) return std::nullopt;
  const auto value = static_cast<std::int32_t>(static_cast<std::int16_t>(feed.u16())) * scale;
  return Sample<T>{T{value}, now - milliseconds(how % 16 * 500),
                   static_cast<Quality>(how / 16 % 4)};
}

/// What an inverter reads is never looser than what was said.
void speak(can_lv::Dialect dialect, fuzz::Feed& feed) {
  const CanCodec& codec = can_lv::codec(dialect);
  constexpr Duration kMaxAge = seconds(3);
  const Instant now{seconds(1'000)};
  can_lv::EmulatedBattery battery;
  battery.soc = sample<BasisPoints>(feed, now, 1);
  battery.pack_voltage = sample<MilliVolt>(feed, now, 10);
  battery.pack_current = sample<MilliAmp>(feed, now, 97);
  battery.temperature = sample<MilliCelsius>(feed, now, 10);
  battery.charge_voltage_limit = sample<MilliVolt>(feed, now, 1'999);
  battery.discharge_voltage_limit = sample<MilliVolt>(feed, now, 1'999);
  battery.charge_current_limit = sample<MilliAmp>(feed, now, 65'001);
  battery.discharge_current_limit = sample<MilliAmp>(feed, now, 65'001);
  if (const auto on = sample<MilliVolt>(feed, now, 1)) {
    battery.charge_enable = Sample<bool>{(on->value.count() & 1) != 0, on->taken_at, on->quality};
    battery.discharge_enable =
        Sample<bool>{(on->value.count() & 2) != 0, on->taken_at, on->quality};
  }
  CanMailbox mailbox;
  test::RecordingSink sink;
  for (const CanFrame& frame : can_lv::encode_burst(battery, dialect, now, kMaxAge)) {
    require(frame.valid(), "what is sent is a frame");
    require(codec.decode(frame, now, mailbox, sink).value() == CanTaken::decoded,
            "the codec reads what is sent");
  }
  const auto usable = [&](const auto& s) { return s && s->usable(now, kMaxAge); };
  const auto at_most = [&](Signal signal, const auto& said) {
    const std::int64_t bound = usable(said) ? std::max<std::int64_t>(said->value.count(), 0) : 0;
    const auto told = sink.value(signal);
    require(told && *told >= 0 && *told <= bound, "no limit is looser than what was said");
  };
  at_most(Signal::charge_current_limit, battery.charge_current_limit);
  at_most(Signal::discharge_current_limit, battery.discharge_current_limit);
  const auto enabled = [&](Signal signal, const auto& said) {
    const auto told = sink.value(signal);
    const bool silent = !told && (dialect == can_lv::Dialect::victron ||
                                  dialect == can_lv::Dialect::sma);  // They have no enables.
    require(silent || (told && (*told == 0 || (usable(said) && said->value))),
            "nothing is enabled that was not");
  };
  enabled(Signal::charge_enable, battery.charge_enable);
  enabled(Signal::discharge_enable, battery.discharge_enable);
  if (!usable(battery.soc) || !usable(battery.pack_voltage) || !usable(battery.temperature)) {
    require(sink.value(Signal::charge_current_limit) == 0 &&
                sink.value(Signal::discharge_current_limit) == 0,
            "a battery that is not known moves nothing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  const std::string_view kind = feed.line();
  const auto dialect = static_cast<can_lv::Dialect>(feed.u8() % can_lv::kDialects);
  if (kind == "listen") {
    const Bytes rest = feed.rest();
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(rest.data());
    return fuzz::can_codec(can_lv::codec(dialect), {bytes, rest.size()});
  }
  if (kind == "speak" && can_lv::is_spoken(dialect)) speak(dialect, feed);
  return 0;
}
