// SPDX-License-Identifier: Apache-2.0
/// @file The tables of a fleet's file, and the way from each earlier version. Not installed.
#pragma once

#include "io/store/sqlite.hpp"

namespace ems::fleet {

/// Version 2. A *lane* is one stream of one epoch of one agent of one tenant; blocks and gaps hang
/// on it. `opened` and `updated` count transactions: they tell which epoch came later. block_time
/// finds the blocks of a range without touching a block.
extern const io::sqlite::Schema kFleetSchema;

}  // namespace ems::fleet
