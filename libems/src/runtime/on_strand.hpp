// SPDX-License-Identifier: Apache-2.0
/// @file How calls of interfaces cross to the site's strand.
#pragma once

#include <asio/post.hpp>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "ems/runtime/site.hpp"

namespace ems::runtime {

/// An interface waits at most this long for the strand.
inline constexpr std::chrono::seconds kStrandTimeout{1};

template <class F>
auto Site::on_strand(F job, bool even_if_late) -> std::invoke_result_t<F> {
  using R = std::invoke_result_t<F>;
  struct Call {
    std::promise<R> promise;
    std::atomic<bool> abandoned{false};
  };
  auto call = std::make_shared<Call>();
  std::future<R> answer = call->promise.get_future();
  asio::post(strand_, [call, even_if_late, job = std::move(job)]() mutable {
    // Who was told `timeout` must not find the command in force later; a stop is another matter.
    if (call->abandoned.exchange(true) && !even_if_late) return;
    call->promise.set_value(job());
  });
  if (answer.wait_for(kStrandTimeout) != std::future_status::ready) {
    const bool begun = call->abandoned.exchange(true);
    if (!begun || even_if_late) {
      return fail(Errc::timeout, 0, "the control strand does not answer");
    }
  }
  return answer.get();
}

}  // namespace ems::runtime
