// SPDX-License-Identifier: Apache-2.0
/// @file The battery's side of a Map: registers in memory that answer like a board. For simulators
/// and tests.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::register_map {

/// A board that speaks one protocol at the codec's address and in its variant. What was never set
/// reads zero where the map has a block; elsewhere the board answers exception 2.
///
/// @memory        About 6 KB, inline; never allocates.
/// @thread_safety Not synchronised.
class Device {
 public:
  static constexpr std::size_t kWords = 1'024;  ///< Registers that can differ from zero.

  /// @param codec  Copied.
  explicit Device(const MapCodec& codec) noexcept : codec_(codec) {}

  /// Puts a value wherever the map has it, in whole wire steps (towards zero).
  ///
  /// @param value    Catalogue unit, libems sign; alarms and warnings: bits of alarms.def.
  /// @param element  0 for scalars; elements count from 1.
  /// @return         false: no row has it, or the registers cannot hold it; nothing changed then.
  [[nodiscard]] bool set(Signal signal, std::int64_t value, std::uint16_t element = 0) noexcept;
  /// Says how many cells (Signal::cell_voltage) or sensors (Signal::temperature) there are.
  /// @return false: the map has no register for it.
  [[nodiscard]] bool set_count(Signal signal, std::uint8_t count) noexcept;
  /// Sets one register, or eight coils from `at`. @return false: no room is left.
  [[nodiscard]] bool set_raw(bool coils, std::uint16_t at, std::uint16_t value) noexcept;
  /// What a register, or eight coils, hold. @return 0 where nothing was set.
  [[nodiscard]] std::uint16_t raw(bool coils, std::uint16_t at) const noexcept;

  /// Answers one whole request. Writes of FC 6 and 16 set registers.
  ///
  /// @param out  At least 256 bytes.
  /// @return     Bytes of the answer; 0: none, because it is damaged or for another address.
  [[nodiscard]] std::size_t answer(Bytes request, MutableBytes out) noexcept;

 private:
  struct Word {
    std::uint16_t at = 0;
    std::uint16_t value = 0;
    bool coils = false;
  };

  [[nodiscard]] bool write_field(bool coils, const Field& field, std::int64_t value,
                                 std::uint16_t element) noexcept;
  [[nodiscard]] bool write_number(bool coils, std::uint16_t at, Wire wire, std::size_t element,
                                  std::uint32_t raw) noexcept;
  [[nodiscard]] bool write_byte(bool coils, std::uint16_t at, std::size_t skip,
                                std::uint8_t byte) noexcept;
  [[nodiscard]] std::uint8_t read_byte(bool coils, std::uint16_t at,
                                       std::size_t skip) const noexcept;
  [[nodiscard]] bool write_alarms(Signal signal, std::uint64_t alarms) noexcept;
  [[nodiscard]] bool readable(bool coils, std::uint16_t at, std::size_t bytes) const noexcept;

  MapCodec codec_;
  StaticVector<Word, kWords> words_{};
};

}  // namespace ems::protocol::register_map
