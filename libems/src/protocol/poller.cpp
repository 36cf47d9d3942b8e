// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/poller.hpp"

#include <algorithm>

namespace ems::protocol {
namespace {

constexpr std::size_t kPlanSizeMax = 32;  // Bits of once_done_ and silent_.

constexpr std::uint32_t bit_of(std::size_t index) noexcept { return std::uint32_t{1} << index; }

Result<std::size_t> encode(const PollCodec& codec, const BatteryCommand& command,
                           MutableBytes out) noexcept {
  if (const auto* limits = std::get_if<LimitCommand>(&command)) {
    return codec.encode_limits(*limits, out);
  }
  if (const auto* balance = std::get_if<BalanceCommand>(&command)) {
    return codec.encode_balance(*balance, out);
  }
  const auto* outputs = std::get_if<SwitchCommand>(&command);
  EMS_ASSERT(outputs != nullptr);
  return codec.encode_switch(*outputs, out);
}

constexpr Error kNoReply{Errc::timeout, 0, "the device did not answer in time"};
constexpr Error kSilentDevice{Errc::unavailable, 0, "the device does not answer now"};
constexpr Error kNoLink{Errc::unavailable, 0, "the link is down"};

}  // namespace

Poller::Poller(const PollCodec& codec, const PollerSettings& settings) noexcept
    : codec_(codec), settings_(settings) {
  EMS_ASSERT(!codec.poll_plan().empty() && codec.poll_plan().size() <= kPlanSizeMax);
  EMS_ASSERT(settings.period > Duration::zero());
  EMS_ASSERT(settings.settle >= Duration::zero());
  EMS_ASSERT(settings.reply_timeout.value_or(codec.reply_timeout()) > Duration::zero());
  for (const Duration wait : settings.recovery_waits) EMS_ASSERT(wait > Duration::zero());
}

void Poller::link_up(Instant now) noexcept {
  fail_command(kNoLink);
  health_ = LinkHealth::recovering;
  start_afresh(now);
}

void Poller::link_down(Instant now) noexcept {
  fail_command(kNoLink);
  start_afresh(now);
  health_ = LinkHealth::offline;
  last_error_ = kNoLink;
}

/// Forgets the conversation: the next request is the first of a new one.
void Poller::start_afresh(Instant now) noexcept {
  end_exchange();
  drop_noise(buffered_);
  not_before_ = std::max(now, line_free_at_);
  cursor_ = 0;
  round_ = 0;
  round_started_ = now;
  in_round_ = true;
  once_done_ = 0;
  silent_ = 0;
  suspect_ = Suspect::nothing;
  recovery_step_.reset();
}

void Poller::end_exchange() noexcept {
  exchange_ = Exchange::none;
  outstanding_ = false;
  attempts_ = 0;
}

PollerAction Poller::next(Instant now, MutableBytes out) noexcept {
  EMS_ASSERT(out.size() >= kRequestSize);
  constexpr Instant kNever{Duration::max()};
  if (health_ == LinkHealth::offline) return {.wake_at = kNever};
  if (outstanding_ && now >= deadline_) {
    ++counters_.timeouts;
    attempt_failed(kNoReply, now);
  }
  if (outstanding_) return {.wake_at = deadline_};
  if (now < not_before_) return {.wake_at = not_before_};
  Instant wake_at = kNever;
  if (exchange_ == Exchange::none && !choose(now, wake_at)) return {.wake_at = wake_at};
  return send(now, out);
}

/// Picks the next exchange; false, and `wake_at` set, when there is nothing to ask yet.
bool Poller::choose(Instant now, Instant& wake_at) noexcept {
  attempts_ = 0;
  if (suspect_ != Suspect::nothing || recovery_step_) {
    exchange_ = Exchange::probe;
    return true;
  }
  if (queued_) {
    current_ = *queued_;
    queued_.reset();
    unwanted_ = false;
    exchange_ = Exchange::command;
    return true;
  }
  const std::size_t plan_size = codec_.poll_plan().size();
  if (!in_round_) {
    const Instant due_at = round_started_ + settings_.period;
    if (now < due_at) {
      wake_at = due_at;
      return false;
    }
    // A round that comes a whole period late starts a new rhythm; missed rounds are not made up
    // for.
    round_started_ = now - due_at < settings_.period ? due_at : now;
    ++round_;
    cursor_ = 0;
    in_round_ = true;
  }
  while (cursor_ < plan_size && !due(cursor_)) ++cursor_;
  if (cursor_ < plan_size) {
    exchange_ = Exchange::item;
    return true;
  }
  in_round_ = false;
  return choose(now, wake_at);
}

bool Poller::due(std::size_t index) const noexcept {
  const std::uint16_t every = codec_.poll_plan()[index].every;
  if (every == 0) return (once_done_ & bit_of(index)) == 0;
  return round_ % every == 0;
}

PollerAction Poller::send(Instant now, MutableBytes out) noexcept {
  const bool is_command = exchange_ == Exchange::command;  // cursor_ may stand behind the plan.
  const PollItem item = is_command ? PollItem{"command", 0, 0}
                                   : codec_.poll_plan()[exchange_ == Exchange::probe ? 0 : cursor_];
  const Result<std::size_t> size =
      is_command ? encode(codec_, current_, request_) : codec_.encode_poll(item.number, request_);
  EMS_ASSERT(size.has_value() && "a codec cannot encode its own poll plan or command");
  request_size_ = *size;
  std::copy_n(request_.begin(), request_size_, out.begin());
  drop_noise(buffered_);
  ++counters_.requests;
  outstanding_ = true;
  deadline_ = now + settings_.reply_timeout.value_or(codec_.reply_timeout());
  if (is_command && is_newest()) command_state_ = CommandState::sent;
  return {.size = request_size_, .wake_at = deadline_, .what = item.name};
}

std::uint8_t Poller::attempts_allowed() const noexcept {
  if (exchange_ == Exchange::probe) return 1;
  if (exchange_ == Exchange::command && !is_newest()) return 1;  // Not worth repeating.
  if (exchange_ == Exchange::item && (silent_ & bit_of(cursor_)) != 0) return 1;
  return static_cast<std::uint8_t>(std::min<unsigned>(settings_.retries + 1U, 0xFFU));
}

void Poller::attempt_failed(const Error& error, Instant now) noexcept {
  last_error_ = error;
  outstanding_ = false;
  drop_noise(buffered_);
  line_free_at_ = now + max_of(settings_.settle, codec_.request_gap());
  not_before_ = line_free_at_;
  ++attempts_;
  if (attempts_ >= attempts_allowed()) give_up(error, now);
}

/// The exchange has no attempt left.
void Poller::give_up(const Error& error, Instant now) noexcept {
  const Exchange failed = exchange_;
  end_exchange();
  switch (failed) {
    case Exchange::none:
      return;
    case Exchange::probe:
      enter_recovery(now);
      return;
    case Exchange::command:
      if (queued_) return;  // The newer command will find out whether the device is there.
      if (!unwanted_) {
        command_state_ = CommandState::failed;
        command_error_ = error;
      }
      suspect_ = Suspect::command;
      return;
    case Exchange::item:
      if (cursor_ == 0) {
        enter_recovery(now);
      } else {
        suspect_ = Suspect::item;
      }
      return;
  }
}

void Poller::enter_recovery(Instant now) noexcept {
  health_ = LinkHealth::recovering;
  fail_command(kSilentDevice);
  suspect_ = Suspect::nothing;
  const std::size_t last = settings_.recovery_waits.size() - 1;
  recovery_step_ = recovery_step_ ? std::min(*recovery_step_ + 1, last) : 0;
  not_before_ = now + settings_.recovery_waits[*recovery_step_];
}

void Poller::fail_command(const Error& error) noexcept {
  const bool waiting = queued_ || (exchange_ == Exchange::command && !unwanted_);
  queued_.reset();
  if (!waiting) return;
  command_state_ = CommandState::failed;
  command_error_ = error;
}

Result<void> Poller::check(const BatteryCommand& command) const noexcept {
  if (health_ != LinkHealth::online) return fail(kSilentDevice);
  std::array<std::byte, kRequestSize> trial{};
  const Result<std::size_t> size = encode(codec_, command, trial);
  if (!size) return fail(size.error());
  return {};
}

void Poller::withdraw(const Error& why) noexcept {
  fail_command(why);
  if (exchange_ != Exchange::command) return;
  unwanted_ = true;
  if (!outstanding_) end_exchange();
}

Result<void> Poller::request(const BatteryCommand& command) noexcept {
  if (const Result<void> can = check(command); !can) return can;
  queued_ = command;
  command_state_ = CommandState::queued;
  command_error_.reset();
  // A command that is between two attempts is superseded: the new one goes out instead.
  if (exchange_ == Exchange::command && !outstanding_) end_exchange();
  return {};
}

void Poller::receive(Bytes bytes, Instant now, ReadingSink& sink) noexcept {
  while (!bytes.empty()) {
    if (!outstanding_) {  // Nothing is awaited: a late reply, or noise.
      counters_.noise_bytes += static_cast<std::uint32_t>(bytes.size());
      return;
    }
    const std::size_t taken = std::min(bytes.size(), buffer_.size() - buffered_);
    std::copy_n(bytes.begin(), taken, buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_));
    buffered_ += taken;
    bytes = bytes.subspan(taken);
    take_buffer(now, sink);
    while (outstanding_ && buffered_ == buffer_.size()) {  // The overflow rule.
      drop_noise(1);
      take_buffer(now, sink);
    }
  }
}

