// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jbd/codec.hpp"

#include "ems/protocol/jbd/frame.hpp"
#include "ems/protocol/jbd/registers.hpp"
#include "protocol/jbd/in_place.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::jbd {
namespace {

constexpr std::uint8_t number_of(Register which) noexcept {
  return static_cast<std::uint8_t>(which);
}

constexpr PollItem kPollPlan[] = {
    {"basic info", number_of(Register::basic_info), 1},
    {"cell voltages", number_of(Register::cell_voltages), 1},
    {"device model", number_of(Register::device_model), 0},
    {"error counters", number_of(Register::error_counts), 60},
};

// 9600 baud moves the longest frame (262 bytes) in 273 ms; boards start answering within 100 ms.
constexpr Duration kReplyTimeout = milliseconds(500);

constexpr std::uint8_t kStart = 0xDD;
constexpr std::size_t kEchoAt = 1;
constexpr std::size_t kLengthAt = 3;
constexpr std::size_t kRequestRegisterAt = 2;

void give(ReadingSink& sink, Signal signal, std::int64_t value, std::uint16_t element = 0) {
  sink.reading({.signal = signal, .element = element, .value = value});
}

void publish(const BasicInfo& info, ReadingSink& sink) {
  give(sink, Signal::pack_voltage, info.pack_voltage.count());
  give(sink, Signal::pack_current, info.pack_current.count());
  if (info.soc) {
    give(sink, Signal::soc, info.soc->count());
  } else {
    sink.missing(Signal::soc, 0, 0);
  }
  give(sink, Signal::cycle_count, info.cycle_count);
  give(sink, Signal::remaining_capacity, info.remaining_capacity.count());
  give(sink, Signal::full_capacity, info.full_capacity.count());
  give(sink, Signal::cell_count, info.cell_count);
  sink.element_count(Signal::temperature, static_cast<std::uint16_t>(info.temperatures.size()), 0);
  std::uint16_t sensor = 0;
  for (const std::optional<MilliCelsius>& temperature : info.temperatures) {
    ++sensor;
    if (temperature) {
      give(sink, Signal::temperature, temperature->count(), sensor);
    } else {
      sink.missing(Signal::temperature, sensor, 0);
    }
  }
  give(sink, Signal::charge_fet_on, info.charge_fet_on ? 1 : 0);
  give(sink, Signal::discharge_fet_on, info.discharge_fet_on ? 1 : 0);
  give(sink, Signal::balancing, info.balance_mask != 0 ? 1 : 0);
  const Protection protection = split_protection(info.protection);
  give(sink, Signal::alarms, static_cast<std::int64_t>(protection.alarms));
  give(sink, Signal::vendor_alarms, static_cast<std::int64_t>(protection.vendor_alarms));

  FixedString<8> version;
  append_number(version, info.software_major, 1);
  version.append(".");
  append_number(version, info.software_minor, 1);
  sink.text(TextField::software_version, version.view(), 0);
  if (info.manufacture_date) {
    FixedString<12> date;
    append_number(date, info.manufacture_date->year, 4);
    date.append("-");
    append_number(date, info.manufacture_date->month, 2);
    date.append("-");
    append_number(date, info.manufacture_date->day, 2);
    sink.text(TextField::manufacture_date, date.view(), 0);
  }
  sink.vendor_value("balance_mask", info.balance_mask);
}

void publish(const CellVoltages& cells, ReadingSink& sink) {
  sink.element_count(Signal::cell_voltage, static_cast<std::uint16_t>(cells.size()), 0);
  std::uint16_t cell = 0;
  for (const MilliVolt voltage : cells) give(sink, Signal::cell_voltage, voltage.count(), ++cell);
}

void publish(const ErrorCounts& errors, ReadingSink& sink) {
  for (std::size_t i = 0; i < kErrorCounters; ++i) {
    sink.vendor_value(error_counter_name(i), errors.counts[i]);
  }
  if (errors.reboots) sink.vendor_value("reboots", *errors.reboots);
}

/// An error inside the payload, counted from the start of the frame.
Failure in_frame(const Error& error) noexcept {
  return fail(error.code, kPayloadAt + error.offset, error.what);
}

// Functions of their own, so that only one of the two values is on the stack.
[[gnu::noinline]] Result<void> publish_basic_info(Bytes payload, ReadingSink& sink) {
  BasicInfo info;
  const Result<void> read = detail::read_basic_info(payload, info);
  if (!read) return in_frame(read.error());
  publish(info, sink);
  return {};
}

[[gnu::noinline]] Result<void> publish_cell_voltages(Bytes payload, ReadingSink& sink) {
  CellVoltages cells;
  const Result<void> read = detail::read_cell_voltages(payload, cells);
  if (!read) return in_frame(read.error());
  publish(cells, sink);
  return {};
}

Result<void> publish_register(std::uint8_t number, bool write, Bytes payload, ReadingSink& sink) {
  constexpr const char* kNotRead = "libems does not read this JBD register";
  if (write != (number == number_of(Register::fet_control))) {
    return fail(Errc::unimplemented, kEchoAt, kNotRead);
  }
  switch (static_cast<Register>(number)) {
    case Register::basic_info:
      return publish_basic_info(payload, sink);
    case Register::cell_voltages:
      return publish_cell_voltages(payload, sink);
    case Register::device_model: {
      const Result<std::string_view> model = decode_model(payload);
      if (!model) return in_frame(model.error());
      if (!model->empty()) sink.text(TextField::device_model, *model, 0);
      return {};
    }
    case Register::error_counts: {
      const Result<ErrorCounts> errors = decode_error_counts(payload);
      if (!errors) return in_frame(errors.error());
      publish(*errors, sink);
      return {};
    }
    case Register::fet_control: {
      const Result<void> ack = decode_ack(payload);
      if (!ack) return fail(Errc::length, kLengthAt, ack.error().what);
      sink.acknowledged();
      return {};
    }
  }
  return fail(Errc::unimplemented, kEchoAt, kNotRead);
}

}  // namespace

