// SPDX-License-Identifier: Apache-2.0
// Which battery protocol does a CAN bus speak? It listens, and sends nothing.
#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "ems/io/can_recording.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/detect.hpp"
#include "ems/io/link/can_endpoint.hpp"
#include "io/json_text.hpp"

namespace ems::io {
namespace {

using protocol::CanDetected;
using protocol::CanDetector;

/// How often it is asked whether somebody wants to end it.
constexpr auto kLookEvery = std::chrono::milliseconds(50);

/// The bit rate an slcan endpoint states; nullopt: `bus` has no adapter whose rate we set.
struct AdapterRate {
  std::optional<std::uint32_t> stated;
};
std::optional<AdapterRate> adapter_rate(const BatteryLink& bus) {
  if (const auto* slcan = std::get_if<SlcanEndpoint>(&bus)) return AdapterRate{slcan->bit_rate};
  if (const auto* slcan = std::get_if<SlcanTcpEndpoint>(&bus)) return AdapterRate{slcan->bit_rate};
  return std::nullopt;
}

bool is_live_can(const BatteryLink& bus) {
  return adapter_rate(bus) || std::holds_alternative<SocketcanEndpoint>(bus) ||
         std::holds_alternative<SocketcandEndpoint>(bus) ||
         std::holds_alternative<CannelloniEndpoint>(bus);
}

/// Those of the protocols; the rate that most of them have comes first.
std::vector<std::uint32_t> usual_rates() {
  std::vector<std::pair<std::uint32_t, int>> counts;
  for (const protocol::Codec* codec : protocol::codecs()) {
    const protocol::CanCodec* can = protocol::as_can(*codec);
    if (can == nullptr) continue;
    const auto known =
        std::ranges::find(counts, can->bit_rate(), &std::pair<std::uint32_t, int>::first);
    if (known == counts.end()) {
      counts.emplace_back(can->bit_rate(), 1);
    } else {
      ++known->second;
    }
  }
  std::ranges::stable_sort(counts, std::ranges::greater{}, &std::pair<std::uint32_t, int>::second);
  std::vector<std::uint32_t> rates;
  for (const auto& [rate, count] : counts) rates.push_back(rate);
  return rates;
}

void weigh(CanDetector& detector, CanDetection& detection) {
  detection.verdict = detector.weigh();
  detection.ranked.assign(detector.ranked().begin(), detector.ranked().end());
  detection.best = detector.found().size();
  detection.frames = detector.frames();
  detection.identifiers = detector.identifiers();
}

/// One run over one bus, on an executor of its own.
class Session {
 public:
  Session(const BatteryLink& bus, const CanListening& listening,
          const std::function<bool()>& cancelled)
      : bus_(bus),
        listening_(listening),
        cancelled_(cancelled),
        rates_(can_bit_rates(bus, listening)) {}

  CanDetection run() {
    asio::post(io_, [this] {
      open();
      look();
    });
    io_.run();
    if (link_) link_->close();
    if (rates_[rate_] != 0) result_.bit_rate = rates_[rate_];
    weigh(*detector_, result_);
    return std::move(result_);
  }

 private:
  void open() {
    until_.reset();
    refused_before_ = result_.refused;
    link_ = make_can_link(io_.get_executor(), bus_,
                          {.bit_rate = rates_[rate_], .listen_only = !listening_.acknowledge});
    link_->on_receive([this](const protocol::CanFrame& frame) { detector_->receive(frame); });
    link_->on_down([this](const LinkError& error) { failed(error); });
    link_->open([this](const LinkError* error) {
      if (error != nullptr) return failed(*error);
      until_ = clock_.now() + listening_.listen;
    });
  }

  void look() {
    if (cancelled_ && cancelled_()) {
      result_.cancelled = true;
      return io_.stop();
    }
    result_.refused = refused_before_ + link_->counters().refused;
    if (until_ && clock_.now() >= *until_) {
      // At a wrong rate an adapter hears nothing: one frame is proof of the right one.
      if (detector_->frames() > 0 || rate_ + 1 == rates_.size()) return io_.stop();
      link_->close();
      ++rate_;
      open();
    }
    timer_.expires_after(kLookEvery);
    timer_.async_wait([this](const std::error_code& error) {
      if (!error) look();
    });
  }

  void failed(const LinkError& error) {
    result_.failed = error;
    io_.stop();
  }