/// Takes whole frames from the buffer until one answers, or no more is there.
void Poller::take_buffer(Instant now, ReadingSink& sink) noexcept {
  std::optional<Error> refused;
  while (outstanding_ && buffered_ > 0) {
    const FrameScan found =
        codec_.scan({request_.data(), request_size_}, {buffer_.data(), buffered_});
    drop_noise(std::min(found.noise, buffered_));
    if (found.size == 0 || found.size > buffered_) break;
    const Result<void> result = take_frame({buffer_.data(), found.size}, sink);
    if (result) {
      drop(found.size);
      drop_noise(buffered_);
      answered(now);
      return;
    }
    if (result.error().code == Errc::header) {  // A whole frame, but not the one we wait for.
      drop_noise(found.size);
      continue;
    }
    // What looked like a frame was damaged, or was noise before the real one: search inside it.
    refused = result.error();
    drop_noise(1);
  }
  // A damaged reply with nothing behind it: no need to sit out the timeout.
  if (outstanding_ && refused && buffered_ == 0) attempt_failed(*refused, now);
}

/// Counts one frame. Success also stands for a well-formed refusal: the device is there.
Result<void> Poller::take_frame(Bytes frame, ReadingSink& sink) noexcept {
  const Result<void> result = codec_.decode({request_.data(), request_size_}, frame, sink);
  if (result) {
    ++counters_.replies;
    if (exchange_ == Exchange::command && is_newest()) command_state_ = CommandState::acknowledged;
    return result;
  }
  switch (result.error().code) {
    case Errc::header:
      return result;
    case Errc::checksum:
      ++counters_.checksum_errors;
      return result;
    case Errc::device_error:
    case Errc::exception:
      ++counters_.device_errors;
      break;
    case Errc::unimplemented:
    case Errc::out_of_range:
      ++counters_.other_errors;
      break;
    default:
      ++counters_.other_errors;
      return result;
  }
  last_error_ = result.error();
  if (exchange_ == Exchange::command && is_newest()) {
    command_state_ = CommandState::failed;
    command_error_ = result.error();
  }
  return {};
}

/// The outstanding request has its reply.
void Poller::answered(Instant now) noexcept {
  const Exchange done = exchange_;
  end_exchange();
  health_ = LinkHealth::online;
  line_free_at_ = now + codec_.request_gap();
  not_before_ = line_free_at_;
  if (recovery_step_) {
    ++counters_.recoveries;
    start_afresh(now);
    item_done();  // The probe was the first item.
  } else if (done == Exchange::item) {
    silent_ &= ~bit_of(cursor_);
    item_done();
  } else if (done == Exchange::probe) {
    if (suspect_ == Suspect::item) {  // The device answers, but not to that item: skip it.
      silent_ |= bit_of(cursor_);
      item_done();
    }
    suspect_ = Suspect::nothing;
  }
}

void Poller::item_done() noexcept {
  once_done_ |= bit_of(cursor_);
  ++cursor_;
}

void Poller::drop(std::size_t bytes) noexcept {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(bytes),
            buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_), buffer_.begin());
  buffered_ -= bytes;
}

void Poller::drop_noise(std::size_t bytes) noexcept {
  counters_.noise_bytes += static_cast<std::uint32_t>(bytes);
  drop(bytes);
}

}  // namespace ems::protocol
