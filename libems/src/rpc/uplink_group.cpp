// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/uplink_group.hpp"

#include <algorithm>
#include <utility>

#include "ems/core/assert.hpp"

namespace ems::rpc {

using runtime::UplinkState;
using runtime::UplinkView;
using Marks = std::array<io::Mark, telemetry::kStreamCount>;

/// The store as one server's uplink sees it. Everything under the lock of all shares.
class SharedSource::Share final : public runtime::UplinkSource {
 public:
  explicit Share(SharedSource& all) : all_(all) {}

  Result<Marks> marks() override {
    const std::scoped_lock lock{all_.mutex_};
    Result<Marks> marks = all_.source_.marks();
    if (!marks) return marks;
    epoch_ = (*marks)[0].epoch;
    for (const telemetry::Stream stream : telemetry::kStreams) {
      io::Mark& mark = (*marks)[telemetry::index_of(stream)];
      mark.acknowledged = std::max(mark.acknowledged, known(epoch_, stream));
    }
    return marks;
  }

  Result<std::vector<io::StoredItem>> peek(telemetry::Stream stream, telemetry::Sequence after,
                                           std::size_t bytes_max) override {
    const std::scoped_lock lock{all_.mutex_};
    auto items = all_.source_.peek(stream, after, bytes_max);
    if (items && !items->empty() && items->front().epoch != epoch_) {
      return fail(Errc::aborted, 0, "another server's uplink opened a new epoch");
    }
    return items;
  }

  Result<void> acknowledge(telemetry::Stream stream, const telemetry::Epoch& epoch,
                           telemetry::Sequence up_to) override {
    const std::scoped_lock lock{all_.mutex_};
    if (alone()) return all_.source_.acknowledge(stream, epoch, up_to);
    set(epoch, stream, std::max(up_to, known(epoch, stream)));
    telemetry::Sequence every = up_to;
    for (const auto& share : all_.shares_) {
      every = std::min(every, share->known(epoch, stream));
    }
    // Beyond the store's end it has to be told whatever others have: it was rolled back.
    const Result<Marks> marks = all_.source_.marks();
    if (!marks) return fail(marks.error());
    const io::Mark& mark = (*marks)[telemetry::index_of(stream)];
    if (mark.epoch != epoch || up_to > mark.last) {
      return all_.source_.acknowledge(stream, epoch, up_to);
    }
    if (every <= mark.acknowledged) return {};
    return all_.source_.acknowledge(stream, epoch, every);
  }

  Result<void> rewind(telemetry::Stream stream, const telemetry::Epoch& epoch,
                      telemetry::Sequence mark) override {
    const std::scoped_lock lock{all_.mutex_};
    if (alone()) return all_.source_.rewind(stream, epoch, mark);
    set(epoch, stream, mark);
    const Result<Marks> marks = all_.source_.marks();
    if (!marks) return fail(marks.error());
    if (mark >= (*marks)[telemetry::index_of(stream)].acknowledged) return {};
    return all_.source_.rewind(stream, epoch, mark);
  }

  Result<telemetry::Epoch> open_new_epoch() override {
    const std::scoped_lock lock{all_.mutex_};
    const Result<Marks> marks = all_.source_.marks();
    if (!marks) return fail(marks.error());
    // Another uplink was first: one roll-back, one new epoch.
    if ((*marks)[0].epoch != epoch_) return (*marks)[0].epoch;
    return all_.source_.open_new_epoch();
  }

 private:
  [[nodiscard]] bool alone() const noexcept { return all_.shares_.size() == 1; }
  /// What this server has of an epoch, as far as it told us since the start.
  [[nodiscard]] telemetry::Sequence known(const telemetry::Epoch& epoch,
                                          telemetry::Stream stream) const {
    return known_epoch_ == epoch ? known_[telemetry::index_of(stream)] : 0;
  }
  void set(const telemetry::Epoch& epoch, telemetry::Stream stream, telemetry::Sequence mark) {
    if (known_epoch_ != epoch) {
      known_epoch_ = epoch;
      known_ = {};
    }
    known_[telemetry::index_of(stream)] = mark;
  }

