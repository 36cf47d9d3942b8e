// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/rjxzs/codec.hpp"

#include <array>

#include "protocol/publish.hpp"

namespace ems::protocol::rjxzs {
namespace {

using namespace can_map;

constexpr std::uint32_t kHost = 0xF4;
constexpr std::uint32_t kBoard = 0xF5;
constexpr Duration kQuietAfter = seconds(10);

// Values of the first byte.
constexpr std::int32_t kMeasured = 0x03;
constexpr std::int32_t kStatus = 0x06;
constexpr std::uint8_t kCellsFirst = 0x07;
constexpr std::uint8_t kCellsLast = 0x46;
constexpr Bits kCurrent = u16be(3);
constexpr Bits kCharging = bit(4, 6);

constexpr CanFrame start(std::uint8_t what) noexcept {
  return {.id = kHost,
          .extended = true,
          .size = 3,
          .data = {std::byte{what}, std::byte{0}, std::byte{2}}};
}
constexpr CanSend kSends[] = {
    {"connected", start(0x10), seconds(10), true},
    {"start", start(0x1C), seconds(10), true},
};

/// The source takes 0 % for not known.
constexpr Row soc() noexcept {
  Row row = percent(kBoard, u16be(3), Signal::soc, 100);
  row.absent = kZero;
  return row;
}

constexpr Row kRows[] = {
    when(0x01, vendor(kBoard, u16be(1), "discharge_protection_voltage")),
    when(0x01, vendor(kBoard, u16be(3), "protection_current")),
    when(0x01, vendor(kBoard, u16be(5), "pack_capacity")),
    when(0x02, value(kBoard, u16be(1), Signal::cell_count, {}, kZero)),
    when(0x02, vendor(kBoard, u16be(3), "charge_protection_voltage")),
    when(0x02, vendor(kBoard, u16be(5), "protection_temperature")),
    when(kMeasured, value(kBoard, u16be(1), Signal::pack_voltage, {.scale = 100})),
    when(kMeasured, vendor(kBoard, u16be(5), "power")),
    when(0x04, vendor(kBoard, u16be(1), "capacity_used")),
    when(0x04, soc()),
    when(0x04, vendor(kBoard, u16be(5), "capacity_charged")),
    when(0x05, vendor(kBoard, u16be(1), "charge_recovery_voltage")),
    when(0x05, vendor(kBoard, u16be(3), "discharge_recovery_voltage")),
    when(0x05, vendor(kBoard, u16be(5), "capacity_left")),
    when(kStatus, vendor(kBoard, u16be(1), "host_temperature")),
    when(kStatus, vendor(kBoard, u16be(3), "status_bits")),
    when(kStatus, vendor(kBoard, u16be(5), "balance_start_voltage")),
    when(0x51, vendor(kBoard, u16be(1), "balance_reference_mv")),
    when(0x51, cell(kBoard, u16be(3), Signal::cell_voltage_min)),
    when(0x51, cell(kBoard, u16be(5), Signal::cell_voltage_max)),
    when(0x53, vendor(kBoard, bits(7, 0, 4), "last_protection")),
};

constexpr Series kSeries[] = {{.id = kBoard,
                               .number = u8(0),
                               .first = kCellsFirst,
                               .last = kCellsLast,
                               .where = u16be(1),
                               .per_frame = 3}};
constexpr Selector kSelectors[] = {{kBoard, u8(0)}};
constexpr std::int32_t kKept[] = {kStatus};

/// The current has no sign: the direction is another frame's.
void give_current(const Extra& extra) noexcept {
  const Bytes payload = extra.frame.payload();
  const std::optional<std::int64_t> raw = read(payload, kCurrent);
  if (read(payload, u8(0)) != kMeasured || !raw) return;
  const Publisher out(extra.sink);
  if (*raw == 0) return out.value(Signal::pack_current, 0);
  const CanSlot* status =
      extra.mailbox.find(extra.frame.id, extra.frame.extended, std::uint16_t{kStatus});
  if (status == nullptr || extra.now - status->received_at >= kQuietAfter) {
    return out.missing(Signal::pack_current);
  }
  const std::optional<std::int64_t> charging = read(status->frame.payload(), kCharging);
  if (!charging) return out.missing(Signal::pack_current);
  out.value(Signal::pack_current, *raw * (*charging != 0 ? -100 : 100));
}

constexpr Map map(bool extended) noexcept {
  return {.extended = extended,
          .sends = kSends,
          .rows = kRows,
          .series = kSeries,
          .selectors = kSelectors,
          .kept = kKept,
          .extra = give_current};
}
constexpr Map kMaps[] = {map(false), map(true)};

constexpr std::string_view kVariants[] = {"standard", "extended"};

constexpr Protocol kProtocol{
    .info = {.name = "rjxzs-can",
             .title = "RJXZS BMS",
             .evidence = Evidence::simulator_only,
             .bit_rates = k250kbit,
             .variants = kVariants},
    .quiet_after = kQuietAfter,
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::rjxzs
