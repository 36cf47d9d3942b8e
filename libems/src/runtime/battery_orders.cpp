// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/battery_orders.hpp"

#include <algorithm>

#include "ems/core/decimal.hpp"
#include "ems/model/catalogue.hpp"

namespace ems::runtime {
namespace {

using protocol::BalanceCommand;
using protocol::BatteryCommand;
using protocol::LimitCommand;
using protocol::Poller;
using protocol::SwitchCommand;

constexpr std::array kKinds{OrderKind::outputs, OrderKind::limits, OrderKind::balancing};
constexpr Instant kNever{Duration::max()};
/// Limits that met a silent battery are offered again after this.
constexpr Duration kOfferAgain = seconds(1);
constexpr Error kEnded{Errc::cancelled, 0, "the order was ended"};

std::string describe(const Error& error) {
  return std::string(to_string(error.code)) + ": " + error.what;
}

/// `charge_current_limit_a 37`.
std::string value_text(Signal signal, std::int64_t value) {
  const SignalInfo* info = find_signal(signal);
  EMS_ASSERT(info != nullptr);
  std::array<char, kDecimalTextSize> buffer{};
  return std::string(si_name(*info).view()) + " " +
         std::string(format_decimal(value, unit_info(info->unit).digits, buffer));
}

/// The part of a module: modules in parallel share the current and have one voltage.
BatteryCommand part_of(const BatteryCommand& command, std::size_t modules) {
  const auto* limits = std::get_if<LimitCommand>(&command);
  if (limits == nullptr) return command;
  LimitCommand part = *limits;
  const auto n = static_cast<std::int32_t>(modules);
  part.charge_current = MilliAmp{part.charge_current.count() / n};
  part.discharge_current = MilliAmp{part.discharge_current.count() / n};
  return part;
}

/// A refusal in the device's own words, or of ours; anything else may be another time.
bool is_refusal(Errc code) noexcept { return code != Errc::unavailable && code != Errc::timeout; }

bool acknowledged(OrderStage stage) noexcept {
  return stage == OrderStage::acknowledged || stage == OrderStage::unread ||
         stage == OrderStage::read_back;
}

/// Answers that kReadBackRounds rounds of the plan have.
std::uint32_t answers_of_rounds(const protocol::PollCodec& codec) {
  const auto repeats = std::ranges::count_if(
      codec.poll_plan(), [](const protocol::PollItem& item) { return item.every > 0; });
  return static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(repeats, 1)) * kReadBackRounds;
}

}  // namespace

OrderKind kind_of(const BatteryCommand& command) noexcept {
  static_assert(std::variant_size_v<BatteryCommand> == kOrderKinds);
  return static_cast<OrderKind>(command.index());
}

BatteryOrders::BatteryOrders(std::span<Poller* const> modules)
    : modules_(modules), in_flight_(modules.size()) {}

std::vector<BatteryOrders::Watch> BatteryOrders::watches_of(const BatteryCommand& command) {
  const auto watch = [](Signal signal, Fit fit, std::int64_t wanted) {
    return Watch{.signal = signal, .fit = fit, .wanted = wanted};
  };
  if (const auto* outputs = std::get_if<SwitchCommand>(&command)) {
    return {watch(Signal::charge_fet_on, Fit::equal, outputs->charge_on ? 1 : 0),
            watch(Signal::discharge_fet_on, Fit::equal, outputs->discharge_on ? 1 : 0)};
  }
  if (const auto* limits = std::get_if<LimitCommand>(&command)) {
    return {
        watch(Signal::charge_voltage_limit, Fit::at_most, limits->charge_voltage.count()),
        watch(Signal::discharge_voltage_limit, Fit::at_least, limits->discharge_voltage.count()),
        watch(Signal::charge_current_limit, Fit::at_most, limits->charge_current.count()),
        watch(Signal::discharge_current_limit, Fit::at_most, limits->discharge_current.count())};
  }
  // A battery that may balance and has nothing to balance obeys, too.
  const bool on = std::get<BalanceCommand>(command).on;
  return {watch(Signal::balancing, on ? Fit::effect : Fit::equal, on ? 1 : 0)};
}

