// SPDX-License-Identifier: Apache-2.0
#include "readings.hpp"

namespace ems::capi {

ReadingsSink::ReadingsSink(ems_readings_t& readings) noexcept : readings_(readings) {
  readings_.dropped = 0;
  readings_.value_count = 0;
  readings_.text_count = 0;
  readings_.vendor_value_count = 0;
  readings_.element_count_count = 0;
  readings_.acknowledged = 0;
}

template <class T>
void ReadingsSink::add(T* items, std::uint32_t capacity, std::uint32_t& count,
                       const T& item) noexcept {
  if (items == nullptr) return;  // Not wanted.
  if (count < capacity) {
    items[count++] = item;
  } else {
    ++readings_.dropped;
  }
}

void ReadingsSink::reading(const Reading& reading) {
  ems_value_t value{};
  value.value = reading.value;
  value.signal = static_cast<std::uint16_t>(reading.signal);
  value.element = reading.element;
  value.module = reading.module;
  value.quality = static_cast<std::uint8_t>(reading.quality);
  add(readings_.values, readings_.value_capacity, readings_.value_count, value);
}

void ReadingsSink::text(TextField field, std::string_view text, std::uint8_t module) {
  ems_text_t item{};
  item.field = static_cast<std::uint8_t>(field);
  item.module = module;
  item.truncated = copy_text(text, item.text, sizeof item.text) ? 0 : 1;
  add(readings_.texts, readings_.text_capacity, readings_.text_count, item);
}

void ReadingsSink::element_count(Signal signal, std::uint16_t count, std::uint8_t module) {
  ems_element_count_t item{};
  item.signal = static_cast<std::uint16_t>(signal);
  item.count = count;
  item.module = module;
  add(readings_.element_counts, readings_.element_count_capacity, readings_.element_count_count,
      item);
}

void ReadingsSink::vendor_value(std::string_view name, std::int64_t value) {
  add(readings_.vendor_values, readings_.vendor_value_capacity, readings_.vendor_value_count,
      ems_vendor_value_t{name.data(), value});  // Static text: a string literal.
}

ems_status_t ReadingsSink::status() const noexcept {
  if (readings_.dropped == 0) return EMS_OK;
  return failed(EMS_E_RESOURCE_EXHAUSTED, "an array of the readings is too small");
}

}  // namespace ems::capi
