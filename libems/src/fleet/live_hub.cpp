// SPDX-License-Identifier: Apache-2.0
#include "ems/fleet/live_hub.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace ems::fleet {

struct LiveSubscription::Queue {
  Queue(LiveFilter wanted, std::size_t rows_max) : filter(std::move(wanted)), capacity(rows_max) {}

  [[nodiscard]] bool wants(const LiveRow& row) const {
    return row.tenant == filter.tenant && (!filter.agent || *filter.agent == row.agent) &&
           (!filter.stream || *filter.stream == row.stream);
  }

  const LiveFilter filter;
  const std::size_t capacity;  ///< Full: the oldest row goes and is counted.
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<const LiveRow>> rows;
  std::uint64_t dropped = 0;
  bool closed = false;
};

LiveSubscription::LiveSubscription(std::shared_ptr<Queue> queue) noexcept
    : queue_(std::move(queue)) {}
LiveSubscription::LiveSubscription(LiveSubscription&&) noexcept = default;
LiveSubscription& LiveSubscription::operator=(LiveSubscription&& other) noexcept {
  if (this != &other) {
    close();
    queue_ = std::move(other.queue_);
  }
  return *this;
}
LiveSubscription::~LiveSubscription() { close(); }

std::optional<LiveRow> LiveSubscription::pop(std::chrono::milliseconds timeout) {
  if (queue_ == nullptr) return std::nullopt;
  std::unique_lock lock(queue_->mutex);
  queue_->changed.wait_for(lock, timeout,
                           [this] { return queue_->closed || !queue_->rows.empty(); });
  if (queue_->closed || queue_->rows.empty()) return std::nullopt;
  const std::shared_ptr<const LiveRow> row = std::move(queue_->rows.front());
  queue_->rows.pop_front();
  lock.unlock();
  return *row;
}

std::uint64_t LiveSubscription::dropped() const noexcept {
  if (queue_ == nullptr) return 0;
  const std::lock_guard lock(queue_->mutex);
  return queue_->dropped;
}

void LiveSubscription::close() noexcept {
  if (queue_ == nullptr) return;
  const std::lock_guard lock(queue_->mutex);
  queue_->closed = true;
  queue_->rows.clear();
  queue_->changed.notify_all();
}

bool LiveSubscription::closed() const noexcept {
  if (queue_ == nullptr) return true;
  const std::lock_guard lock(queue_->mutex);
  return queue_->closed;
}

struct LiveHub::Impl {
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<LiveSubscription::Queue>> queues;
};

LiveHub::LiveHub() : impl_(std::make_unique<Impl>()) {}

LiveHub::~LiveHub() {
  const std::lock_guard lock(impl_->mutex);
  for (const auto& queue : impl_->queues) {
    const std::lock_guard of_queue(queue->mutex);
    queue->closed = true;
    queue->changed.notify_all();
  }
}

LiveSubscription LiveHub::subscribe(LiveFilter filter, std::size_t capacity) {
  auto queue = std::make_shared<LiveSubscription::Queue>(std::move(filter),
                                                         std::max<std::size_t>(capacity, 1));
  const std::lock_guard lock(impl_->mutex);
  impl_->queues.push_back(queue);
  return LiveSubscription{std::move(queue)};
}

void LiveHub::publish(LiveRow row) {
  const auto shared = std::make_shared<const LiveRow>(std::move(row));
  const std::lock_guard lock(impl_->mutex);
  std::erase_if(impl_->queues, [&shared](const auto& queue) {
    const std::lock_guard of_queue(queue->mutex);
    if (queue->closed) return true;
    if (!queue->wants(*shared)) return false;
    if (queue->rows.size() == queue->capacity) {
      queue->rows.pop_front();
      ++queue->dropped;
    }
    queue->rows.push_back(shared);
    queue->changed.notify_one();
    return false;
  });
}

std::size_t LiveHub::subscribers() const {
  const std::lock_guard lock(impl_->mutex);
  std::erase_if(impl_->queues, [](const auto& queue) {
    const std::lock_guard of_queue(queue->mutex);
    return queue->closed;
  });
  return impl_->queues.size();
}

}  // namespace ems::fleet
