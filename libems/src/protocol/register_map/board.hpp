// SPDX-License-Identifier: Apache-2.0
/// @file Private: the boards of protocols that are register tables.
#pragma once

#include "ems/protocol/board.hpp"
#include "ems/protocol/register_map/codec.hpp"
#include "ems/protocol/register_map/device.hpp"

namespace ems::protocol::register_map {

/// Sets what `state` says of the whole battery, where the map has it.
void hold(Device& device, const BoardState& state) noexcept;

/// A Device (device.hpp) that holds what `state` says of the whole battery, in whole wire steps
/// towards zero; what it does not say, texts among it, reads zero. Writes are answered and change
/// nothing.
[[nodiscard]] Answer answer(const MapCodec& codec, const CodecOptions& options,
                            const BoardState& state, Bytes request, MutableBytes out) noexcept;

/// The BoardAnswer of a protocol.
template <const MapCodec& (*codec)() noexcept>
Answer answer_of(const CodecOptions& options, const BoardState& state, Bytes request,
                 MutableBytes out) noexcept {
  return answer(codec(), options, state, request, out);
}

}  // namespace ems::protocol::register_map
