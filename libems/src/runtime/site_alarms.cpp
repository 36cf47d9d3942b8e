// SPDX-License-Identifier: Apache-2.0
// Alarms and operating mode of a running site: what happens becomes an alarm, every change of one a
// record of stream 0, and both survive a restart.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <asio/post.hpp>
#include <deque>
#include <utility>

#include "ems/alarm/record.hpp"
#include "ems/io/store/store_reader.hpp"
#include "ems/runtime/alarm_memory.hpp"
#include "ems/runtime/site.hpp"
#include "ems/telemetry/event_record.hpp"
#include "runtime/on_strand.hpp"

namespace ems::runtime {
namespace {

/// A restless alarm must not write the disk full: the book is stored at most so often.
constexpr Duration kStoreAlarmsEvery = seconds(1);
constexpr Duration kLookEvery = seconds(1);
constexpr std::size_t kHistoryMax = 10'000;

/// Keeps the newest changes of alarms it is given.
class ChangeSink final : public io::RowSink {
 public:
  explicit ChangeSink(std::size_t max) : max_(max) {}
  bool row(const io::RowId&, const telemetry::Row&) override { return true; }
  bool record(const io::RowId&, const telemetry::Record& record) override {
    if (record.type != telemetry::RecordType::alarm) return true;
    const Result<alarm::Change> change = alarm::decode_change(record.payload);
    if (!change) {  // One that nobody can read hides no other.
      ++unreadable;
      return true;
    }
    if (changes.size() == max_) changes.pop_front();
    changes.push_back(*change);
    return true;
  }
  bool gap(const io::RowId&, const telemetry::Gap&) override { return true; }
  std::deque<alarm::Change> changes;
  std::size_t unreadable = 0;

