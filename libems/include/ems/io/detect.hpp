// SPDX-License-Identifier: Apache-2.0
/// @file Find out which battery protocol a port speaks: protocol/detect.hpp on a real line,
/// protocol/can_detect.hpp on a real bus or on a recording.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/link/byte_link.hpp"
#include "ems/protocol/can_detect.hpp"
#include "ems/protocol/detect.hpp"

namespace ems::io {

/// A tty or pty by name, or a serial line behind TCP, whose rate nobody here can set.
using DetectPort = std::variant<std::string, TcpEndpoint>;

/// Both are called from within detect_serial(); both may be empty.
struct DetectWatch {
  std::function<void(const protocol::DetectTried&)> tried{};  ///< A candidate is done.
  /// Asked at least ten times a second: true ends it.
  std::function<bool()> cancelled{};
};

/// How it ended.
struct Detection {
  protocol::DetectVerdict verdict = protocol::DetectVerdict::running;  ///< `running`: cut short.
  bool cancelled = false;
  std::optional<LinkError> failed{};        ///< The port could not be opened, or was lost.
  std::vector<protocol::Detected> found{};  ///< So far, when cut short.
  protocol::DetectHeard heard{};
};

/// Settings as they are for this port: behind TCP the rate is what it is.
/// @thread_safety Pure function.
[[nodiscard]] protocol::DetectSettings settings_for(const DetectPort& port,
                                                    protocol::DetectSettings settings);

/// Asks until the verdict is there. The port is opened exclusively and closed in the end, also when
/// it is cancelled or fails.
///
/// @param settings  listen and settle >= 0, attempts > 0: a wrong one is a bug of the caller.
/// @thread_safety   Any thread; blocks for Detector::longest() at most.
[[nodiscard]] Detection detect_serial(const DetectPort& port,
                                      const protocol::DetectSettings& settings,
                                      const DetectWatch& watch = {});

/// How a live CAN bus is listened to. Nothing is ever sent.
struct CanListening {
  Duration listen = seconds(10);  ///< At each bit rate; > 0.
  /// Of an slcan bus whose endpoint states none; nullopt: those of the protocols, the most usual
  /// first, until a frame is heard.
  std::optional<std::uint32_t> bit_rate{};
  /// An slcan adapter is opened normally instead of listen-only: it acknowledges the frames of a
  /// battery that is alone on its bus. At a wrong bit rate that disturbs the bus, so the rate has
  /// to be said.
  bool acknowledge = false;
};

/// What a CAN bus speaks.
struct CanDetection {
  protocol::DetectVerdict verdict = protocol::DetectVerdict::nothing;
  std::vector<protocol::CanDetected> ranked{};  ///< Best first.
  std::size_t best = 0;                         ///< That many of them the verdict is about.
  std::uint32_t frames = 0;
  std::size_t identifiers = 0;
  std::uint64_t refused = 0;  ///< Lines or messages that hold no frame of classic CAN.
  std::optional<std::uint32_t> bit_rate{};  ///< That an slcan adapter was opened at, last.
  bool cancelled = false;                   ///< Of a live bus: cut short.
  std::optional<LinkError> failed{};        ///< Of a live bus: could not be opened, or was lost.
};

/// Weighs a recording.
/// @errors        As read_can_recording().
/// @thread_safety Any thread.
[[nodiscard]] Result<CanDetection> detect_recording(const std::filesystem::path& file);

/// Listens to a live bus. It is closed in the end, also when it is cancelled or fails.
///
/// @param bus        parse_can_endpoint() reads one. Another is `failed`, invalid_argument; so are
///                   acknowledge without a bit rate, and either where the bus is no adapter's.
/// @param cancelled  Asked at least ten times a second: true ends it; may be empty.
/// @thread_safety    Any thread; blocks for `listen` at each bit rate, and while the bus is opened.
[[nodiscard]] CanDetection detect_can(const BatteryLink& bus, const CanListening& listening,
                                      const std::function<bool()>& cancelled = {});

/// Bit rates that detect_can() listens at, in order; one 0: the bus has its own.
/// @thread_safety Pure function.
[[nodiscard]] std::vector<std::uint32_t> can_bit_rates(const BatteryLink& bus,
                                                       const CanListening& listening);

/// The lines of a site file that say this battery's protocol and port. Behind TCP, and for a
/// protocol that was only listened to, nothing is said of what is not known.
/// @thread_safety Pure function.
[[nodiscard]] std::string site_lines(const DetectPort& port, const protocol::Detected& detected);
/// The same of a live CAN bus. @pre the bus is one.
[[nodiscard]] std::string site_lines(const BatteryLink& bus, const CanDetection& detection,
                                     const protocol::CanDetected& detected);

/// One JSON object: `verdict`, `found` (protocol, variant, variants, address, bit_rate, asked,
/// answered, adds_up), `heard` (unasked_bytes, bytes, and candidates by outcome).
/// @thread_safety Pure functions.
[[nodiscard]] std::string to_json(const Detection& detection);
/// `verdict`, `found` and `others` (protocol, bit_rate, messages, refused, telling), `heard`
/// (frames, identifiers, refused).
[[nodiscard]] std::string to_json(const CanDetection& detection);

}  // namespace ems::io
