// SPDX-License-Identifier: Apache-2.0
/// @file Frames to JSON for people: what `emsctl decode` and Python print. Names and units are
/// those of the catalogue's SI faces; every number is exact.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/can_frame.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::io {

/// Decodes one exchange into a JSON object: `{"pack_voltage_v": 15.6, "alarms": [], ...}`.
///
/// Element signals are lists (`cell_voltages_v`; null is a missing sensor); alarms are lists of
/// names, the vendor's own as `vendor:<name>`; `vendor` holds what only the vendor defines. A field
/// that is absent is unknown.
///
/// @param protocol  Name of a codec: `jbd`.
/// @param request   Empty when it is not known.
/// @param reply     Empty with a request: the request itself is decoded. A reply that arrived empty
///                  is `decode_reply_to_json`'s business.
/// @param options   What the frames alone cannot tell: PollCodec::with().
/// @return          One line of JSON.
/// @errors          unknown_protocol; invalid_argument (a protocol of CAN frames); those of
///                  PollCodec::with(); header truncated length tail checksum device_error ... with
///                  offset = first wrong byte of the reply (or of the request decoded).
/// @thread_safety   Pure function.
/// @source          names: ems/model/signals.def and alarms.def; tests/vectors/bms_serial_jbd.json.
[[nodiscard]] Result<std::string> decode_to_json(std::string_view protocol, Bytes request,
                                                 Bytes reply,
                                                 const protocol::CodecOptions& options = {});

/// Like decode_to_json(), but an empty `reply` is a reply of no bytes: `truncated`.
[[nodiscard]] Result<std::string> decode_reply_to_json(std::string_view protocol, Bytes request,
                                                       Bytes reply,
                                                       const protocol::CodecOptions& options = {});

/// The same with a codec that is at hand.
///
/// @errors  As above, without unknown_protocol.
/// @thread_safety Pure functions.
[[nodiscard]] Result<std::string> decode_to_json(const protocol::PollCodec& codec, Bytes request,
                                                 Bytes reply);
[[nodiscard]] Result<std::string> decode_reply_to_json(const protocol::PollCodec& codec,
                                                       Bytes request, Bytes reply);

/// Decodes the frames of one battery on CAN, in their order, into one JSON object of the form of
/// decode_to_json(). Where frames repeat, the newest value stands.
///
/// @param protocol  Name of a CAN codec: `pylontech-lv-can`.
/// @param frames    Frames of other nodes are skipped.
/// @param options   What the frames alone cannot tell: CanCodec::with().
/// @errors          unknown_protocol; invalid_argument (a protocol of requests and replies); those
///                  of CanCodec::with(); header (no frame is of this protocol); length out_of_range
///                  of the first frame that is refused, offset = its first wrong byte.
/// @thread_safety   Pure function.
[[nodiscard]] Result<std::string> decode_can_to_json(std::string_view protocol,
                                                     std::span<const protocol::CanFrame> frames,
                                                     const protocol::CodecOptions& options = {});

/// Decodes a recording (can_recording.hpp): `{"values": {...}, "frames": {"decoded": 6, "ignored":
/// 0, "refused": 0, "refused_lines": 0}}`. Refused frames and lines are counted, not fatal.
///
/// @errors          As decode_can_to_json() and read_can_recording().
/// @thread_safety   Any thread.
[[nodiscard]] Result<std::string> decode_recording_to_json(
    std::string_view protocol, const std::filesystem::path& file,
    const protocol::CodecOptions& options = {});

/// The same with a codec that is at hand: one that files describe (dbc.hpp).
///
/// @errors  As above, without unknown_protocol.
/// @thread_safety As above.
[[nodiscard]] Result<std::string> decode_can_to_json(const protocol::CanCodec& codec,
                                                     std::span<const protocol::CanFrame> frames);
[[nodiscard]] Result<std::string> decode_recording_to_json(const protocol::CanCodec& codec,
                                                           const std::filesystem::path& file);

/// `{"error": {"code": "checksum", "offset": 36, "message": "..."}}`, one line.
/// @thread_safety Pure function.
[[nodiscard]] std::string error_to_json(const Error& error);

/// Runs a file of vectors: what `emsctl decode --vectors FILE` prints.
///
/// A vector has `request_hex` and `response_hex` (with the codec's options in `options` or
/// `context`: `variant`, `address`, `cell_count`, `temperature_count`), or `frames` on a CAN bus
/// (with the same options), or (protocols `candump-log` and `candump-console`) `wire_text` and
/// `reject`.
///
/// @return        A JSON array, one element per vector and line: `id` and either `values` or
///                `error` {code, offset, message}.
/// @errors        io      the file cannot be read.
///                syntax  it is not JSON, or not an array of objects; offset = the byte.
/// @thread_safety Any thread.
[[nodiscard]] Result<std::string> run_vectors(const std::filesystem::path& file);

}  // namespace ems::io
