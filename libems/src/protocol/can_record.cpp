// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_record.hpp"

namespace ems::protocol {

Result<CanFrame> to_can_frame(const CanRecord& record) noexcept {
  if (record.kind == CanRecordKind::fd) {
    return fail(Errc::unimplemented, 0, "a CAN FD frame; battery protocols use classic CAN");
  }
  if (record.kind == CanRecordKind::error) {
    return fail(Errc::unimplemented, 0, "an error frame: a report of the controller, no bus data");
  }
  CanFrame frame{.id = record.id,
                 .extended = record.extended,
                 .remote = record.kind == CanRecordKind::remote,
                 .size = record.size};
  const Bytes data = record.payload();
  std::copy(data.begin(), data.end(), frame.data.begin());
  return frame;
}

CanRecord to_can_record(const CanFrame& frame, std::optional<Duration> time,
                        std::string_view interface_name) noexcept {
  EMS_ASSERT(frame.valid());
  CanRecord record{.time = time, .interface_name = FixedString<16>(interface_name)};
  record.kind = frame.remote ? CanRecordKind::remote : CanRecordKind::data;
  record.id = frame.id;
  record.extended = frame.extended;
  record.size = frame.size;
  const Bytes data = frame.payload();
  std::copy(data.begin(), data.end(), record.data.begin());
  return record;
}

}  // namespace ems::protocol
