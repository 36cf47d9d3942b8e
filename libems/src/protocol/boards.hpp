// SPDX-License-Identifier: Apache-2.0
/// @file Private: the boards (ems/protocol/board.hpp), alphabetical. Each is a row of board.cpp.
#pragma once

#include "ems/protocol/board.hpp"

// clang-format off
namespace ems::protocol::ant { BoardAnswer answer; }
namespace ems::protocol::ant_old { BoardAnswer answer; }
namespace ems::protocol::daly_a5 { BoardAnswer answer; }
namespace ems::protocol::jk_4e57 { BoardAnswer answer; }
namespace ems::protocol::jk_55aa { BoardAnswer answer; }
namespace ems::protocol::jk_pb_modbus { BoardAnswer answer; }
namespace ems::protocol::lifepower { BoardAnswer answer; }
namespace ems::protocol::pace { BoardAnswer answer; }
namespace ems::protocol::pace_eg4 { BoardAnswer answer; }
namespace ems::protocol::pylontech_rs485 { BoardAnswer answer; }
namespace ems::protocol::seplos_v2 { BoardAnswer answer; }
namespace ems::protocol::seplos_v2_bin { BoardAnswer answer; }
namespace ems::protocol::tdt { BoardAnswer answer; }
// clang-format on
