// SPDX-License-Identifier: Apache-2.0
#include "ems/io/detect.hpp"

#include <algorithm>
#include <array>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "ems/io/clock.hpp"
#include "io/json_text.hpp"

namespace ems::io {
namespace {

using protocol::Detected;
using protocol::DetectVerdict;

/// How often it is asked whether somebody wants to end it.
constexpr Duration kLookEvery = milliseconds(50);

/// One run over one port, on an executor of its own.
class Session {
 public:
  Session(const DetectPort& port, const protocol::DetectSettings& settings,
          const DetectWatch& watch)
      : port_(port), watch_(watch), detector_(settings) {}

  Detection run() {
    asio::post(io_, [this] { pump(); });
    io_.run();
    if (link_) link_->close();
    result_.verdict = detector_.verdict();
    result_.found.assign(detector_.found().begin(), detector_.found().end());
    result_.heard = detector_.heard();
    return std::move(result_);
  }

 private:
  void pump() {
    const Instant now = clock_.now();
    if (watch_.cancelled && watch_.cancelled()) {
      result_.cancelled = true;
      return io_.stop();
    }
    std::array<std::byte, protocol::kRequestSize> request{};
    const protocol::DetectAction action = detector_.next(now, request);
    if (action.tried && watch_.tried) watch_.tried(*action.tried);
    if (detector_.verdict() != DetectVerdict::running) return io_.stop();
    if (action.open_at) {
      if (!opening_) open(*action.open_at);
    } else if (action.size > 0) {
      const Result<void> sent = link_->write(Bytes(request).first(action.size));
      if (!sent)
        return failed({sent.error(), std::string(link_->name()) + ": " + sent.error().what});
    }
    const Duration wait = std::clamp(action.wake_at - now, Duration::zero(), kLookEvery);
    timer_.expires_after(std::chrono::microseconds(wait.count()));
    timer_.async_wait([this](const std::error_code& error) {
      if (!error) pump();
    });
  }

  void open(std::uint32_t bit_rate) {
    opening_ = true;
    if (link_) link_->close();  // Its name is needed no more, its line is.
    if (const auto* tcp = std::get_if<TcpEndpoint>(&port_)) {
      link_ = make_tcp_link(io_.get_executor(), tcp->host, tcp->port);
    } else {
      link_ = make_serial_link(io_.get_executor(), {.device = std::get<std::string>(port_),
                                                    .baud = static_cast<int>(bit_rate)});
    }
    link_->on_receive([this](Bytes bytes) {
      detector_.receive(bytes, clock_.now());
      pump();
    });
    link_->on_down([this](const LinkError& error) { failed(error); });
    link_->open([this](const LinkError* error) {
      if (error != nullptr) return failed(*error);
      opening_ = false;
      detector_.line_open(clock_.now());
      pump();
    });
  }

  void failed(const LinkError& error) {
    result_.failed = error;
    io_.stop();
  }

  const DetectPort& port_;
  const DetectWatch& watch_;
  SystemClock clock_;
  asio::io_context io_;
  asio::steady_timer timer_{io_};
  std::unique_ptr<ByteLink> link_;
  protocol::Detector detector_;
  Detection result_;
  bool opening_ = false;
};

std::string names_of(std::uint32_t variants, std::span<const std::string_view> names) {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((variants >> i & 1U) != 0) list.push_back(detail::json_text(names[i]));
  }
  return detail::list_text(list);
}

std::string_view truth(bool value) { return value ? "true" : "false"; }

std::string object_of(const Detected& detected) {
  const protocol::DetectCandidate& candidate = detected.candidate;
  const protocol::ProtocolInfo& info = candidate.codec->info();
  detail::ObjectText object;
  object.add("protocol", detail::json_text(info.name));
  if (!candidate.variant.empty()) {
    object.add("variant", detail::json_text(candidate.variant));
    object.add("variants", names_of(detected.variants, info.variants));
  }
  if (candidate.address) object.add("address", std::size_t{*candidate.address});
  if (candidate.bit_rate != 0) object.add("bit_rate", std::size_t{candidate.bit_rate});
  object.add("asked", std::size_t{detected.asked});
  object.add("answered", std::size_t{detected.answered});
  if (detected.adds_up) object.add("adds_up", truth(*detected.adds_up));
  return object.str();
}

}  // namespace

protocol::DetectSettings settings_for(const DetectPort& port, protocol::DetectSettings settings) {
  if (std::holds_alternative<TcpEndpoint>(port)) settings.bit_rate = 0;
  return settings;
}

Detection detect_serial(const DetectPort& port, const protocol::DetectSettings& settings,
                        const DetectWatch& watch) {
  return Session(port, settings_for(port, settings), watch).run();
}

std::string site_lines(const DetectPort& port, const Detected& detected) {
  const protocol::DetectCandidate& candidate = detected.candidate;
  std::string text = "batteries:\n  - id: 1\n    protocol: ";
  text += candidate.codec->name();
  if (detected.asked > 0 && !candidate.variant.empty()) {
    text += "\n    variant: " + std::string(candidate.variant);
  }
  if (candidate.address) text += "\n    address: " + std::to_string(*candidate.address);
  if (const auto* tcp = std::get_if<TcpEndpoint>(&port)) {
    text += "\n    tcp: {address: \"" + to_address(*tcp) + "\"}\n";
  } else {
    text += "\n    serial: {device: " + std::get<std::string>(port) +
            ", baud: " + std::to_string(candidate.bit_rate) + "}\n";
  }
  return text;
}

std::string to_json(const Detection& detection) {
  std::vector<std::string> found;
  for (const Detected& one : detection.found) found.push_back(object_of(one));
  detail::ObjectText heard;
  heard.add("unasked_bytes", std::size_t{detection.heard.unasked});
  heard.add("bytes", std::size_t{detection.heard.bytes});
  for (std::size_t i = 0; i < protocol::kDetectOutcomes; ++i) {
    const auto outcome = static_cast<protocol::DetectOutcome>(i);
    heard.add(to_string(outcome), std::size_t{detection.heard.count(outcome)});
  }
  detail::ObjectText object;
  object.add("verdict", detail::json_text(to_string(detection.verdict)));
  object.add("found", detail::list_text(found));
  object.add("heard", heard.str());
  return object.str();
}

}  // namespace ems::io
