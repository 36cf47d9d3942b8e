// SPDX-License-Identifier: Apache-2.0
#include "ems/io/link/can_endpoint.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "ems/io/link/can_adapters.hpp"
#include "io/config/reader.hpp"

namespace ems::io {
namespace {

constexpr const char* kNoAddress = "CAN link: HOST:PORT expected";

/// The part of a text before a mark and the one behind it; the second is empty without the mark.
struct Halves {
  std::string_view before{};
  std::string_view behind{};
  bool marked = false;
};
Halves split_last(std::string_view text, char mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return {.before = text};
  return {text.substr(0, at), text.substr(at + 1), true};
}

/// A walk over a description, which knows where in it a piece stands.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  [[nodiscard]] Failure refuse(std::string_view piece, const char* what) const {
    return fail(Errc::syntax, static_cast<std::size_t>(piece.data() - text_.data()), what);
  }
  [[nodiscard]] Result<TcpEndpoint> address(std::string_view piece) const {
    TcpEndpoint endpoint;
    if (!config::parse_endpoint(piece, endpoint)) return refuse(piece, kNoAddress);
    return endpoint;
  }

 private:
  std::string_view text_;
};

Result<BatteryLink> parse_slcan(const Words& words, std::string_view rest) {
  const Halves halves = split_last(rest, '@');
  SlcanEndpoint endpoint;
  endpoint.device = halves.before;
  if (halves.before.empty()) return words.refuse(rest, "CAN link: a device expected");
  if (halves.marked) {
    const char* end = halves.behind.data() + halves.behind.size();
    const auto [at, error] = std::from_chars(halves.behind.data(), end, endpoint.baud);
    if (error != std::errc{} || at != end || endpoint.baud == 0) {
      return words.refuse(halves.behind, "CAN link: the tty's rate expected behind @");
    }
  }
  return BatteryLink(std::move(endpoint));
}

Result<BatteryLink> parse_socketcand(const Words& words, std::string_view rest) {
  const Halves halves = split_last(rest, '/');
  if (halves.marked && halves.behind.empty()) {
    return words.refuse(halves.behind, "CAN link: the name of a bus expected behind /");
  }
  const Result<TcpEndpoint> address = words.address(halves.before);
  if (!address) return fail(address.error());
  return BatteryLink(
      SocketcandEndpoint{*address, halves.marked ? std::string(halves.behind) : "can0"});
}

Result<BatteryLink> parse_cannelloni(const Words& words, std::string_view rest) {
  const std::size_t comma = rest.find(',');
  const Result<TcpEndpoint> peer = words.address(rest.substr(0, comma));
  if (!peer) return fail(peer.error());
  CannelloniEndpoint endpoint{*peer, {"0.0.0.0", CannelloniOptions{}.listen_port}};
  if (comma == std::string_view::npos) return BatteryLink(std::move(endpoint));
  const Result<TcpEndpoint> listen = words.address(rest.substr(comma + 1));
  if (!listen) return fail(listen.error());
  endpoint.listen = *listen;
  return BatteryLink(std::move(endpoint));
}

}  // namespace

Result<BatteryLink> parse_can_endpoint(std::string_view text) {
  const Words words(text);
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view rest =
      text.substr(colon == std::string_view::npos ? text.size() : colon + 1);
  if (kind == "slcan") return parse_slcan(words, rest);
  if (kind == "socketcand") return parse_socketcand(words, rest);
  if (kind == "cannelloni") return parse_cannelloni(words, rest);
  if (kind == "slcan_tcp") {
    const Result<TcpEndpoint> address = words.address(rest);
    if (!address) return fail(address.error());
    return BatteryLink(SlcanTcpEndpoint{*address, std::nullopt});
  }
  if (kind != "socketcan") {
    return words.refuse(text,
                        "CAN link: socketcan:, slcan:, slcan_tcp:, socketcand: or "
                        "cannelloni: expected");
  }
  if (rest.empty()) return words.refuse(rest, "CAN link: an interface expected");
  return BatteryLink(SocketcanEndpoint{std::string(rest)});
}

std::unique_ptr<CanLink> make_can_link(const asio::any_io_executor& executor,
                                       const BatteryLink& endpoint, const CanOpening& opening) {
  const auto slcan_of = [&](std::unique_ptr<ByteLink> stream, std::optional<std::uint32_t> rate) {
    return make_slcan_link(
        executor, std::move(stream),
        {.bit_rate = rate.value_or(opening.bit_rate), .listen_only = opening.listen_only});
  };
  const auto tcp_to = [&](const TcpEndpoint& address) {
    return make_tcp_link(executor, address.host, address.port);
  };
  if (const auto* recording = std::get_if<CandumpEndpoint>(&endpoint)) {
    return make_candump_link(executor, {.file = recording->file, .repeat = recording->repeat});
  }
  if (const auto* kernel = std::get_if<SocketcanEndpoint>(&endpoint)) {
    return make_socketcan_link(executor, kernel->interface_name);
  }
  if (const auto* slcan = std::get_if<SlcanEndpoint>(&endpoint)) {
    return slcan_of(make_serial_link(executor, {slcan->device, static_cast<int>(slcan->baud)}),
                    slcan->bit_rate);
  }
  if (const auto* slcan = std::get_if<SlcanTcpEndpoint>(&endpoint)) {
    return slcan_of(tcp_to(slcan->address), slcan->bit_rate);
  }
  if (const auto* server = std::get_if<SocketcandEndpoint>(&endpoint)) {
    return make_socketcand_link(executor, tcp_to(server->address), server->bus);
  }
  if (const auto* udp = std::get_if<CannelloniEndpoint>(&endpoint)) {
    return make_cannelloni_link(executor, {.host = udp->address.host,
                                           .port = udp->address.port,
                                           .listen_host = udp->listen.host,
                                           .listen_port = udp->listen.port});
  }
  return nullptr;
}

}  // namespace ems::io
