// SPDX-License-Identifier: Apache-2.0
/// @file ems_readings_t as a ReadingSink.
#pragma once

#include "capi.hpp"

namespace ems::capi {

/// Fills the caller's arrays; what does not fit is counted.
class ReadingsSink final : public ReadingSink {
 public:
  /// @pre sized(&readings). Starts all counts from 0.
  explicit ReadingsSink(ems_readings_t& readings) noexcept;

  void reading(const Reading& reading) override;
  void text(TextField field, std::string_view text, std::uint8_t module) override;
  void acknowledged() override { readings_.acknowledged = 1; }
  void element_count(Signal signal, std::uint16_t count, std::uint8_t module) override;
  void vendor_value(std::string_view name, std::int64_t value) override;

  /// EMS_OK, or resource_exhausted when something was dropped.
  [[nodiscard]] ems_status_t status() const noexcept;

 private:
  template <class T>
  void add(T* items, std::uint32_t capacity, std::uint32_t& count, const T& item) noexcept;

  ems_readings_t& readings_;
};

}  // namespace ems::capi
