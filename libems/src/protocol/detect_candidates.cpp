// SPDX-License-Identifier: Apache-2.0
// In what order a line is asked.
#include "protocol/detect_trial.hpp"

namespace ems::protocol {
namespace {

using namespace detail;

/// How often batteries with each are met, by the projects that read them; the rest come after
/// these.
constexpr std::string_view kMostUsual[] = {
    "jbd",       "daly_a5",     "pylontech",   "jk_4e57",      "pace",   "seplos_v2",
    "seplos_v3", "daly_modbus", "pace_modbus", "jk_pb_modbus", "renogy", "eg4_ll"};
/// Passes over the candidates, see Detector::Cursor.
constexpr std::size_t kUsual = 0;
constexpr std::size_t kOtherRates = 1;
constexpr std::size_t kWriting = 3;
constexpr std::size_t kPasses = 4;

/// Whether an earlier variant asks with the same bytes: then one exchange speaks for both.
bool asked_before(const DetectCandidate& candidate, std::size_t variant, Bytes request) noexcept {
  for (std::size_t i = 0; i < variant; ++i) {
    DetectCandidate earlier = candidate;
    earlier.variant = variant_of(candidate.codec->info(), i);
    CodecRoom room;
    RequestRoom bytes;
    const PollCodec* codec = make(earlier, room);
    if (codec != nullptr && same(request_of(*codec, 0, bytes), request)) return true;
  }
  return false;
}

}  // namespace

Detector::Detector(const DetectSettings& settings) noexcept : settings_(settings) {
  EMS_ASSERT(settings.listen >= Duration::zero());
  EMS_ASSERT(settings.settle >= Duration::zero());
  EMS_ASSERT(settings.attempts > 0);
  order_codecs();
  order_rates();
  rate_ = rates_[0];
}

void Detector::order_codecs() noexcept {
  for (const std::string_view name : kMostUsual) {
    const Result<const Codec*> codec = find_codec(name);
    EMS_ASSERT(codec.has_value() && as_poll(**codec) != nullptr);
    codecs_.push_back(as_poll(**codec));
  }
  for (const Codec* codec : codecs()) {
    const PollCodec* poll = as_poll(*codec);
    if (poll != nullptr && !has<const PollCodec*>(codecs_.view(), poll)) codecs_.push_back(poll);
  }
}

/// The rate that most protocols are usually found at comes first.
void Detector::order_rates() noexcept {
  if (settings_.bit_rate) {
    rates_.push_back(*settings_.bit_rate);
    return;
  }
  for (const PollCodec* codec : codecs_) {
    for (const std::uint32_t rate : codec->info().bit_rates) {
      if (!has<std::uint32_t>(rates_.view(), rate)) rates_.push_back(rate);
    }
  }
  const auto usual_of = [this](std::uint32_t rate) {
    return std::ranges::count_if(codecs_, [rate](const PollCodec* codec) {
      return codec->info().bit_rates.front() == rate;
    });
  };
  sort(rates_.view(), [&](std::uint32_t a, std::uint32_t b) { return usual_of(a) > usual_of(b); });
}

void Detector::step(Cursor& cursor) const noexcept {
  const ProtocolInfo& info = codecs_[cursor.codec]->info();
  if (++cursor.address < std::max<std::size_t>(info.addresses.size(), 1)) return;
  cursor.address = 0;
  if (++cursor.variant < variants_of(info)) return;
  cursor.variant = 0;
  if (++cursor.codec < codecs_.size()) return;
  cursor.codec = 0;
  if (++cursor.rate < rates_.size()) return;
  cursor.rate = 0;
  ++cursor.pass;
}

/// What stands at a place; nullopt: nothing that is to be asked.
std::optional<DetectCandidate> Detector::at(const Cursor& cursor) const noexcept {
  const PollCodec& codec = *codecs_[cursor.codec];
  const ProtocolInfo& info = codec.info();
  const std::uint32_t rate = rates_[cursor.rate];
  const bool usual_rate = settings_.bit_rate || rate == info.bit_rates.front();
  if (!usual_rate && !has(info.bit_rates, rate)) return std::nullopt;
  if (cursor.pass == kWriting && !settings_.ask_by_writing) return std::nullopt;
  const bool usual_address = cursor.address == 0;
  switch (cursor.pass) {
    case kUsual:
    case kWriting:
      if (!usual_rate || !usual_address) return std::nullopt;
      break;
    case kOtherRates:
      if (usual_rate || !usual_address) return std::nullopt;
      break;
    default:
      if (!settings_.all_addresses || settings_.address || usual_address) return std::nullopt;
      break;
  }
  DetectCandidate candidate{
      .codec = &codec, .variant = variant_of(info, cursor.variant), .bit_rate = rate};
  if (settings_.address && !info.addresses.empty()) candidate.address = settings_.address;
  if (!usual_address) candidate.address = info.addresses[cursor.address];
  CodecRoom room;
  RequestRoom bytes;
  const PollCodec* made = make(candidate, room);
  if (made == nullptr) return std::nullopt;  // The protocol cannot have the address.
  const Bytes request = request_of(*made, 0, bytes);
  if (request.empty() || writes(*made, request) != (cursor.pass == kWriting) ||
      asked_before(candidate, cursor.variant, request)) {
    return std::nullopt;
  }
  return candidate;
}

/// The candidate at the cursor or behind it, which the cursor is moved to.
std::optional<DetectCandidate> Detector::first_from(Cursor& cursor) const noexcept {
  for (; cursor.pass < kPasses; step(cursor)) {
    if (const std::optional<DetectCandidate> candidate = at(cursor)) return candidate;
  }
  return std::nullopt;
}

Duration Detector::pause(const PollCodec& codec) const noexcept {
  return max_of(settings_.settle, codec.request_gap());
}

std::size_t Detector::candidate_count() const noexcept {
  std::size_t count = 0;
  for (Cursor cursor; first_from(cursor); step(cursor)) ++count;
  return count;
}

Duration Detector::longest() const noexcept {
  Duration total = settings_.listen;
  Cursor cursor;
  for (; const std::optional<DetectCandidate> candidate = first_from(cursor); step(cursor)) {
    const Duration exchange = candidate->codec->reply_timeout() + pause(*candidate->codec);
    total = total + exchange * settings_.attempts;
  }
  return total;
}

}  // namespace ems::protocol
