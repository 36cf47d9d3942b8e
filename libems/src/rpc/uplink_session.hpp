// SPDX-License-Identifier: Apache-2.0
/// @file One connection of the uplink client: from the first byte to the end of the stream.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>
#include <spdlog/logger.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ems/fleet/fleet_store.hpp"
#include "ems/rpc/uplink_client.hpp"
#include "ems/v1/uplink.grpc.pb.h"
#include "rpc/send_window.hpp"

namespace ems::rpc {

/// Command steps that wait to be reported; beyond, the server asks again after a reconnect.
inline constexpr std::size_t kStepsMax = 1024;

/// What connections share; guarded by `mutex` except where said.
struct UplinkShared {
  UplinkShared(UplinkOptions o, runtime::UplinkSource& s, CommandHandler h, const Clock& c,
               spdlog::logger& l)
      : options(std::move(o)), source(s), handler(std::move(h)), clock(c), logger(l) {}

  const UplinkOptions options;    // Never changes.
  runtime::UplinkSource& source;  // The uplink's thread only.
  const CommandHandler handler;   // The uplink's thread; of a stop, the reading one.
  const Clock& clock;
  spdlog::logger& logger;
  fleet::Id128 instance{};  // Set before the thread starts.

  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool notified = false;
  std::optional<LiveValues> live;
  grpc::ClientContext* context = nullptr;  ///< Of the stream that is open, to cancel it.
  runtime::UplinkState state = runtime::UplinkState::connecting;
  std::string last_error;
  std::optional<Instant> last_ack_at;
  UplinkCounters counters;
  /// Rows that were sent at least once, in `sent_epoch`; the uplink's thread only.
  std::array<telemetry::Sequence, telemetry::kStreamCount> sent_before{};
  telemetry::Epoch sent_epoch{};
  std::deque<CommandStep> steps;  ///< To report; guarded by mutex.
};

/// Runs one connection on the calling thread, with one more thread that reads.
class UplinkSession {
 public:
  explicit UplinkSession(UplinkShared& shared)
      : shared_(shared), window_(shared.options.window_bytes) {}

  /// Connects, sends until the connection ends or the client stops.
  ///
  /// @return Why it ended; empty: the client stops.
  [[nodiscard]] std::string run();
  /// True when the server acknowledged something: the next wait is short.
  [[nodiscard]] bool progressed() const noexcept { return progressed_; }

 private:
  using Marks = std::array<io::Mark, telemetry::kStreamCount>;
  struct Sent {
    telemetry::Sequence last;
    std::size_t bytes;
    Instant at;
  };
  struct Inbox {  ///< Written by the reading thread; guarded by shared_.mutex.
    std::optional<v1::Welcome> welcome;
    std::array<std::optional<v1::Ack>, telemetry::kStreamCount> acks;
    std::deque<std::pair<v1::Command, Instant>> commands;
    std::string error;
    bool ended = false;
  };

  void read_all(std::string hello);
  void take(v1::ConnectResponse& response);
  [[nodiscard]] Result<std::string> hello();
  [[nodiscard]] std::string talk();
  [[nodiscard]] std::string welcome(const v1::Welcome& welcome);
  /// True when the server has rows of this epoch that this store does not, or has others instead.
  [[nodiscard]] Result<bool> rolled_back(telemetry::Stream stream, const v1::StreamMark& mark);
  [[nodiscard]] Result<void> resume(telemetry::Stream stream, telemetry::Sequence server_mark);
  [[nodiscard]] Result<void> begin_epoch();
  [[nodiscard]] std::string step();
  [[nodiscard]] Result<void> acknowledged(const v1::Ack& ack);
  [[nodiscard]] bool report(const CommandStep& step);
  [[nodiscard]] CommandStep perform(const v1::Command& command, Instant received);
  [[nodiscard]] bool publish(const LiveValues& values);
  /// Sends one batch of each stream that the window has room for.
  [[nodiscard]] Result<bool> pump();
  [[nodiscard]] Result<bool> pump(telemetry::Stream stream);
  [[nodiscard]] bool send(telemetry::Stream stream, const std::vector<io::StoredItem>& items);
  [[nodiscard]] bool write(const v1::ConnectRequest& request);
  void count(std::uint64_t UplinkCounters::*counter, std::uint64_t n = 1);

  UplinkShared& shared_;
  std::unique_ptr<v1::UplinkService::Stub> stub_;
  grpc::ClientContext context_;
  // Made by the reading thread, used by ours once Welcome is in the inbox.
  std::unique_ptr<grpc::ClientReaderWriter<v1::ConnectRequest, v1::ConnectResponse>> stream_;
  Inbox inbox_;
  Marks marks_{};
  std::array<telemetry::Sequence, telemetry::kStreamCount> sent_up_to_{};
  std::array<std::deque<Sent>, telemetry::kStreamCount> in_flight_;
  std::size_t in_flight_bytes_ = 0;
  SendWindow window_;
  int damaged_ = 0;  ///< Looks in a row that found damage.
  bool progressed_ = false;
};

}  // namespace ems::rpc
