// SPDX-License-Identifier: Apache-2.0
/// @file A ReadingSink that remembers everything it was given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ems/model/point.hpp"

namespace ems::test {

class RecordingSink final : public ReadingSink {
 public:
  void reading(const Reading& reading) override { readings.push_back(reading); }
  void missing(Signal signal, std::uint16_t element, std::uint8_t) override {
    missing_points.emplace_back(signal, element);
  }
  void element_count(Signal signal, std::uint16_t count, std::uint8_t) override {
    counts[signal] = count;
  }
  void text(TextField field, std::string_view text, std::uint8_t) override { texts[field] = text; }
  void acknowledged() override { ++acks; }
  void vendor_value(std::string_view name, std::int64_t value) override {
    vendor[std::string(name)] = value;
  }

  [[nodiscard]] std::optional<std::int64_t> value(Signal signal, std::uint16_t element = 0) const {
    std::optional<std::int64_t> newest;
    for (const Reading& reading : readings) {
      if (reading.signal == signal && reading.element == element) newest = reading.value;
    }
    return newest;
  }
  [[nodiscard]] bool empty() const {
    return readings.empty() && missing_points.empty() && counts.empty() && texts.empty() &&
           vendor.empty() && acks == 0;
  }

  std::vector<Reading> readings;
  std::vector<std::pair<Signal, std::uint16_t>> missing_points;
  std::map<Signal, int> counts;
  std::map<TextField, std::string> texts;
  std::map<std::string, std::int64_t> vendor;
  int acks = 0;
};

}  // namespace ems::test