  const BatteryLink& bus_;
  const CanListening& listening_;
  const std::function<bool()>& cancelled_;
  const std::vector<std::uint32_t> rates_;
  std::size_t rate_ = 0;
  SystemClock clock_;
  asio::io_context io_;
  asio::steady_timer timer_{io_};
  std::unique_ptr<CanDetector> detector_ = std::make_unique<CanDetector>();
  std::unique_ptr<CanLink> link_;
  std::optional<Instant> until_;  ///< Once the bus is open.
  std::uint64_t refused_before_ = 0;
  CanDetection result_;
};

std::string object_of(const CanDetected& detected) {
  detail::ObjectText object;
  object.add("protocol", detail::json_text(detected.codec->name()));
  object.add("bit_rate", std::size_t{detected.codec->bit_rate()});
  object.add("messages", detected.messages);
  object.add("refused", detected.refused);
  object.add("telling", std::string_view(detected.telling ? "true" : "false"));
  return object.str();
}

/// The link's section of a site file, as its one line.
std::string link_section(const BatteryLink& bus, const std::string& bit_rate) {
  if (const auto* kernel = std::get_if<SocketcanEndpoint>(&bus)) {
    return "socketcan: {interface: " + kernel->interface_name + "}";
  }
  if (const auto* slcan = std::get_if<SlcanEndpoint>(&bus)) {
    const std::string baud =
        slcan->baud == SlcanEndpoint{}.baud ? "" : ", baud: " + std::to_string(slcan->baud);
    return "slcan: {device: " + slcan->device + baud + bit_rate + "}";
  }
  if (const auto* slcan = std::get_if<SlcanTcpEndpoint>(&bus)) {
    return "slcan_tcp: {address: \"" + to_address(slcan->address) + "\"" + bit_rate + "}";
  }
  if (const auto* server = std::get_if<SocketcandEndpoint>(&bus)) {
    return "socketcand: {address: \"" + to_address(server->address) + "\", bus: " + server->bus +
           "}";
  }
  const auto& udp = std::get<CannelloniEndpoint>(bus);
  return "cannelloni: {address: \"" + to_address(udp.address) + "\", listen: \"" +
         to_address(udp.listen) + "\"}";
}

CanDetection refusal(const char* why) {
  CanDetection detection;
  detection.failed = LinkError{fail(Errc::invalid_argument, 0, why).error, why};
  return detection;
}

}  // namespace

std::vector<std::uint32_t> can_bit_rates(const BatteryLink& bus, const CanListening& listening) {
  const std::optional<AdapterRate> adapter = adapter_rate(bus);
  if (!adapter) return {0};
  if (adapter->stated) return {*adapter->stated};
  if (listening.bit_rate) return {*listening.bit_rate};
  return usual_rates();
}

CanDetection detect_can(const BatteryLink& bus, const CanListening& listening,
                        const std::function<bool()>& cancelled) {
  EMS_ASSERT(listening.listen > Duration::zero());
  if (!is_live_can(bus)) return refusal("no live CAN bus");
  if (!adapter_rate(bus) && (listening.bit_rate || listening.acknowledge)) {
    return refusal("only an slcan adapter is told a bit rate, and whether to acknowledge");
  }
  if (listening.acknowledge && can_bit_rates(bus, listening).size() > 1) {
    return refusal(
        "at a wrong bit rate an adapter that acknowledges disturbs the bus: say the "
        "bit rate");
  }
  return Session(bus, listening, cancelled).run();
}

Result<CanDetection> detect_recording(const std::filesystem::path& file) {
  const Result<CanRecording> recording = read_can_recording(file);
  if (!recording) return fail(recording.error());
  CanDetector detector;
  for (const RecordedFrame& recorded : recording->frames) detector.receive(recorded.frame);
  CanDetection detection{.refused = recording->refused};
  weigh(detector, detection);
  return detection;
}

std::string site_lines(const BatteryLink& bus, const CanDetection& detection,
                       const CanDetected& detected) {
  std::string bit_rate;
  if (detection.bit_rate && *detection.bit_rate != detected.codec->bit_rate()) {
    bit_rate = ", bit_rate: " + std::to_string(*detection.bit_rate);
  }
  return "batteries:\n  - id: 1\n    protocol: " + std::string(detected.codec->name()) + "\n    " +
         link_section(bus, bit_rate) + "\n";
}

std::string to_json(const CanDetection& detection) {
  std::vector<std::string> found;
  std::vector<std::string> others;
  for (std::size_t i = 0; i < detection.ranked.size(); ++i) {
    (i < detection.best ? found : others).push_back(object_of(detection.ranked[i]));
  }
  detail::ObjectText heard;
  heard.add("frames", std::size_t{detection.frames});
  heard.add("identifiers", detection.identifiers);
  heard.add("refused", std::size_t{detection.refused});
  if (detection.bit_rate) heard.add("bit_rate", std::size_t{*detection.bit_rate});
  detail::ObjectText object;
  object.add("verdict", detail::json_text(to_string(detection.verdict)));
  object.add("found", detail::list_text(found));
  object.add("others", detail::list_text(others));
  object.add("heard", heard.str());
  return object.str();
}

}  // namespace ems::io
