// SPDX-License-Identifier: Apache-2.0
/// @file Private: the boards (ems/protocol/board.hpp), alphabetical. Each is a row of board.cpp.
#pragma once

#include "ems/protocol/board.hpp"

// clang-format off
namespace ems::protocol::daly_a5 { BoardAnswer answer; }
namespace ems::protocol::pace { BoardAnswer answer; }
namespace ems::protocol::pace_eg4 { BoardAnswer answer; }
namespace ems::protocol::pylontech_rs485 { BoardAnswer answer; }
namespace ems::protocol::seplos_v2 { BoardAnswer answer; }
namespace ems::protocol::tdt { BoardAnswer answer; }
// clang-format on
