// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/detect.hpp"

#include <algorithm>

#include "protocol/detect_trial.hpp"

namespace ems::protocol {
namespace {

using namespace detail;

/// Requests of a poll plan that are asked after a first answer.
constexpr std::size_t kItemsMax = 6;
constexpr std::int64_t kTenth = 10;

/// Whether the frame is one of the protocol's kind, though perhaps of another length: a device that
/// sent it may well understand the protocol's own requests.
bool resembles(const PollCodec& codec, Bytes request, Bytes frame) noexcept {
  Taster taster;
  const Result<void> read = codec.decode(request, frame, taster);
  if (read) return taster.values > 0;
  switch (read.error().code) {
    case Errc::header:
    case Errc::tail:
    case Errc::checksum:
    case Errc::invalid_argument:
      return false;
    default:
      return true;
  }
}

/// More of its requests answered; both asked at least one.
bool is_surer(const Detected& a, const Detected& b) noexcept {
  return unsigned{a.answered} * b.asked > unsigned{b.answered} * a.asked;
}

}  // namespace

std::string_view to_string(DetectOutcome outcome) noexcept {
  switch (outcome) {
    case DetectOutcome::silent:
      return "silent";
    case DetectOutcome::echo:
      return "echo";
    case DetectOutcome::noise:
      return "noise";
    case DetectOutcome::damaged:
      return "damaged";
    case DetectOutcome::refused:
      return "refused";
    case DetectOutcome::answered:
      return "answered";
  }
  return "silent";
}

std::string_view to_string(DetectVerdict verdict) noexcept {
  switch (verdict) {
    case DetectVerdict::running:
      return "running";
    case DetectVerdict::found:
      return "found";
    case DetectVerdict::several:
      return "several";
    case DetectVerdict::nothing:
      return "nothing";
    case DetectVerdict::busy:
      return "busy";
  }
  return "running";
}

// ---- listening ---------------------------------------------------------------------------------

void Detector::line_open(Instant now) noexcept {
  if (stage_ != Stage::opening) return;
  buffered_ = 0;
  not_before_ = now + settings_.settle;
  stage_ = listening_over_ ? Stage::asking : Stage::listening;
  listen_until_ = now + settings_.listen;
}

/// The time at one rate is over. A line that is in use is listened to at every rate: at a wrong one
/// its bytes say nothing.
void Detector::listened() noexcept {
  ++listened_rates_;
  if (heard_.unasked > 0) identify_heard();
  const bool go_on = heard_.unasked == 0 || (settings_.even_if_busy && found_.empty());
  buffered_ = 0;
  if (go_on) {
    listening_over_ = true;
    stage_ = Stage::asking;
    return;
  }
  if (found_.empty() && listened_rates_ < rates_.size()) {
    rate_ = rates_[listened_rates_];
    stage_ = Stage::opening;
    return;
  }
  verdict_ = DetectVerdict::busy;
  stage_ = Stage::done;
}

/// Which codecs read a frame in what was heard, whatever it answers?
void Detector::identify_heard() noexcept {
  for (const PollCodec* codec : codecs_) {
    Bytes rest(buffer_.data(), buffered_);
    while (!rest.empty()) {
      const FrameScan scan = codec->scan({}, rest);
      if (scan.noise >= rest.size()) break;
      rest = rest.subspan(scan.noise);
      if (scan.size > 0 && scan.size <= rest.size() && reads(*codec, {}, rest.first(scan.size))) {
        (void)found_.try_push_back(
            {.candidate = {
                 .codec = codec, .variant = variant_of(codec->info(), 0), .bit_rate = rate_}});
        break;
      }
      rest = rest.subspan(1);  // No frame begins here, or not one that ends in what was heard.
    }
  }
}

// ---- asking ------------------------------------------------------------------------------------

DetectAction Detector::next(Instant now, MutableBytes out) noexcept {
  EMS_ASSERT(out.size() >= kRequestSize);
  constexpr Instant kNever{Duration::max()};
  if (stage_ == Stage::listening && now >= listen_until_) listened();
  if (outstanding_ && now >= deadline_) exchange_failed(now);
  DetectAction action{.wake_at = kNever, .tried = tried_};
  tried_.reset();
  if (stage_ == Stage::asking && codec_ == nullptr) choose();
  switch (stage_) {
    case Stage::opening:
      action.open_at = rate_;
      break;
    case Stage::listening:
      action.wake_at = listen_until_;
      break;
    case Stage::asking:
      if (!outstanding_ && now >= not_before_) action.size = send(now, out);
      action.wake_at = outstanding_ ? deadline_ : not_before_;
      break;
    case Stage::done:
      break;
  }
  return action;
}

/// Picks the candidate that comes next.
void Detector::choose() noexcept {
  if (spoke_) {
    if (sibling_ == siblings_.size()) return finish();
    return begin(siblings_[sibling_++]);
  }
  const std::optional<DetectCandidate> candidate = first_from(cursor_);
  if (!candidate) return finish();
  if (candidate->bit_rate != rate_) {
    rate_ = candidate->bit_rate;
    stage_ = Stage::opening;
    return;
  }
  step(cursor_);
  begin(*candidate);
}

void Detector::begin(const DetectCandidate& candidate) noexcept {
  codec_ = make(candidate, room_);
  EMS_ASSERT(codec_ != nullptr);
  current_ = {.candidate = candidate};
  item_ = 0;
  attempt_ = 0;
  known_ = false;
  pack_mv_.reset();
  cells_mv_.reset();
}

/// Whether a request of the plan may be sent to a device that nobody knows.
bool Detector::askable(std::size_t item) const noexcept {
  RequestRoom bytes;
  const Bytes request = request_of(*codec_, item, bytes);
  return !request.empty() && (settings_.ask_by_writing || !writes(*codec_, request));
}

std::size_t Detector::send(Instant now, MutableBytes out) noexcept {
  RequestRoom bytes;
  const Bytes request = request_of(*codec_, item_, bytes);
  request_size_ = request.size();
  std::ranges::copy(request, request_.begin());
  std::ranges::copy(request, out.begin());
  buffered_ = 0;
  came_ = 0;
  echo_ = true;
  outstanding_ = true;
  ++attempt_;
  if (known_) ++found_.back().asked;
  deadline_ = now + codec_->reply_timeout();
  return request_size_;
}

void Detector::receive(Bytes bytes, Instant now) noexcept {
  if (stage_ == Stage::opening || stage_ == Stage::done) return;
  const auto count = static_cast<std::uint32_t>(bytes.size());
  if (stage_ == Stage::listening) {
    heard_.unasked += count;
  } else {
    heard_.bytes += count;
    current_.bytes += count;
    if (!outstanding_) return;  // A late reply, or noise.
    compare_with_request(bytes);
  }
  while (!bytes.empty()) {
    if (buffered_ == buffer_.size()) drop(1);  // What starts there is no frame, or an old one.
    const std::size_t taken = std::min(bytes.size(), buffer_.size() - buffered_);
    std::copy_n(bytes.begin(), taken, buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_));
    buffered_ += taken;
    bytes = bytes.subspan(taken);
    if (stage_ == Stage::asking) take_buffer(now);
    if (stage_ == Stage::asking && !outstanding_) return;
  }
}

