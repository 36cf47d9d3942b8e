// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/afore/codec.hpp"
#include "ems/protocol/ant/codec.hpp"
#include "ems/protocol/ant_old/codec.hpp"
#include "ems/protocol/byd_hv/codec.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/can_lv/codec.hpp"
#include "ems/protocol/codec.hpp"
#include "ems/protocol/daly_a5/codec.hpp"
#include "ems/protocol/daly_can/codec.hpp"
#include "ems/protocol/daly_modbus/codec.hpp"
#include "ems/protocol/daly_p81/codec.hpp"
#include "ems/protocol/eg4_ll/codec.hpp"
#include "ems/protocol/foxbms2/codec.hpp"
#include "ems/protocol/growatt_hv/codec.hpp"
#include "ems/protocol/growatt_lv/codec.hpp"
#include "ems/protocol/jbd/codec.hpp"
#include "ems/protocol/jk_4e57/codec.hpp"
#include "ems/protocol/jk_55aa/codec.hpp"
#include "ems/protocol/jk_can/codec.hpp"
#include "ems/protocol/jk_pb_modbus/codec.hpp"
#include "ems/protocol/lifepower/codec.hpp"
#include "ems/protocol/pace/codec.hpp"
#include "ems/protocol/pace_eg4/codec.hpp"
#include "ems/protocol/pace_modbus/codec.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "ems/protocol/pylontech_hv/codec.hpp"
#include "ems/protocol/pylontech_rs485/codec.hpp"
#include "ems/protocol/pylontech_rt/codec.hpp"
#include "ems/protocol/pytes_can/codec.hpp"
#include "ems/protocol/renogy/codec.hpp"
#include "ems/protocol/rjxzs/codec.hpp"
#include "ems/protocol/schneider/codec.hpp"
#include "ems/protocol/seplos_v2/codec.hpp"
#include "ems/protocol/seplos_v2_bin/codec.hpp"
#include "ems/protocol/seplos_v3/codec.hpp"
#include "ems/protocol/sma_byd_hv/codec.hpp"
#include "ems/protocol/solax_hv/codec.hpp"
#include "ems/protocol/sungrow_sbr/codec.hpp"
#include "ems/protocol/tdt/codec.hpp"

namespace ems::protocol {

std::string_view to_string(CodecKind kind) noexcept {
  switch (kind) {
    case CodecKind::poll:
      return "poll";
    case CodecKind::can:
      return "can";
  }
  return "poll";
}

std::string_view to_string(Evidence evidence) noexcept {
  switch (evidence) {
    case Evidence::captured_frames:
      return "captured_frames";
    case Evidence::vendor_document:
      return "vendor_document";
    case Evidence::simulator_only:
      return "simulator_only";
  }
  return "simulator_only";
}

// kind() is final in PollCodec and CanCodec: the casts cannot be wrong.
const PollCodec* as_poll(const Codec& codec) noexcept {
  return codec.kind() == CodecKind::poll ? static_cast<const PollCodec*>(&codec) : nullptr;
}

const CanCodec* as_can(const Codec& codec) noexcept {
  return codec.kind() == CodecKind::can ? static_cast<const CanCodec*>(&codec) : nullptr;
}

std::span<const Codec* const> codecs() noexcept {
  using can_lv::Dialect;
  static const Codec* const all[] = {&afore::codec(),
                                     &ant::codec(),
                                     &ant_old::codec(),
                                     &byd_hv::codec(),
                                     &daly_a5::codec(),
                                     &daly_can::codec(),
                                     &daly_modbus::codec(),
                                     &daly_p81::codec(),
                                     &can_lv::codec(Dialect::deye),
                                     &can_lv::codec(Dialect::discover),
                                     &eg4_ll::codec(),
                                     &foxbms2::codec(),
                                     &solax_hv::foxess_codec(),
                                     &growatt_hv::codec(),
                                     &growatt_lv::codec(),
                                     &jbd::codec(),
                                     &jk_4e57::codec(),
                                     &jk_55aa::codec(),
                                     &jk_can::codec(),
                                     &jk_pb_modbus::codec(),
                                     &lifepower::codec(),
                                     &can_lv::codec(Dialect::luxpower),
                                     &pace::codec(),
                                     &pace_eg4::codec(),
                                     &pace_modbus::codec(),
                                     &pylontech_rs485::codec(),
                                     &pylontech_hv::codec(),
                                     &can_lv::codec(Dialect::pylontech),
                                     &pylontech_rt::codec(),
                                     &pytes_can::codec(),
                                     &renogy::codec(),
                                     &rjxzs::codec(),
                                     &schneider::codec(),
                                     &seplos_v2::codec(),
                                     &seplos_v2_bin::codec(),
                                     &seplos_v3::codec(),
                                     &sma_byd_hv::codec(),
                                     &can_lv::codec(Dialect::sma),
                                     &can_lv::codec(Dialect::sofar),
                                     &can_lv::codec(Dialect::sol_ark),
                                     &solax_hv::codec(),
                                     &sungrow_sbr::codec(),
                                     &tdt::codec(),
                                     &can_lv::codec(Dialect::victron)};
  return all;
}

Result<const Codec*> find_codec(std::string_view name) noexcept {
  for (const Codec* codec : codecs()) {
    if (codec->name() == name) return codec;
  }
  return fail(Errc::unknown_protocol, 0, "no protocol of that name");
}

}  // namespace ems::protocol
