// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/bus_poller.hpp"

#include <algorithm>

namespace ems::protocol {
namespace {

/// Says which module the readings are of, where the codec does not.
class ModuleSink final : public ReadingSink {
 public:
  ModuleSink(ReadingSink& sink, std::uint8_t module) noexcept : sink_(sink), module_(module) {}

  void reading(const Reading& reading) override {
    Reading placed = reading;
    placed.module = place(reading.module);
    sink_.reading(placed);
  }
  void text(TextField field, std::string_view text, std::uint8_t module) override {
    sink_.text(field, text, place(module));
  }
  void acknowledged() override { sink_.acknowledged(); }
  void missing(Signal signal, std::uint16_t element, std::uint8_t module) override {
    sink_.missing(signal, element, place(module));
  }
  void element_count(Signal signal, std::uint16_t count, std::uint8_t module) override {
    sink_.element_count(signal, count, place(module));
  }
  void vendor_value(std::string_view name, std::int64_t value) override {
    sink_.vendor_value(name, value);
  }

 private:
  [[nodiscard]] std::uint8_t place(std::uint8_t module) const noexcept {
    return module == 0 ? module_ : module;
  }
  ReadingSink& sink_;
  std::uint8_t module_;
};

}  // namespace

BusPoller::BusPoller(std::span<Poller* const> devices) noexcept : devices_(devices) {
  EMS_ASSERT(!devices.empty() && devices.size() <= 0xFF);
}

void BusPoller::link_up(Instant now) noexcept {
  turn_ = devices_.size() - 1;  // The first is next.
  for (Poller* device : devices_) device->link_up(now);
}

void BusPoller::link_down(Instant now) noexcept {
  for (Poller* device : devices_) device->link_down(now);
}

PollerAction BusPoller::next(Instant now, MutableBytes out) noexcept {
  Poller& user = *devices_[turn_];
  if (user.awaiting()) {
    const PollerAction action = user.next(now, out);
    if (action.size > 0 || user.awaiting()) return action;
  }
  if (now < user.line_free_at()) return {.wake_at = user.line_free_at()};
  Instant wake_at{Duration::max()};
  for (std::size_t i = 1; i <= devices_.size(); ++i) {
    const std::size_t candidate = (turn_ + i) % devices_.size();
    const PollerAction action = devices_[candidate]->next(now, out);
    if (action.size > 0) {
      turn_ = candidate;
      return action;
    }
    wake_at = std::min(wake_at, action.wake_at);
  }
  return {.wake_at = wake_at};
}

void BusPoller::receive(Bytes bytes, Instant now, ReadingSink& sink) noexcept {
  if (devices_.size() == 1) return devices_[0]->receive(bytes, now, sink);
  ModuleSink placed(sink, static_cast<std::uint8_t>(turn_ + 1));
  devices_[turn_]->receive(bytes, now, placed);
}

LinkHealth BusPoller::health() const noexcept {
  std::size_t online = 0;
  for (const Poller* device : devices_) {
    if (device->health() == LinkHealth::offline) return LinkHealth::offline;
    if (device->health() == LinkHealth::online) ++online;
  }
  return online == devices_.size() ? LinkHealth::online : LinkHealth::recovering;
}

}  // namespace ems::protocol