/// An adapter that returns what it sends, or a line whose ends are tied together?
void Detector::compare_with_request(Bytes bytes) noexcept {
  for (const std::byte byte : bytes) {
    echo_ = echo_ && came_ < request_size_ && byte == request_[came_];
    ++came_;
  }
}

/// Takes whole frames from the buffer until one answers, or no more is there.
void Detector::take_buffer(Instant now) noexcept {
  const Bytes request(request_.data(), request_size_);
  while (outstanding_ && buffered_ > 0) {
    const FrameScan scan = codec_->scan(request, {buffer_.data(), buffered_});
    drop(std::min(scan.noise, buffered_));
    if (scan.size == 0 || scan.size > buffered_) return;
    const Bytes frame(buffer_.data(), scan.size);
    Taster taster;
    const Result<void> read = codec_->decode(request, frame, taster);
    if (read && taster.values > 0) {
      if (taster.pack_mv) pack_mv_ = taster.pack_mv;
      if (taster.cells_mv) cells_mv_ = taster.cells_mv;
      return answered(frame, now);
    }
    if (!read) refused(read.error(), now);
    drop(!read && read.error().code == Errc::header ? scan.size : 1);
  }
}

/// A whole frame that is no answer. A sound refusal ends the exchange: asking again would not help.
void Detector::refused(const Error& error, Instant now) noexcept {
  switch (error.code) {
    case Errc::header:
      return;  // Of another kind: noise.
    case Errc::device_error:
    case Errc::exception:
      current_.error = error;
      raise_to(DetectOutcome::refused);
      exchange_failed(now);
      return;
    default:
      current_.error = error;
      raise_to(DetectOutcome::damaged);
  }
}

void Detector::answered(Bytes frame, Instant now) noexcept {
  if (!known_) hit(frame);
  ++found_.back().answered;
  next_item(now);
}

