// SPDX-License-Identifier: Apache-2.0
/// @file What clients share: one call at a time, with a deadline, cancellable, its status kept.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "rpc/status.hpp"

namespace ems::rpc {

/// @thread_safety One thread at a time, except cancel().
class Caller {
 public:
  /// @param check_peer  After a successful call: is the peer who it should be?
  Caller(Duration timeout, std::function<Result<void>(grpc::ClientContext&)> check_peer)
      : timeout_(timeout), check_peer_(std::move(check_peer)) {}

  /// Runs `call(context)`, which returns a grpc::Status, with the deadline.
  template <class F>
  Result<void> once(F&& call) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::microseconds{timeout_.count()});
    const Registered registered{*this, context};
    return finish(context, call(context), false);
  }

  /// Reads the stream that `open(context)` returns until it ends or `take(response)` is false.
  template <class Response, class Open, class Take>
  Result<void> stream(Open&& open, Take&& take) {
    grpc::ClientContext context;
    const Registered registered{*this, context};
    const auto reader = open(context);
    Response response;
    bool enough = false;
    while (!enough && reader->Read(&response)) {
      if (const auto peer = check_peer_(context); !peer) {
        context.TryCancel();
        (void)reader->Finish();  // The peer's word does not count.
        detail_ = peer.error().what;
        return peer;
      }
      enough = !take(response);
    }
    if (enough) context.TryCancel();
    return finish(context, reader->Finish(), enough);
  }

  void cancel() {
    const std::scoped_lock lock{mutex_};
    if (context_ != nullptr) context_->TryCancel();
  }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }

  /// Keeps an error found in an answer.
  Failure bad_answer(const Error& error) {
    detail_ = std::string{"the answer is malformed: "} + error.what;
    return fail(error);
  }

 private:
  struct Registered {
    Registered(Caller& owner, grpc::ClientContext& context) : caller(owner) {
      const std::scoped_lock lock{caller.mutex_};
      caller.context_ = &context;
    }
    ~Registered() {
      const std::scoped_lock lock{caller.mutex_};
      caller.context_ = nullptr;
    }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;
    Caller& caller;
  };

  Result<void> finish(grpc::ClientContext& context, const grpc::Status& status, bool enough) {
    detail_.clear();
    if (!status.ok() && !enough) {
      detail_ = status.error_message();
      return fail(to_error(status));
    }
    if (enough) return {};
    const Result<void> peer = check_peer_(context);
    if (!peer) detail_ = peer.error().what;
    return peer;
  }

  const Duration timeout_;
  const std::function<Result<void>(grpc::ClientContext&)> check_peer_;
  std::mutex mutex_;
  grpc::ClientContext* context_ = nullptr;
  std::string detail_;
};

}  // namespace ems::rpc