const ProtocolInfo& Codec::info() const noexcept {
  static constexpr std::uint32_t kBitRates[] = {9600};
  static constexpr ProtocolInfo kInfo{.name = "jbd",
                                      .title = "JBD, Xiaoxiang, Overkill Solar, LLT",
                                      .evidence = Evidence::captured_frames,
                                      .bit_rates = kBitRates};
  return kInfo;
}

Result<const PollCodec*> Codec::with(const CodecOptions& options, CodecRoom& room) const noexcept {
  const Result<std::size_t> known = check_options(info(), options);
  if (!known) return fail(known.error());
  return &room.put(*this);
}

std::span<const PollItem> Codec::poll_plan() const noexcept { return kPollPlan; }

Duration Codec::reply_timeout() const noexcept { return kReplyTimeout; }

Result<std::size_t> Codec::encode_poll(std::uint8_t number, MutableBytes out) const noexcept {
  for (const PollItem& item : kPollPlan) {
    if (item.number == number) return encode_read(static_cast<Register>(number), out);
  }
  return fail(Errc::invalid_argument, 0, "not a number of the JBD poll plan");
}

Result<std::size_t> Codec::encode_switch(const SwitchCommand& command,
                                         MutableBytes out) const noexcept {
  return encode_fet_control(command, out);
}

FrameScan Codec::scan(Bytes request, Bytes received) const noexcept {
  const bool any = request.size() <= kRequestRegisterAt;
  const std::uint8_t wanted = any ? std::uint8_t{0} : load_u8(request, kRequestRegisterAt);
  std::size_t at = 0;
  for (; at < received.size(); ++at) {
    if (load_u8(received, at) != kStart) continue;
    const Bytes rest = received.subspan(at);
    if (!any && rest.size() > kEchoAt && load_u8(rest, kEchoAt) != wanted) continue;
    if (rest.size() <= kLengthAt) return {.noise = at, .size = 0};
    const std::size_t total = kFrameOverhead + load_u8(rest, kLengthAt);
    return {.noise = at, .size = rest.size() < total ? 0 : total};
  }
  return {.noise = at, .size = 0};
}

Result<void> Codec::decode(Bytes request, Bytes reply, ReadingSink& sink) const noexcept {
  bool write = false;
  std::uint8_t number = 0;
  if (!request.empty()) {
    const Result<Request> asked = parse_request(request);
    if (!asked) {
      return fail(Errc::invalid_argument, asked.error().offset, "not a sound JBD request");
    }
    write = asked->write;
    number = asked->number;
  } else if (reply.size() > kEchoAt) {
    number = load_u8(reply, kEchoAt);
    write = number == number_of(Register::fet_control);
  }
  const Result<Bytes> payload = parse_reply(number, reply);
  if (!payload) return fail(payload.error());
  return publish_register(number, write, *payload, sink);
}

Result<void> Codec::decode_request(Bytes request, ReadingSink& sink) const noexcept {
  const Result<Request> asked = parse_request(request);
  if (!asked) return fail(asked.error());
  const bool switches = asked->write && asked->number == number_of(Register::fet_control);
  if (switches && asked->data.size() != 2) {
    return fail(Errc::length, kLengthAt, "JBD transistor write without two bytes");
  }
  sink.vendor_value("request_register", asked->number);
  sink.vendor_value("request_write", asked->write ? 1 : 0);
  if (switches) {
    const unsigned off = load_u8(asked->data, 1);
    sink.vendor_value("charge_on", (off & 1U) == 0 ? 1 : 0);
    sink.vendor_value("discharge_on", (off & 2U) == 0 ? 1 : 0);
  }
  return {};
}

std::optional<std::string_view> Codec::vendor_alarm_name(unsigned bit) const noexcept {
  return protection_name(bit);
}

const Codec& codec() noexcept {
  static constexpr Codec kCodec;
  return kCodec;
}

}  // namespace ems::protocol::jbd
