// SPDX-License-Identifier: Apache-2.0
// What interfaces ask of a running site: status, explanations, commands. Every call crosses to the
// strand here, and nowhere else.
#include <algorithm>
#include <asio/post.hpp>
#include <atomic>
#include <chrono>
#include <future>
#include <utility>

#include "ems/io/store/store_reader.hpp"
#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/latch_record.hpp"
#include "ems/runtime/site.hpp"

namespace ems::runtime {
namespace {

/// An interface waits at most this long for the strand.
constexpr std::chrono::seconds kStrandTimeout{1};
/// Longest words of a person that are recorded.
constexpr std::size_t kActorMax = 48;
constexpr std::size_t kReasonMax = 256;

/// Words that go into records and logs: bounded, one line.
Result<void> check_words(const std::string& actor, const std::string& reason) {
  if (actor.empty()) return fail(Errc::invalid_argument, 0, "a command needs an actor");
  if (actor.size() > kActorMax) {
    return fail(Errc::invalid_argument, kActorMax, "the actor's name is longer than 48 bytes");
  }
  if (reason.size() > kReasonMax) {
    return fail(Errc::invalid_argument, kReasonMax, "the reason is longer than 256 bytes");
  }
  for (const std::string* text : {&actor, &reason}) {
    for (const char c : *text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '"') {
        return fail(Errc::invalid_argument, 0, "control characters and quotes are not taken");
      }
    }
  }
  return {};
}

}  // namespace

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

Result<SiteStatus> Site::status() {
  return on_strand([this]() -> Result<SiteStatus> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    return make_status();
  });
}

Result<SiteMetrics> Site::metrics() {
  return on_strand([this]() -> Result<SiteMetrics> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    SiteMetrics metrics{make_status(), {}, tick_times_, ticks_late_};
    if (!last_) return metrics;
    for (const safety::BatteryVerdict& verdict : last_->safety.batteries) {
      metrics.batteries.push_back({verdict.asset, static_cast<SafetyState>(verdict.state)});
    }
    return metrics;
  });
}

namespace {

/// Reasons in the order a person wants them: what is wrong, what is missing, what follows from it.
int rank_of(const safety::Reason& reason) noexcept {
  if (reason.cause == safety::Cause::exceeded) return 0;
  if (reason.rule > safety::Rule::sum_of_cells) return 1;
  return reason.cause == safety::Cause::missing ? 2 : 3;
}

}  // namespace

SafetyView Site::make_safety_view() const {
  SafetyView view;
  view.armed = parts_.config.control == io::ControlMode::armed;
  view.limits_accepted = parts_.permission.acceptance.has_value();
  if (parts_.permission.limits) view.limits_hash = parts_.permission.limits->hash.hex();
  for (const safety::Trip& trip : loop_.safety_state().latch()) {
    view.emergency_stop = view.emergency_stop || trip.cause == safety::TripCause::estop;
    SafetyReason reason;
    reason.asset = trip.asset;
    reason.name = "trip_" + std::string(safety::to_string(trip.cause));
    reason.text = "latched; a technician must reset it";
    view.reasons.push_back(std::move(reason));
  }
  if (!last_) return view;
  view.state = static_cast<SafetyState>(last_->safety.site);
  view.envelope = last_->decision.resolution.envelope();
  for (const safety::BatteryVerdict& verdict : last_->safety.batteries) {
    std::vector<safety::Reason> rules(verdict.reasons.begin(), verdict.reasons.end());
    std::stable_sort(rules.begin(), rules.end(),
                     [](const auto& a, const auto& b) { return rank_of(a) < rank_of(b); });
    for (const safety::Reason& rule : rules) {
      SafetyReason reason;
      reason.asset = verdict.asset;
      reason.name = safety::to_string(rule.rule);
      reason.severity = rule.action == safety::Action::latch     ? Severity::critical
                        : rule.action == safety::Action::inhibit ? Severity::alarm
                                                                 : Severity::warning;
      reason.signal = rule.signal;
      if (rule.cause != safety::Cause::missing) reason.value = rule.value;
      reason.text = safety::to_string(rule.cause);
      view.reasons.push_back(std::move(reason));
    }
  }
  return view;
}

SiteStatus Site::make_status() const {
  SiteStatus status;
  status.site = parts_.config.site;
  status.agent = parts_.config.agent;
  status.software_version = parts_.software_version;
  status.at = parts_.clock.utc();
  status.tick = ticks_;
  const Instant now = parts_.clock.now();
  for (const ImageEntry& entry : image_.image().entries()) {
    const PointSample& sample = entry.sample;
    const Duration age = now - sample.taken_at;
    status.points.push_back(
        {sample.point, sample.value, published(sample), age, age >= entry.stale_after});
  }
  for (const auto& [key, text] : image_.texts()) {
    status.texts.push_back({key.first, key.second, text});
  }
  for (const auto& driver : batteries_) status.links.push_back(driver->status());
  for (const auto& driver : inverters_) status.links.push_back(driver->status());
  for (const auto& driver : meters_) status.links.push_back(driver->status());
  status.safety = make_safety_view();
  if (last_) status.decision = make_view(*last_, loop_.config(), last_utc_, last_at_);
  if (parts_.uplink) status.uplink = parts_.uplink();
  const StoreView store = parts_.store.view();
  for (const telemetry::Stream stream : telemetry::kStreams) {
    const std::size_t i = telemetry::index_of(stream);
    const io::Mark& mark = store.marks[i];
    status.rows.push_back({static_cast<std::uint32_t>(i), mark.last, mark.acknowledged,
                           mark.last - mark.acknowledged, store.counters.rows_lost[i]});
  }
  return status;
}

