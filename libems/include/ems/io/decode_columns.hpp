// SPDX-License-Identifier: Apache-2.0
/// @file Many frames of one protocol into one column per signal: what numpy, the benchmarks and
/// Arrow take. The codec is the one that decodes single frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/codec.hpp"

namespace ems::io {

/// One signal of one module over all frames, in rows: element e of frame f is at f * width + e - 1.
struct FrameColumn {
  Signal signal{};
  std::uint8_t module = 0;           ///< 0: the whole device.
  std::size_t width = 1;             ///< Scalars: 1; else the most elements that any frame has.
  std::vector<std::int64_t> values;  ///< Catalogue unit; 0 where not valid.
  std::vector<std::uint8_t> valid;   ///< 1: the frame gave it.
};

/// A table: every vector has one entry per frame, columns `width` of them.
struct DecodedFrames {
  std::vector<std::uint16_t> errors;   ///< Number of the Errc; 0: decoded.
  std::vector<std::uint16_t> offsets;  ///< Error::offset; 0 where decoded.
  std::vector<FrameColumn> columns;    ///< By module, then by the signal's number.
};

/// Decodes every frame by itself; a frame that fails leaves its row empty and its error there.
///
/// Texts, acknowledgements and what only the vendor defines are left out: decode_to_json() has
/// them.
///
/// @param protocol  Name of a codec: `jbd`.
/// @param request   The request that every frame answers; empty when it is not known.
/// @param frames    One frame each, as received; borrowed for the call.
/// @param options   What the frames alone cannot tell: PollCodec::with().
/// @errors          unknown_protocol  no codec of that name.
///                  invalid_argument  a protocol of CAN frames.
///                  Those of PollCodec::with().
/// @thread_safety   Pure function.
/// @memory          9 bytes per value; nothing else grows with the frames.
[[nodiscard]] Result<DecodedFrames> decode_columns(std::string_view protocol, Bytes request,
                                                   std::span<const Bytes> frames,
                                                   const protocol::CodecOptions& options = {});

}  // namespace ems::io
