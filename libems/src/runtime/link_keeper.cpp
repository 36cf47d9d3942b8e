// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/link_keeper.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ems::runtime {
namespace {

constexpr std::array kReopenWaits = {seconds(1), seconds(5), seconds(15), seconds(60)};

}  // namespace

std::chrono::microseconds wait_of(Duration duration) noexcept {
  return std::chrono::microseconds(std::max<std::int64_t>(duration.count(), 0));
}

LinkKeeper::LinkKeeper(const DriverWiring& wiring, AssetId asset, std::function<void()> open)
    : wiring_(wiring), asset_(asset), open_(std::move(open)), reopen_(wiring.executor) {}

void LinkKeeper::start(std::string_view link_name) {
  link_name_ = link_name;
  running_ = true;
  open_();
}

void LinkKeeper::stop() {
  running_ = false;
  reopen_.cancel();
}

bool LinkKeeper::opened(const io::LinkError* error) {
  if (!running_) return false;
  if (error == nullptr) {
    failures_ = 0;
    error_.clear();
    return true;
  }
  if (error_ != error->message) {  // Once per cause, not once per attempt.
    wiring_.log.warn("event=link_open_failed asset={} link={} error=\"{}\"", to_name(asset_).view(),
                     link_name_, error->message);
  }
  error_ = error->message;
  open_later();
  return false;
}

void LinkKeeper::lost(const io::LinkError& error) {
  error_ = error.message;
  wiring_.log.warn("event=link_lost asset={} link={} error=\"{}\"", to_name(asset_).view(),
                   link_name_, error.message);
  open_later();
}

void LinkKeeper::open_later() {
  if (!running_) return;
  const Duration wait = kReopenWaits[std::min(failures_, kReopenWaits.size() - 1)];
  ++failures_;
  reopen_.expires_after(wait_of(wait));
  reopen_.async_wait([this](const std::error_code& error) {
    if (!error && running_) open_();
  });
}

void LinkKeeper::report(protocol::LinkHealth health, const std::optional<Error>& last_error) {
  if (health == reported_) return;
  reported_ = health;
  wiring_.log.info("event=device_health asset={} health={} last_error={}", to_name(asset_).view(),
                   protocol::to_string(health), last_error ? to_string(last_error->code) : "none");
}

}  // namespace ems::runtime
