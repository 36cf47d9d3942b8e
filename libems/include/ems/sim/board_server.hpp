// SPDX-License-Identifier: Apache-2.0
/// @file A simulated battery behind any poll protocol that has a board (protocol/board.hpp, which
/// says how a protocol gets one).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ems/protocol/board.hpp"
#include "ems/sim/server.hpp"

namespace ems::sim {

/// What a battery's board knows of it: everything that the simulated battery has a value for.
///
/// @param model  Text of the device's model; its first 64 bytes.
/// @thread_safety Pure function.
[[nodiscard]] protocol::BoardState board_state_of(const BatteryState& battery,
                                                  const BatteryConfig& config,
                                                  std::string_view model);

/// Names of the protocols that BoardServer speaks.
/// @thread_safety Pure function.
[[nodiscard]] std::vector<std::string_view> board_protocols();

/// Silent to a damaged request and to one for another address, like the boards.
class BoardServer final : public FrameServer {
 public:
  /// @param options   Address and variant of the board; the counts are the battery's.
  /// @param plant     Takes the switch commands; outlives the server.
  /// @param measured  Gives the state to report.
  /// @errors          unknown_protocol  no protocol of that name. unimplemented  it has no board.
  ///                  invalid_argument out_of_range  as PollCodec::with().
  [[nodiscard]] static Result<BoardServer> make(std::string_view protocol,
                                                const protocol::CodecOptions& options, Plant& plant,
                                                Measured measured,
                                                std::string model = "LIBEMS-SIM");

  [[nodiscard]] protocol::FrameScan scan(Bytes received) const override;
  [[nodiscard]] ByteVector answer(Bytes request) override;

 private:
  BoardServer(const protocol::PollCodec& codec, protocol::BoardAnswer& board,
              const protocol::CodecOptions& options, Plant& plant, Measured measured,
              std::string model);

  const protocol::PollCodec* codec_;
  protocol::BoardAnswer* board_;
  protocol::CodecOptions options_;
  Plant* plant_;
  Measured measured_;
  std::string model_;
  bool charge_on_ = true;  ///< As was commanded last.
  bool discharge_on_ = true;
};

}  // namespace ems::sim