std::string BatteryOrders::named(std::size_t module, const std::string& text) const {
  return modules_.size() == 1 ? text : "module " + std::to_string(module + 1) + ": " + text;
}

Duration BatteryOrders::refresh() const noexcept {
  return microseconds(modules_.front()->codec().limits_lease().count() / 3);
}

Result<void> BatteryOrders::give(const BatteryCommand& command, Instant now, Duration wait) {
  const BatteryCommand part = part_of(command, modules_.size());
  for (std::size_t module = 0; module < modules_.size(); ++module) {
    const Result<void> can = modules_[module]->check(part);
    if (!can) return fail(can.error().code, module + 1, can.error().what);
  }
  const OrderKind kind = kind_of(command);
  if (kind == OrderKind::limits && refresh() <= Duration::zero()) {
    return fail(Errc::unimplemented, 0, "limits of this protocol never lapse by themselves");
  }
  end(kind, "replaced");
  Order& given = order(kind);
  given = Order{};
  given.command = part;
  given.wait_until = now + wait;
  given.tasks.assign(
      modules_.size(),
      Task{.stage = OrderStage::waiting, .send_at = now, .watches = watches_of(part)});
  return {};
}

void BatteryOrders::end(OrderKind kind, const char* why) {
  drop(kind, {Errc::cancelled, 0, why});
  order(kind).failure.clear();
}

void BatteryOrders::drop(OrderKind kind, const Error& why) {
  order(kind).tasks.clear();
  for (std::size_t module = 0; module < modules_.size(); ++module) {
    if (in_flight_[module] != kind) continue;
    modules_[module]->withdraw(why);
    in_flight_[module].reset();
  }
}

void BatteryOrders::fail_order(OrderKind kind, std::string why) {
  drop(kind, kEnded);
  order(kind).failure = std::move(why);
}

/// What became of the command that the module's poller has.
void BatteryOrders::settle_command(std::size_t module, Instant now) {
  if (!in_flight_[module]) return;
  const OrderKind kind = *in_flight_[module];
  Order& given = order(kind);
  Task& task = given.tasks[module];
  const Poller& poller = *modules_[module];
  switch (poller.command_state()) {
    case protocol::CommandState::none:
    case protocol::CommandState::queued:
      return;
    case protocol::CommandState::sent:
      if (task.stage == OrderStage::waiting) task.stage = OrderStage::sent;
      return;
    case protocol::CommandState::acknowledged:
      in_flight_[module].reset();
      task.send_at = now + refresh();
      if (acknowledged(task.stage)) return;  // Limits once more.
      task.stage = OrderStage::acknowledged;
      task.replies_at_ack = poller.counters().replies;
      // What was heard before proves nothing.
      for (Watch& watch : task.watches) watch.good = false, watch.unlike = 0;
      given.taken = given.taken || std::ranges::all_of(given.tasks, [](const Task& one) {
                      return acknowledged(one.stage);
                    });
      return;
    case protocol::CommandState::failed:
      in_flight_[module].reset();
      const Error error = poller.command_error().value_or(kEnded);
      if (!given.taken || kind != OrderKind::limits || is_refusal(error.code)) {
        const char* who = error.code == Errc::device_error || error.code == Errc::exception
                              ? "the battery refused it: "
                              : "not acknowledged: ";
        return fail_order(kind, named(module, who + describe(error)));
      }
      task.stage = OrderStage::waiting;  // The battery may have forgotten them meanwhile.
      task.send_at = now + kOfferAgain;
      return;
  }
}