namespace {

/// Keeps the last decision record it is given.
class LastDecision final : public io::RowSink {
 public:
  bool row(const io::RowId&, const telemetry::Row&) override { return true; }
  bool record(const io::RowId&, const telemetry::Record& record) override {
    if (record.type == telemetry::RecordType::decision) {
      found = std::string(std::as_const(record).payload.size(), '\0');
      for (std::size_t i = 0; i < record.payload.size(); ++i) {
        (*found)[i] = static_cast<char>(record.payload[i]);
      }
    }
    return true;
  }
  bool gap(const io::RowId&, const telemetry::Gap&) override { return true; }
  std::optional<std::string> found;
};

}  // namespace

Result<Explanation> Site::explain(std::optional<UtcInstant> at) {
  if (!at) {
    return on_strand([this]() -> Result<Explanation> {
      if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
      if (!last_) return fail(Errc::not_found, 0, "no decision has been made yet");
      const DecisionView view = make_view(*last_, loop_.config(), last_utc_, last_at_);
      return Explanation{view, runtime::explain(view)};
    });
  }
  // The past is read from the store's file, on the caller's thread: the strand never waits for it.
  Result<io::StoreReader> reader = io::StoreReader::open(parts_.config.store.path.string());
  if (!reader) return fail(reader.error());
  LastDecision last;
  const io::UtcRange until{UtcInstant{Duration::min()}, *at + microseconds(1)};
  if (Result<void> read = reader->read(telemetry::Stream::decisions, until, last); !read) {
    return fail(read.error());
  }
  if (!last.found) return fail(Errc::not_found, 0, "no decision is stored at or before that time");
  const Result<DecisionView> view = from_record(*last.found);
  if (!view) return fail(view.error());
  return Explanation{*view, runtime::explain(*view)};
}

Result<void> Site::set_setpoint(const SetpointRequest& request) {
  if (const Result<void> words = check_words(request.actor, ""); !words) return words;
  if (request.lease <= Duration::zero()) {
    return fail(Errc::invalid_argument, 0, "a set-point needs a lease above 0 s");
  }
  return on_strand([this, request]() -> Result<void> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    const ControlConfig& config = loop_.config();
    if (!config.decision.setpoint) {
      return fail(Errc::failed_precondition, 0, "the site file has no setpoint policy");
    }
    if (config.arming != safety::Arming::armed) {
      return fail(Errc::disarmed, 0, "control is not armed, or its limits are not accepted");
    }
    if (loop_.safety_state().tripped()) {
      return fail(Errc::latched, 0, "a trip is latched; reset it first");
    }
    const Watt rated = rated_of(config);
    if (request.power > rated || request.power < -rated) {
      return fail(Errc::out_of_range, 0, "beyond the rated power of the site's inverters");
    }
    if (request.lease > config.decision.setpoint->lease_max) {
      return fail(Errc::out_of_range, 0, "the lease is longer than policies.setpoint.lease_max_s");
    }
    const Instant now = parts_.clock.now();
    setpoints_[static_cast<std::size_t>(request.origin)] = decision::SetpointCommand{
        request.power, now, now + request.lease, decision::ActorName(request.actor)};
    audit(request.actor, "setpoint_set",
          power_text(request.power) + " for " + std::to_string(request.lease.count() / 1'000'000) +
              " s");
    return {};
  });
}

Result<void> Site::clear_setpoint(const std::string& actor, CommandOrigin origin) {
  if (const Result<void> words = check_words(actor, ""); !words) return words;
  return on_strand([this, actor, origin]() -> Result<void> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    auto& setpoint = setpoints_[static_cast<std::size_t>(origin)];
    if (!setpoint) return {};
    setpoint.reset();
    audit(actor, "setpoint_cleared", "");
    return {};
  });
}

Result<void> Site::emergency_stop(const std::string& actor, const std::string& reason) {
  if (const Result<void> words = check_words(actor, reason); !words) return words;
  const auto stop = [this, actor, reason]() -> Result<void> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    estop_requested_ = true;
    setpoints_ = {};
    tick();  // Now, not at the next period: the stop leaves with this call.
    audit(actor, "emergency_stop", reason);
    return {};
  };
  return on_strand(stop, true);
}

Result<void> Site::reset_emergency_stop(const ResetRequest& request) {
  if (request.cause.empty()) return fail(Errc::invalid_argument, 0, "a reset needs a cause");
  if (const Result<void> words = check_words(request.name, request.cause); !words) return words;
  return on_strand([this, request]() -> Result<void> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    // Whoever reaches the local interface has the role technician (DESIGN section 5).
    const Result<void> done = loop_.reset(image_.image(), parts_.clock.now(),
                                          {safety::Role::technician, request.name, request.cause});
    if (!done) return done;
    parts_.store.put(std::string(kLatchKey), encode_latch(loop_.safety_state().latch()));
    audit(request.name, "emergency_stop_reset", request.cause);
    return {};
  });
}

}  // namespace ems::runtime
