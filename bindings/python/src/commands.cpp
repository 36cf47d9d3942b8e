// SPDX-License-Identifier: Apache-2.0
// What to send to a battery that is asked: requests of its poll plan, and orders.
#include <array>

#include "codec_keywords.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

constexpr int kMilli = 3;

/// A protocol of requests and replies with what the keywords say.
class Asked {
 public:
  Asked(const std::string& protocol, const CodecKeywords& given) {
    const protocol::Codec* codec = take(protocol::find_codec(protocol));
    const protocol::PollCodec* poll = protocol::as_poll(*codec);
    if (poll == nullptr) raise(Errc::invalid_argument, 0, "a battery on CAN speaks by itself");
    codec_ = take(poll->with(options_of(given), room_));
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  const protocol::PollCodec* operator->() const { return codec_; }

 private:
  protocol::CodecRoom room_;
  const protocol::PollCodec* codec_ = nullptr;
};

template <class Encode>
py::bytes request(Encode encode) {
  std::array<std::byte, protocol::kRequestSize> room{};
  const std::size_t size = take(encode(MutableBytes(room)));
  return {reinterpret_cast<const char*>(room.data()), size};
}

/// [(name, request, every)].
py::list poll_requests(const std::string& protocol, const CodecKeywords& given) {
  const Asked codec(protocol, given);
  py::list items;
  for (const protocol::PollItem& item : codec->poll_plan()) {
    const py::bytes bytes =
        request([&](MutableBytes room) { return codec->encode_poll(item.number, room); });
    items.append(py::make_tuple(text(item.name), bytes, item.every));
  }
  return items;
}

py::bytes encode_switch(const std::string& protocol, bool charge_on, bool discharge_on,
                        const CodecKeywords& given) {
  const Asked codec(protocol, given);
  return request([&](MutableBytes room) {
    return codec->encode_switch({.charge_on = charge_on, .discharge_on = discharge_on}, room);
  });
}

/// @param limits  Charge and discharge voltage, V; charge and discharge current, A.
py::bytes encode_limits(const std::string& protocol, const py::tuple& limits,
                        const CodecKeywords& given) {
  const Asked codec(protocol, given);
  const auto milli = [&limits](std::size_t place) {
    return count32_of(py::object(limits[place]), kMilli);
  };
  const protocol::LimitCommand command{.charge_voltage = MilliVolt{milli(0)},
                                       .discharge_voltage = MilliVolt{milli(1)},
                                       .charge_current = MilliAmp{milli(2)},
                                       .discharge_current = MilliAmp{milli(3)}};
  return request([&](MutableBytes room) { return codec->encode_limits(command, room); });
}

/// Seconds; 0: the battery never forgets them.
double limits_lease_s(const std::string& protocol) {
  constexpr double kMicrosPerSecond = 1e6;
  const Asked codec(protocol, {});
  return static_cast<double>(codec->limits_lease().count()) / kMicrosPerSecond;
}

py::bytes encode_balance(const std::string& protocol, bool on, const CodecKeywords& given) {
  const Asked codec(protocol, given);
  return request([&](MutableBytes room) { return codec->encode_balance({.on = on}, room); });
}

}  // namespace

void register_commands(py::module_& module) {
  module.def("poll_requests", &poll_requests);
  module.def("encode_switch", &encode_switch);
  module.def("encode_limits", &encode_limits);
  module.def("limits_lease_s", &limits_lease_s);
  module.def("encode_balance", &encode_balance);
}

}  // namespace ems::python