 private:
  std::size_t max_;
};

}  // namespace

SiteMemory load_memory(StoreWorker& store) {
  SiteMemory memory;
  using Stored = std::optional<std::vector<std::byte>>;
  const auto read = [&](std::string_view key, const char* event) {
    Result<Stored> stored = store.call([key](io::EdgeStore& edge) { return edge.get(key); });
    if (stored) return std::move(*stored);
    memory.unreadable.push_back({Severity::alarm, kSite, event});
    return Stored{};
  };
  if (const Stored text = read(kCommandBookKey, "commands_unreadable")) {
    memory.commands.emplace(reinterpret_cast<const char*>(text->data()), text->size());
  }
  memory.alarms = read(kAlarmsKey, "alarms_unreadable");
  if (const Stored record = read(kModeKey, "mode_unreadable")) {
    const Result<ModeRecord> mode = decode_mode(*record);
    if (mode) {
      memory.mode = *mode;
    } else {
      memory.unreadable.push_back({Severity::alarm, kSite, "mode_unreadable"});
    }
  }
  return memory;
}

alarm::Moment Site::moment() const { return {parts_.clock.now(), parts_.clock.utc()}; }

/// Puts back what the store kept. On the strand, before the first tick.
void Site::remember(UtcInstant utc) {
  SiteMemory& memory = parts_.memory;
  const Instant now = parts_.clock.now();
  if (memory.alarms) {
    const Result<AlarmMemory> kept = decode_alarms(*memory.alarms);
    if (kept) {
      alarms_.restore(kept->alarms, kept->next_id, {now, utc});
    } else {
      memory.unreadable.push_back({Severity::alarm, kSite, "alarms_unreadable"});
    }
  }
  if (memory.commands) {
    const auto cut_short = book_.restore(*memory.commands, now, utc);
    if (cut_short) {
      for (const CommandStep& step : *cut_short) record_step(*book_.find(step.id));
      if (!cut_short->empty()) store_commands();
      remember_stops();
    } else {
      memory.unreadable.push_back({Severity::alarm, kSite, "commands_unreadable"});
    }
  }
  const bool set = parts_.clock.quality() != ClockQuality::unset;
  mode_.restore(memory.mode, set ? std::optional(utc) : std::nullopt);
  // These happened once: raised and gone at the same moment, they stay until a person has seen
  // them.
  for (const auto* events : {&memory.unreadable, &parts_.events}) {
    for (Event event : *events) {
      take_event(event, false);
      event.active = false;
      take_event(event, false);
    }
  }
}

/// Emergency stops that were under way when the process ended are in force with the latch, and end
/// when the inverters confirm; without a latch they are not.
void Site::remember_stops() {
  for (const CommandView& command : book_.newest_first()) {
    if (command.kind != kind_of(EmergencyStopAction{}) || is_final(command.step.state)) continue;
    if (loop_.safety_state().tripped()) {
      stops_.push_back(command.step.id);
      continue;
    }
    step_command({command.step.id, CommandState::failed,
                  "the agent was restarted and its latch is not in the store; it is not in force",
                  parts_.clock.utc()});
  }
}

void Site::raise(const Event& event) {
  asio::post(strand_, [this, event] { take_event(event, false); });
}

/// A warning and worse becomes an alarm; what is only worth knowing becomes an event record.
void Site::take_event(const Event& event, bool latching) {
  if (event.severity != Severity::info) {
    if (const auto change = alarms_.take(event, latching, moment())) record_change(*change);
    return;
  }
  parts_.log->info("event={} asset={} severity=info active={} value={}", event.name,
                   to_name(event.asset).view(), event.active, event.value);
  const Result<telemetry::EventPayload> payload = telemetry::encode_event(event);
  if (!payload) {
    parts_.log->error("event=event_not_encoded name={} code={}", event.name,
                      to_string(payload.error().code));
    return;
  }
  parts_.store.append(telemetry::Stream::audit, parts_.clock.utc(), telemetry::RecordType::event,
                      {payload->begin(), payload->end()});
}

void Site::record_change(const alarm::Change& change) {
  const alarm::Alarm& alarm = change.alarm;
  const auto level = alarm.severity >= Severity::alarm ? spdlog::level::warn : spdlog::level::info;
  parts_.log->log(level,
                  "event={} asset={} severity={} active={} value={} alarm={} transition={} "
                  "state={} count={} actor=\"{}\" text=\"{}\"",
                  alarm.name.view(), to_name(alarm.asset).view(), to_string(alarm.severity),
                  alarm.active, alarm.value, alarm.id, alarm::to_string(change.transition),
                  alarm::to_string(alarm.state()), alarm.count, change.actor.view(),
                  change.text.view());
  const Result<alarm::Payload> payload = alarm::encode_change(change);
  if (!payload) {
    parts_.log->error("event=alarm_not_encoded alarm={} code={}", alarm.id,
                      to_string(payload.error().code));
    return;
  }
  parts_.store.append(telemetry::Stream::audit, change.at, telemetry::RecordType::alarm,
                      {payload->begin(), payload->end()});
}

Result<void> Site::change_alarm(const Result<std::optional<alarm::Change>>& change) {
  if (!change) return fail(change.error());
  if (!*change) return {};
  store_alarms(parts_.clock.now());  // What a person said is kept before it is told.
  record_change(**change);
  return {};
}

/// What is due by itself, and the book's durable form.
void Site::follow_alarms(Instant now) {
  while (const auto change = alarms_.next(moment())) record_change(*change);
  const bool due = alarms_.revision() != alarms_stored_ &&
                   (alarms_stored_ == 0 || now - alarms_stored_at_ >= kStoreAlarmsEvery);
  if (due) store_alarms(now);
}

void Site::store_alarms(Instant now) {
  alarms_stored_ = alarms_.revision();
  alarms_stored_at_ = now;
  parts_.store.put(std::string(kAlarmsKey), encode_alarms(alarms_));
}

/// Once a second: what happens around the control loop.
void Site::follow_surroundings(Instant now) {
  if (looked_at_ && now - *looked_at_ < kLookEvery) return;
  looked_at_ = now;
  follow_mode(now);
  const Tables tables = tables_.newest();
  const StoreView store = parts_.store.view();
  const bool full = store.last_error.starts_with("disk_full");
  const bool read_only = store.last_error.starts_with("read_only");
  const UplinkView uplink = parts_.uplink ? parts_.uplink() : UplinkView{};
  const struct {
    Severity severity;
    const char* name;
    bool active;
  } looks[kSurroundingsMax] = {
      {Severity::alarm, io::kAlarmStoreDiskFull, full},
      {Severity::alarm, io::kAlarmStoreReadOnly, read_only},
      {Severity::alarm, "store_write_failed", !store.last_error.empty() && !full && !read_only},
      {Severity::warning, "clock_unset", parts_.clock.quality() == ClockQuality::unset},
      {Severity::alarm, "identity_conflict",
       uplink.last_error.find("identity_conflict") != std::string::npos},
      {Severity::warning, "autonomous",
       !parts_.config.servers.empty() && mode_.mode() == Mode::autonomous},
      {Severity::warning, "schedule_file_bad", tables.schedule_bad},
      {Severity::warning, "plan_file_bad", tables.plan_bad},
      {Severity::warning, "price_file_bad", tables.prices_bad},
  };
  for (std::size_t i = 0; i < kSurroundingsMax; ++i) {
    if (surroundings_[i] == looks[i].active) continue;
    surroundings_[i] = looks[i].active;
    take_event({looks[i].severity, kSite, looks[i].name, looks[i].active}, false);
  }
}

void Site::follow_mode(Instant now) {
  const bool online = parts_.uplink && parts_.uplink().state == UplinkState::online;
  if (const std::optional<Mode> mode = mode_.step(online, now)) {
    audit("ems-agent", "mode_" + std::string(to_string(*mode)), "");
  }
  if (!mode_.due()) return;
  const bool set = parts_.clock.quality() != ClockQuality::unset;
  const auto utc = set ? std::optional(parts_.clock.utc()) : std::nullopt;
  parts_.store.put(std::string(kModeKey), encode_mode(mode_.record(utc)));
  mode_.stored();
}

AlarmsView Site::make_alarms_view() const {
  AlarmsView view;
  view.dropped = alarms_.dropped();
  view.revision = alarms_.revision();
  alarms_.for_each([&view](const alarm::Alarm& alarm) {
    if (alarm.state() != alarm::State::normal) view.alarms.push_back(alarm);
  });
  std::stable_sort(view.alarms.begin(), view.alarms.end(), [](const auto& a, const auto& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    return a.raised_at > b.raised_at;
  });
  return view;
}

Result<AlarmsView> Site::alarms() {
  return on_strand([this]() -> Result<AlarmsView> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    return make_alarms_view();
  });
}

Result<std::vector<alarm::Change>> Site::alarm_history(UtcInstant from, UtcInstant to,
                                                       std::size_t max) {
  if (to < from) return fail(Errc::invalid_argument, 0, "the range ends before it begins");
  // The store's file is read on the caller's thread: the strand never waits for it.
  Result<io::StoreReader> reader = io::StoreReader::open(parts_.config.store.path.string());
  if (!reader) return fail(reader.error());
  ChangeSink sink(std::clamp<std::size_t>(max, 1, kHistoryMax));
  if (Result<void> read = reader->read(telemetry::Stream::audit, {from, to}, sink); !read) {
    return fail(read.error());
  }
  if (sink.unreadable > 0) {
    parts_.log->warn("event=alarm_records_unreadable count={} stream=audit", sink.unreadable);
  }
  return std::vector<alarm::Change>(sink.changes.begin(), sink.changes.end());
}

}  // namespace ems::runtime
