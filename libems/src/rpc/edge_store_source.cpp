// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/edge_store_source.hpp"

#include <optional>

namespace ems::rpc {

namespace {

constexpr const char* kClosing = "the store is closing";

// Runs `call` on the store's thread and brings its result back.
template <class T, class F>
Result<T> on_store(const StoreExecutor& executor, F&& call) {
  std::optional<Result<T>> result;
  const bool done = executor([&](io::EdgeStore& store) { result.emplace(call(store)); });
  if (!done || !result) return fail(Errc::unavailable, 0, kClosing);
  return std::move(*result);
}

}  // namespace

Result<std::array<io::Mark, telemetry::kStreamCount>> EdgeStoreSource::marks() {
  using Marks = std::array<io::Mark, telemetry::kStreamCount>;
  return on_store<Marks>(executor_, [](io::EdgeStore& store) -> Result<Marks> {
    Marks marks;
    for (const telemetry::Stream stream : telemetry::kStreams) {
      marks[telemetry::index_of(stream)] = store.mark(stream);
    }
    return marks;
  });
}

Result<std::vector<io::StoredItem>> EdgeStoreSource::peek(telemetry::Stream stream,
                                                          telemetry::Sequence after,
                                                          std::size_t bytes_max) {
  return on_store<std::vector<io::StoredItem>>(
      executor_, [&](io::EdgeStore& store) { return store.peek(stream, after, bytes_max); });
}

Result<void> EdgeStoreSource::acknowledge(telemetry::Stream stream, const telemetry::Epoch& epoch,
                                          telemetry::Sequence up_to) {
  return on_store<void>(
      executor_, [&](io::EdgeStore& store) { return store.acknowledge(stream, epoch, up_to); });
}

Result<void> EdgeStoreSource::rewind(telemetry::Stream stream, const telemetry::Epoch& epoch,
                                     telemetry::Sequence mark) {
  return on_store<void>(executor_,
                        [&](io::EdgeStore& store) { return store.rewind(stream, epoch, mark); });
}

Result<telemetry::Epoch> EdgeStoreSource::open_new_epoch() {
  return on_store<telemetry::Epoch>(executor_, [&](io::EdgeStore& store) {
    Result<telemetry::Epoch> epoch = store.open_new_epoch();
    if (epoch && after_new_epoch_) after_new_epoch_(store);
    return epoch;
  });
}

}  // namespace ems::rpc