void Detector::exchange_failed(Instant now) noexcept {
  outstanding_ = false;
  not_before_ = now + pause(*codec_);
  if (known_) return next_item(now);
  if (came_ > 0) {
    raise_to(echo_ && came_ == request_size_ ? DetectOutcome::echo : DetectOutcome::noise);
  }
  if (attempt_ >= settings_.attempts) return candidate_done(now);
  item_ = attempt_ < codec_->poll_plan().size() && askable(attempt_) ? attempt_ : 0;
}

/// The protocol is known: what else of its plan is answered?
void Detector::next_item(Instant now) noexcept {
  outstanding_ = false;
  not_before_ = now + pause(*codec_);
  const std::size_t end = std::min(codec_->poll_plan().size(), kItemsMax);
  while (++item_ < end) {
    if (askable(item_)) return;
  }
  candidate_done(now);
}

void Detector::candidate_done(Instant now) noexcept {
  not_before_ = now + pause(*codec_);
  ++heard_.outcomes[static_cast<std::size_t>(current_.outcome)];
  tried_ = current_;
  codec_ = nullptr;
  if (known_ && pack_mv_ && cells_mv_) {
    const std::int64_t apart = *pack_mv_ - *cells_mv_;
    found_.back().adds_up = (apart < 0 ? -apart : apart) * kTenth <= *cells_mv_;
  }
}

/// A first answer: a protocol is spoken here.
void Detector::hit(Bytes frame) noexcept {
  current_.outcome = DetectOutcome::answered;
  current_.error.reset();
  const DetectCandidate& candidate = current_.candidate;
  const Bytes request(request_.data(), request_size_);
  Detected detected{.candidate = candidate, .asked = static_cast<std::uint8_t>(item_ + 1)};
  const ProtocolInfo& info = candidate.codec->info();
  for (std::size_t i = 0; i < info.variants.size(); ++i) {
    DetectCandidate reading = candidate;
    reading.variant = info.variants[i];
    CodecRoom room;
    RequestRoom bytes;
    const PollCodec* codec = make(reading, room);
    if (codec != nullptr && item_ < codec->poll_plan().size() &&
        same(request_of(*codec, item_, bytes), request) && reads(*codec, request, frame)) {
      detected.variants |= 1U << i;
    }
  }
  found_.push_back(detected);
  known_ = true;
  if (!spoke_) find_siblings(frame);
  spoke_ = true;
}

/// Other protocols that could have sent this frame, at the same address. They are asked in their
/// own way.
void Detector::find_siblings(Bytes frame) noexcept {
  const DetectCandidate& found = current_.candidate;
  const std::span<const std::uint8_t> usual = found.codec->info().addresses;
  std::optional<std::uint8_t> address = found.address;
  if (!address && !usual.empty()) address = usual.front();
  for (const PollCodec* codec : codecs_) {
    if (codec == found.codec) continue;
    const ProtocolInfo& info = codec->info();
    DetectCandidate sibling{.codec = codec, .bit_rate = found.bit_rate};
    if (address && has(info.addresses, *address)) sibling.address = address;
    for (std::size_t i = 0; i < variants_of(info); ++i) {
      sibling.variant = variant_of(info, i);
      CodecRoom room;
      RequestRoom bytes;
      const PollCodec* made = make(sibling, room);
      const Bytes request = made == nullptr ? Bytes{} : request_of(*made, 0, bytes);
      if (request.empty() || !resembles(*made, request, frame)) continue;
      if (writes(*made, request) && !settings_.ask_by_writing) continue;
      // One of the places in found_ is taken.
      if (siblings_.size() + 1 < siblings_.capacity()) siblings_.push_back(sibling);
      break;
    }
  }
}

/// A reading that contradicts itself gives way to one that does not.
void Detector::drop_contradictions() noexcept {
  const bool any = std::ranges::any_of(found_, [](const Detected& d) { return d.adds_up == true; });
  for (std::size_t i = found_.size(); any && i-- > 0;) {
    if (found_[i].adds_up == false) found_.erase_at(i);
  }
}

void Detector::finish() noexcept {
  drop_contradictions();
  sort(found_.view(), is_surer);
  stage_ = Stage::done;
  verdict_ = found_.empty()       ? DetectVerdict::nothing
             : found_.size() == 1 ? DetectVerdict::found
                                  : DetectVerdict::several;
}

void Detector::raise_to(DetectOutcome outcome) noexcept {
  current_.outcome = std::max(current_.outcome, outcome);
}

void Detector::drop(std::size_t bytes) noexcept {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(bytes),
            buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_), buffer_.begin());
  buffered_ -= bytes;
}

}  // namespace ems::protocol
