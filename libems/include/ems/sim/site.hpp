// SPDX-License-Identifier: Apache-2.0
/// @file A whole simulated site: the plant, its devices, and the faults between them and whoever
/// reads them. Bytes in, bytes out; `emsctl sim` and the tests put it on links.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/sim/board_server.hpp"
#include "ems/sim/fault.hpp"
#include "ems/sim/jbd_server.hpp"
#include "ems/sim/modbus_server.hpp"
#include "ems/sim/plant.hpp"
#include "ems/sim/replay_server.hpp"
#include "ems/sim/sdm630_server.hpp"
#include "ems/sim/sunspec_server.hpp"

namespace ems::sim {

struct SiteConfig {
  PlantConfig plant;
  std::uint64_t seed = 1;
  std::uint8_t meter_unit = 1;     ///< Meter at the PCC.
  std::uint8_t pv_meter_unit = 2;  ///< Meter of the PV feeder, on the same line; + is production.
  std::uint8_t pcs_unit = 1;
  std::string battery_model = "LIBEMS-SIM";
  std::vector<Fault> faults;
};

/// Deterministic like Plant: the same configuration and calls give the same bytes.
///
/// @thread_safety None; one thread. Not movable: its parts refer to each other.
class Site {
 public:
  explicit Site(const SiteConfig& config);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// Lets simulated time pass; faults begin and end on the way. @param dt  >= 0.
  void advance(Duration dt);

  /// Adds a fault; one that is due begins at once.
  /// @errors out_of_range  its cell does not exist; offset = the cell.
  Result<void> add_fault(const Fault& fault);
  /// Ends every fault, also those to come.
  void clear_faults();
  /// A fault of that kind is there now at that device.
  [[nodiscard]] const Fault* active(FaultKind kind, Device device) const;

  /// Lets the simulated BMS speak another protocol than JBD's.
  /// @errors  as BoardServer::make().
  Result<void> speak_battery(std::string_view name, const protocol::CodecOptions& options);
  /// Lets recorded bytes answer for the battery instead of the simulated BMS.
  void replay_battery(ReplayServer replay);
  [[nodiscard]] const std::optional<ReplayServer>& replay() const noexcept { return replay_; }

  [[nodiscard]] const PlantState& truth() const noexcept { return plant_.state(); }
  [[nodiscard]] Plant& plant() noexcept { return plant_; }
  [[nodiscard]] Instant now() const noexcept { return plant_.now(); }

  /// The protocol a device speaks.
  [[nodiscard]] FrameServer& server(Device device);
  /// What the faults make of an answer: late, or garbage; nothing where there was none.
  [[nodiscard]] std::optional<Reply> deliver(Device device, ByteVector answer);

 private:
  [[nodiscard]] PlantState measured(Device device) const;
  [[nodiscard]] PlantState measured_pv() const;
  void refresh_faults();

  Plant plant_;
  std::uint64_t seed_;
  std::vector<Fault> faults_;
  std::array<std::optional<PlantState>, kDevices.size()> frozen_;
  std::vector<std::optional<double>> cell_add_v_;  ///< Offset of each fault of faults_ once begun.
  std::uint64_t garbage_ = 0;
  std::string battery_model_;
  JbdServer jbd_;
  std::optional<BoardServer> board_;
  Sdm630Server meter_registers_;
  ModbusServer pcc_meter_;
  Sdm630Server pv_registers_;
  ModbusServer pv_meter_;
  ModbusLine meter_;
  SunSpecServer pcs_registers_;
  ModbusServer pcs_;
  std::optional<ReplayServer> replay_;
};

/// Protocols that the simulated battery can speak, `jbd` first. @thread_safety Pure function.
[[nodiscard]] std::vector<std::string_view> battery_protocols();

/// One conversation with a device of the site: a serial line, or one TCP connection.
///
/// @thread_safety None; the site's thread.
class Port {
 public:
  /// @param site  Must outlive the port.
  Port(Site& site, Device device) : site_(site), device_(device) {}

  /// Takes bytes as they come and answers every whole request in them. A request that is not
  /// complete waits for the rest, at most kPending bytes of it.
  [[nodiscard]] std::vector<Reply> receive(Bytes bytes);
  /// Forgets an incomplete request: the line was quiet too long for the rest to come.
  void idle() { pending_.clear(); }

 private:
  static constexpr std::size_t kPending = 1024;

  Site& site_;
  Device device_;
  ByteVector pending_;
};

/// Header line and one row of the truth log, with line ends.
/// @thread_safety Pure functions.
[[nodiscard]] std::string truth_csv_header();
[[nodiscard]] std::string truth_csv_row(const PlantState& truth);
/// The same values as one JSON object, without a line end.
[[nodiscard]] std::string truth_json(const PlantState& truth);

}  // namespace ems::sim