  SharedSource& all_;
  telemetry::Epoch epoch_{};  ///< Of the connection under way.
  telemetry::Epoch known_epoch_{};
  std::array<telemetry::Sequence, telemetry::kStreamCount> known_{};
};

SharedSource::SharedSource(runtime::UplinkSource& source, std::size_t servers) : source_(source) {
  EMS_ASSERT(servers > 0);
  for (std::size_t i = 0; i < servers; ++i) shares_.push_back(std::make_unique<Share>(*this));
}
SharedSource::~SharedSource() = default;

runtime::UplinkSource& SharedSource::at(std::size_t server) noexcept { return *shares_[server]; }

/// One server: its client, and the commands it gave.
struct UplinkGroup::Lane {
  static constexpr std::size_t kCommandsKept = 256;

  Lane(const UplinkOptions& options, runtime::UplinkSource& source, const CommandHandler& handler,
       const Clock& clock, const RandomSource& random, spdlog::logger& logger)
      : client(
            options, source,
            [this, handler](const RemoteCommand& command) {
              {
                const std::scoped_lock lock{mutex};
                if (std::ranges::find(commands, command.id) == commands.end()) {
                  commands.push_back(command.id);
                  if (commands.size() > kCommandsKept) commands.pop_front();
                }
              }
              return handler(command);
            },
            clock, random, logger) {}

  [[nodiscard]] bool gave(const std::string& id) {
    const std::scoped_lock lock{mutex};
    return std::ranges::find(commands, id) != commands.end();
  }

  std::mutex mutex;
  std::deque<std::string> commands;
  UplinkClient client;  // Last: its threads use what is above.
};

UplinkGroup::UplinkGroup(const std::vector<UplinkOptions>& servers, runtime::UplinkSource& source,
                         const CommandHandler& handler, const Clock& clock,
                         const RandomSource& random, spdlog::logger& logger)
    : shared_(source, servers.size()) {
  for (std::size_t i = 0; i < servers.size(); ++i) {
    lanes_.push_back(
        std::make_unique<Lane>(servers[i], shared_.at(i), handler, clock, random, logger));
  }
}
UplinkGroup::~UplinkGroup() { stop(); }

void UplinkGroup::start() {
  for (const auto& lane : lanes_) lane->client.start();
}
void UplinkGroup::stop() {
  for (const auto& lane : lanes_) lane->client.stop();
}
void UplinkGroup::notify() {
  for (const auto& lane : lanes_) lane->client.notify();
}
void UplinkGroup::publish(const LiveValues& values) {
  for (const auto& lane : lanes_) lane->client.publish(values);
}
void UplinkGroup::report(const CommandStep& step) {
  for (const auto& lane : lanes_) {
    if (lane->gave(step.id)) lane->client.report(step);
  }
}

std::vector<UplinkView> UplinkGroup::views() const {
  std::vector<UplinkView> views;
  for (const auto& lane : lanes_) views.push_back(lane->client.view());
  return views;
}

UplinkView UplinkGroup::view() const {
  const std::vector<UplinkView> views = this->views();
  const auto online = [](const UplinkView& view) { return view.state == UplinkState::online; };
  const auto away = std::ranges::find_if_not(views, online);
  UplinkView view = away == views.end() ? views.front() : *away;
  for (const UplinkView& one : views) {
    if (online(one)) view.state = UplinkState::online;
    // A person must act on this one, whatever the others say.
    if (one.last_error.find("identity_conflict") != std::string::npos) {
      view.server = one.server;
      view.last_error = one.last_error;
    }
    if (!one.last_ack_age || !view.last_ack_age) {
      view.last_ack_age.reset();
    } else {
      view.last_ack_age = std::max(*view.last_ack_age, *one.last_ack_age);
    }
  }
  return view;
}

std::vector<UplinkCounters> UplinkGroup::counters() const {
  std::vector<UplinkCounters> counters;
  for (const auto& lane : lanes_) counters.push_back(lane->client.counters());
  return counters;
}

}  // namespace ems::rpc