/// Does the battery obey?
void BatteryOrders::judge(std::size_t module, OrderKind kind, Instant now) {
  Order& given = order(kind);
  if (given.tasks.empty() || !acknowledged(given.tasks[module].stage)) return;
  Task& task = given.tasks[module];
  const Poller& poller = *modules_[module];
  const bool over =
      poller.counters().replies - task.replies_at_ack >= answers_of_rounds(poller.codec());
  for (const Watch& watch : task.watches) {
    const bool settled = task.stage != OrderStage::acknowledged;
    if (watch.unlike >= kReadBackRounds || (watch.unlike > 0 && over && !settled)) {
      return fail_order(kind, named(module, "acknowledged, and not obeyed: the battery says " +
                                                value_text(watch.signal, watch.last)));
    }
  }
  const bool limits = kind == OrderKind::limits;
  if (poller.health() != protocol::LinkHealth::online) {
    if (limits && given.taken) {
      task.stage = OrderStage::waiting;
      task.send_at = now + kOfferAgain;
    } else if (task.stage == OrderStage::acknowledged) {
      fail_order(kind, named(module, "acknowledged, then silent before it was read back"));
    }
    return;
  }
  const auto good = [](const Watch& watch) { return watch.good; };
  if (std::ranges::all_of(task.watches, good)) {
    task.stage = OrderStage::read_back;
  } else if (task.stage == OrderStage::acknowledged && over) {
    task.stage = OrderStage::unread;
  }
}

/// Gives the module's poller the first order that is due.
void BatteryOrders::dispatch(std::size_t module, Instant now) {
  for (const OrderKind kind : kKinds) {
    if (in_flight_[module]) return;
    Order& given = order(kind);
    if (given.tasks.empty()) continue;
    Task& task = given.tasks[module];
    const bool again = kind == OrderKind::limits && acknowledged(task.stage);
    if ((task.stage != OrderStage::waiting && !again) || now < task.send_at) continue;
    const Result<void> queued = modules_[module]->request(given.command);
    if (queued) {
      in_flight_[module] = kind;
    } else if (given.taken && !is_refusal(queued.error().code)) {
      task.stage = OrderStage::waiting;
      task.send_at = now + kOfferAgain;
    } else {
      fail_order(kind, named(module, "not sent: " + describe(queued.error())));
    }
  }
}

Instant BatteryOrders::advance(Instant now) {
  for (std::size_t module = 0; module < modules_.size(); ++module) {
    settle_command(module, now);
    for (const OrderKind kind : kKinds) judge(module, kind, now);
    dispatch(module, now);
  }
  Instant wake_at = kNever;
  for (const OrderKind kind : kKinds) {
    Order& given = order(kind);
    if (given.tasks.empty()) continue;
    if (!given.taken) {
      if (now >= given.wait_until) {
        const bool sent = std::ranges::any_of(
            given.tasks, [](const Task& task) { return task.stage != OrderStage::waiting; });
        fail_order(kind, sent ? "not acknowledged within its time to live"
                              : "its time to live ran out before it was sent");
        continue;
      }
      wake_at = std::min(wake_at, given.wait_until);
    }
    for (const Task& task : given.tasks) {
      if (task.send_at > now) wake_at = std::min(wake_at, task.send_at);
    }
  }
  return wake_at;
}

void BatteryOrders::heard(std::size_t module, const Reading& reading) noexcept {
  if (reading.quality != Quality::good) return;
  const std::int64_t value = reading.value;
  for (Order& given : orders_) {
    if (given.tasks.empty()) continue;
    for (Watch& watch : given.tasks[module].watches) {
      if (watch.signal != reading.signal) continue;
      watch.last = value;
      watch.good = watch.fit == Fit::at_most    ? value <= watch.wanted
                   : watch.fit == Fit::at_least ? value >= watch.wanted
                                                : value == watch.wanted;
      if (watch.good) {
        watch.unlike = 0;
      } else if (watch.fit != Fit::effect) {
        ++watch.unlike;
      }
    }
  }
}

OrderProgress BatteryOrders::progress(OrderKind kind) const {
  const Order& given = orders_[static_cast<std::size_t>(kind)];
  if (!given.failure.empty()) return {OrderStage::failed, given.failure};
  if (given.tasks.empty()) return {};
  OrderStage least = OrderStage::read_back;
  bool sent = false;
  for (const Task& task : given.tasks) {
    least = std::min(least, task.stage);
    sent = sent || task.stage != OrderStage::waiting;
  }
  return {least == OrderStage::waiting && sent ? OrderStage::sent : least, {}};
}

}  // namespace ems::runtime
