// SPDX-License-Identifier: Apache-2.0
#include "ems/fleet/alarm_board.hpp"

#include <algorithm>
#include <utility>

#include "ems/alarm/record.hpp"

namespace ems::fleet {
namespace {

constexpr std::size_t kItemsPerPage = 64;

std::uint32_t number_of(AssetId asset) {
  return static_cast<std::uint32_t>(asset.kind) << 24U |
         static_cast<std::uint32_t>(asset.module) << 16U | asset.index;
}

}  // namespace

/// Applies records to a board, in order.
class AlarmBoard::Reader final : public io::RowSink {
 public:
  explicit Reader(Board& board) : board_(board) {}
  bool row(const io::RowId&, const telemetry::Row&) override { return true; }
  bool record(const io::RowId& id, const telemetry::Record& record) override {
    if (!follow(id.epoch, id.sequence)) return true;
    if (record.type != telemetry::RecordType::alarm) return true;
    const Result<alarm::Change> change = alarm::decode_change(record.payload);
    if (change) apply(*change);
    return true;
  }
  bool gap(const io::RowId& id, const telemetry::Gap& gap) override {
    (void)follow(id.epoch, gap.last);
    return true;
  }
  /// True when rows came since it was last asked.
  [[nodiscard]] bool take_moved() noexcept { return std::exchange(moved_, false); }

 private:
  /// False: it was read before.
  bool follow(const telemetry::Epoch& epoch, telemetry::Sequence sequence) {
    if (epoch == board_.epoch && sequence <= board_.after) return false;
    if (epoch.random != board_.epoch.random) board_.alarms.clear();
    board_.epoch = epoch;
    board_.after = sequence;
    moved_ = true;
    return true;
  }
  void apply(const alarm::Change& change) {
    const alarm::Alarm& alarm = change.alarm;
    const std::pair key{number_of(alarm.asset), std::string(alarm.name.view())};
    const bool gone =
        change.transition == alarm::Transition::dropped || alarm.state() == alarm::State::normal;
    if (gone) {
      board_.alarms.erase(key);
      return;
    }
    board_.alarms.insert_or_assign(key, alarm);
    if (board_.alarms.size() <= kBoardAlarmsMax) return;
    board_.alarms.erase(std::ranges::min_element(
        board_.alarms, {}, [](const auto& entry) { return entry.second.changed_at; }));
  }

  Board& board_;
  bool moved_ = false;
};

Result<void> AlarmBoard::read_on(const AgentKey& key, Board& board) {
  const Result<std::vector<StreamMark>> marks = store_.marks(key);
  if (!marks) return fail(marks.error());
  PageCursor cursor;
  std::size_t position = 0;
  for (const StreamMark& mark : *marks) {  // Epochs in order.
    if (mark.stream != telemetry::Stream::audit) continue;
    if (board.after != 0 && mark.epoch == board.epoch) cursor = {position, board.page_after, false};
    ++position;
  }
  Reader reader(board);
  while (!cursor.done) {
    const telemetry::Sequence page_after = cursor.after;
    const telemetry::Epoch began_in = board.epoch;
    const Result<void> read = store_.read_page(key, telemetry::Stream::audit, io::UtcRange{},
                                               kItemsPerPage, cursor, reader);
    if (!read) return read;
    if (reader.take_moved()) board.page_after = board.epoch == began_in ? page_after : 0;
  }
  return {};
}

Result<std::vector<alarm::Alarm>> AlarmBoard::alarms(const AgentKey& key) {
  Board* known = nullptr;
  {
    const std::lock_guard lock(mutex_);
    known = &boards_[key];  // A map's values stay where they are, and none is taken away.
  }
  Board& board = *known;
  const std::lock_guard lock(board.mutex);
  if (const Result<void> read = read_on(key, board); !read) return fail(read.error());
  std::vector<alarm::Alarm> alarms;
  for (const auto& [name, alarm] : board.alarms) alarms.push_back(alarm);
  std::ranges::stable_sort(alarms, [](const alarm::Alarm& a, const alarm::Alarm& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    return a.raised_at > b.raised_at;
  });
  return alarms;
}

}  // namespace ems::fleet
