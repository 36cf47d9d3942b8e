// SPDX-License-Identifier: Apache-2.0
/// @file A CAN bus: what ByteLink is to a byte stream.
#pragma once

#include <asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/io/link/byte_link.hpp"
#include "ems/protocol/can_frame.hpp"

namespace ems::io {

struct CanLinkCounters {
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t refused = 0;     ///< What arrived and is no frame of classic CAN.
  std::uint64_t unsent = 0;      ///< Frames that the adapter refused after write() took them.
  std::uint64_t lost = 0;        ///< Datagrams that went missing or came too late to be believed.
  std::uint64_t opens = 0;       ///< Successful opens.
  std::uint64_t failures = 0;    ///< Failed opens and lost links.
  std::uint64_t unrecorded = 0;  ///< Frames that a recording of the bus lacks: can_recorder.hpp.
};

/// One bus. It does not reconnect: whoever owns it opens it again, at its own pace.
///
/// @thread_safety Call from the executor it was made with (a strand); every callback arrives there.
///                After the destructor, or close(), no callback is made.
class CanLink {
 public:
  /// success, or why not. Called once per open().
  using OpenHandler = std::function<void(const LinkError* error)>;
  /// A valid frame, borrowed for the call.
  using ReceiveHandler = std::function<void(const protocol::CanFrame&)>;
  /// The bus was lost after a successful open; the link is closed now. Called once per open.
  using DownHandler = std::function<void(const LinkError&)>;

  virtual ~CanLink() = default;

  /// Set before open().
  virtual void on_receive(ReceiveHandler handler) = 0;
  virtual void on_down(DownHandler handler) = 0;

  /// Opens; the handler is called later, never from within. While open or opening:
  /// failed_precondition through the handler.
  /// @errors As the function that made the link says.
  virtual void open(OpenHandler handler) = 0;
  /// Closes at once. May be opened again.
  virtual void close() = 0;
  [[nodiscard]] virtual bool is_open() const = 0;

  /// Sends a frame.
  /// @errors unavailable         not open.
  ///         out_of_range        the frame is not valid().
  ///         resource_exhausted  the adapter takes no more for now.
  ///         unimplemented       a remote frame, where the link has none.
  [[nodiscard]] virtual Result<void> write(const protocol::CanFrame& frame) = 0;

  /// `candump:battery.log`.
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual CanLinkCounters counters() const = 0;
};

struct CandumpOptions {
  std::filesystem::path file;
  bool repeat = false;             ///< Start again at the end, after a second.
  Duration gap_max = seconds(60);  ///< A longer silence of the recording is cut to this; > 0.
};

/// Replays a recording (can_recording.hpp) in its own time. There is nobody to send to: frames
/// written are counted and gone. At the end the link goes down, `unavailable`, "the recording has
/// ended", and cannot be opened again: old values do not come to life a second time.
///
/// open(): as read_can_recording(), and failed_precondition once the recording has ended.
/// @memory Holds the recording while open; a thread of its own reads it.
[[nodiscard]] std::unique_ptr<CanLink> make_candump_link(asio::any_io_executor executor,
                                                         CandumpOptions options);

}  // namespace ems::io
