// SPDX-License-Identifier: Apache-2.0
#include "ems/io/decode.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "ems/core/decimal.hpp"
#include "ems/io/can_recording.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "io/json_text.hpp"

namespace ems::io {
namespace {

using detail::json_text;
using detail::list_text;
using detail::ObjectText;

std::string number_text(std::int64_t value, Unit unit) {
  if (unit == Unit::boolean) return value != 0 ? "true" : "false";
  std::array<char, kDecimalTextSize> room{};
  return std::string(format_decimal(value, unit_info(unit).digits, room));
}

/// What was read of one device or module: per signal the elements, each a value or missing.
struct Device {
  std::map<Signal, std::map<std::uint16_t, std::optional<std::int64_t>>> signals;
  std::map<Signal, std::size_t> counts;  ///< Elements that the device says it has.
  std::map<TextField, std::string> texts;
};

/// Collects what a codec reads.
class Collector final : public ReadingSink {
 public:
  void reading(const Reading& reading) override {
    std::optional<std::int64_t> value;
    if (reading.quality != Quality::bad) value = reading.value;
    devices[reading.module].signals[reading.signal][reading.element] = value;
  }
  void missing(Signal signal, std::uint16_t element, std::uint8_t module) override {
    devices[module].signals[signal][element] = std::nullopt;
  }
  void element_count(Signal signal, std::uint16_t count, std::uint8_t module) override {
    devices[module].counts[signal] = count;
    devices[module].signals[signal];  // A list of none is printed too.
  }
  void text(TextField field, std::string_view text, std::uint8_t module) override {
    devices[module].texts[field] = text;
  }
  void acknowledged() override { ack = true; }
  void vendor_value(std::string_view name, std::int64_t value) override {
    vendor[std::string(name)] = std::to_string(value);
  }

  std::map<std::uint8_t, Device> devices;  ///< 0: the whole device.
  std::map<std::string, std::string> vendor;
  bool ack = false;
};

/// Names of the bits of `mask`, quoted.
template <class NameOf>
void append_bits(std::vector<std::string>& names, std::int64_t mask, const NameOf& name_of) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((static_cast<std::uint64_t>(mask) >> bit & 1U) != 0)
      names.push_back(json_text(name_of(bit)));
  }
}

std::string alarm_text(unsigned bit) {
  return std::string(alarm_name(bit).value_or("vendor:unnamed_" + std::to_string(bit)));
}

std::string vendor_alarm_text(const protocol::Codec& codec, unsigned bit) {
  const std::optional<std::string_view> name = codec.vendor_alarm_name(bit);
  return "vendor:" + (name ? std::string(*name) : "unnamed_" + std::to_string(bit));
}

std::optional<std::int64_t> scalar(const Device& device, Signal signal) {
  const auto found = device.signals.find(signal);
  if (found == device.signals.end() || found->second.empty()) return std::nullopt;
  return found->second.begin()->second;
}

/// `alarms` unites the common bits and the vendor's own. Absent when the device says neither, or
/// when one of them is there but unknown: half a list would look healthier than it is.
void add_alarms(ObjectText& object, const Device& device, const protocol::Codec& codec) {
  const std::optional<std::int64_t> common = scalar(device, Signal::alarms);
  const std::optional<std::int64_t> own = scalar(device, Signal::vendor_alarms);
  if (!common && !own) return;
  if (!common && device.signals.contains(Signal::alarms)) return;
  if (!own && device.signals.contains(Signal::vendor_alarms)) return;
  std::vector<std::string> names;
  append_bits(names, common.value_or(0), alarm_text);
  append_bits(names, own.value_or(0),
              [&codec](unsigned bit) { return vendor_alarm_text(codec, bit); });
  object.add("alarms", list_text(names));
}

void add_elements(ObjectText& object, const SignalInfo& info, const Device& device) {
  const auto& elements = device.signals.at(info.signal);
  const auto whole = elements.find(0);
  if (whole != elements.end()) {
    if (whole->second) {
      object.add(si_name_of_whole(info).view(), number_text(*whole->second, info.unit));
    }
    if (elements.size() == 1) return;
  }
  const auto counted = device.counts.find(info.signal);
  std::size_t size = counted == device.counts.end() ? 0 : counted->second;
  if (!elements.empty()) size = std::max<std::size_t>(size, elements.rbegin()->first);
  std::vector<std::string> items(size, "null");
  for (const auto& [element, value] : elements) {
    if (element > 0 && value) items[element - 1U] = number_text(*value, info.unit);
  }
  object.add(si_name(info).view(), list_text(items));
}

/// The members that one device has, in the catalogue's order.
ObjectText device_text(const Device& device, const protocol::Codec& codec) {
  ObjectText object;
  for (const auto& [signal, elements] : device.signals) {
    const SignalInfo* info = find_signal(signal);
    if (info == nullptr || signal == Signal::alarms || signal == Signal::vendor_alarms) continue;
    if (info->kind == SignalKind::element) {
      add_elements(object, *info, device);
      continue;
    }
    const std::optional<std::int64_t> value = scalar(device, signal);
    if (!value) continue;
    if (signal == Signal::warnings) {
      std::vector<std::string> names;
      append_bits(names, *value, alarm_text);
      object.add(info->name, list_text(names));
    } else {
      object.add(si_name(*info).view(), number_text(*value, info->unit));
    }
  }
  add_alarms(object, device, codec);
  for (const auto& [field, text] : device.texts) {
    if (field != TextField::manufacture_date) object.add(text_name(field), json_text(text));
  }
  return object;
}

/// Vendor values with `group.name` nested, and the texts that have no common name.
std::string vendor_text(const Collector& read, const Device& whole) {
  ObjectText object;
  std::map<std::string, ObjectText> groups;
  for (const auto& [name, value] : read.vendor) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) {
      object.add(name, value);
    } else {
      groups[name.substr(0, dot)].add(name.substr(dot + 1), value);
    }
  }
  for (const auto& [name, group] : groups) object.add(name, group.str());
  const auto date = whole.texts.find(TextField::manufacture_date);
  if (date != whole.texts.end()) object.add(text_name(date->first), json_text(date->second));
  return object.empty() ? std::string() : object.str();
}

std::string values_text(const Collector& read, const protocol::Codec& codec) {
  const auto found = read.devices.find(0);
  const Device whole = found == read.devices.end() ? Device{} : found->second;
  ObjectText object = device_text(whole, codec);
  const unsigned modules = read.devices.empty() ? 0U : read.devices.rbegin()->first;
  if (modules > 0) {
    std::vector<std::string> items(modules, "{}");
    for (const auto& [module, device] : read.devices) {
      if (module > 0) items[module - 1U] = device_text(device, codec).str();
    }
    object.add("modules", list_text(items));
  }
  if (read.ack) object.add("ack", "true");
  const std::string vendor = vendor_text(read, whole);
  if (!vendor.empty()) object.add("vendor", vendor);
  return object.str();
}

/// @param room  Holds the codec; outlives it.
Result<const protocol::PollCodec*> find_poll_codec(std::string_view protocol,
                                                   const protocol::CodecOptions& options,
                                                   protocol::CodecRoom& room) {
  const Result<const protocol::Codec*> codec = protocol::find_codec(protocol);
  if (!codec) return fail(codec.error());
  const protocol::PollCodec* poll = protocol::as_poll(**codec);
  if (poll == nullptr) {
    return fail(Errc::invalid_argument, 0,
                "this protocol has CAN frames, not requests and replies");
  }
  return poll->with(options, room);
}

/// @param room  Holds the codec; outlives it.
Result<const protocol::CanCodec*> find_can_codec(std::string_view protocol,
                                                 const protocol::CodecOptions& options,
                                                 protocol::CodecRoom& room) {
  const Result<const protocol::Codec*> codec = protocol::find_codec(protocol);
  if (!codec) return fail(codec.error());
  const protocol::CanCodec* can = protocol::as_can(**codec);
  if (can == nullptr) {
    return fail(Errc::invalid_argument, 0,
                "this protocol has requests and replies, not CAN frames");
  }
  return can->with(options, room);
}

}  // namespace

Result<std::string> decode_reply_to_json(const protocol::PollCodec& codec, Bytes request,
                                         Bytes reply) {
  Collector read;
  const Result<void> result = codec.decode(request, reply, read);
  if (!result) return fail(result.error());
  return values_text(read, codec);
}

Result<std::string> decode_to_json(const protocol::PollCodec& codec, Bytes request, Bytes reply) {
  if (!reply.empty() || request.empty()) return decode_reply_to_json(codec, request, reply);
  Collector read;
  const Result<void> result = codec.decode_request(request, read);
  if (!result) return fail(result.error());
  return values_text(read, codec);
}

Result<std::string> decode_reply_to_json(std::string_view protocol, Bytes request, Bytes reply,
                                         const protocol::CodecOptions& options) {
  protocol::CodecRoom room;
  const Result<const protocol::PollCodec*> codec = find_poll_codec(protocol, options, room);
  if (!codec) return fail(codec.error());
  return decode_reply_to_json(**codec, request, reply);
}

Result<std::string> decode_to_json(std::string_view protocol, Bytes request, Bytes reply,
                                   const protocol::CodecOptions& options) {
  protocol::CodecRoom room;
  const Result<const protocol::PollCodec*> codec = find_poll_codec(protocol, options, room);
  if (!codec) return fail(codec.error());
  return decode_to_json(**codec, request, reply);
}

Result<std::string> decode_can_to_json(std::string_view protocol,
                                       std::span<const protocol::CanFrame> frames,
                                       const protocol::CodecOptions& options) {
  protocol::CodecRoom room;
  const Result<const protocol::CanCodec*> codec = find_can_codec(protocol, options, room);
  if (!codec) return fail(codec.error());
  return decode_can_to_json(**codec, frames);
}

Result<std::string> decode_can_to_json(const protocol::CanCodec& codec,
                                       std::span<const protocol::CanFrame> frames) {
  Collector read;
  protocol::CanMailbox mailbox;
  bool any = false;
  for (const protocol::CanFrame& frame : frames) {
    if (!frame.valid()) return fail(Errc::out_of_range, 0, "not a classic CAN frame");
    const Result<protocol::CanTaken> taken = codec.decode(frame, Instant{}, mailbox, read);
    if (!taken) return fail(taken.error());
    any = any || *taken == protocol::CanTaken::decoded;
  }
  if (!any) return fail(Errc::header, 0, "none of the frames is of this protocol");
  return values_text(read, codec);
}

Result<std::string> decode_recording_to_json(std::string_view protocol,
                                             const std::filesystem::path& file,
                                             const protocol::CodecOptions& options) {
  protocol::CodecRoom room;
  const Result<const protocol::CanCodec*> codec = find_can_codec(protocol, options, room);
  if (!codec) return fail(codec.error());
  return decode_recording_to_json(**codec, file);
}

Result<std::string> decode_recording_to_json(const protocol::CanCodec& codec,
                                             const std::filesystem::path& file) {
  const Result<CanRecording> recording = read_can_recording(file);
  if (!recording) return fail(recording.error());
  Collector read;
  protocol::CanMailbox mailbox;
  std::size_t decoded = 0;
  std::size_t ignored = 0;
  for (const RecordedFrame& recorded : recording->frames) {
    const Result<protocol::CanTaken> taken =
        codec.decode(recorded.frame, Instant{recorded.at}, mailbox, read);
    if (taken) ++(*taken == protocol::CanTaken::decoded ? decoded : ignored);
  }
  if (decoded == 0) return fail(Errc::header, 0, "no frame of the recording is of this protocol");
  ObjectText frames;
  frames.add("decoded", decoded);
  frames.add("ignored", ignored);
  frames.add("refused", recording->frames.size() - decoded - ignored);
  frames.add("refused_lines", recording->refused);
  ObjectText object;
  object.add("values", values_text(read, codec));
  object.add("frames", frames.str());
  return object.str();
}

std::string error_to_json(const Error& error) {
  ObjectText object;
  object.add("error", detail::error_object(error));
  return object.str();
}

}  // namespace ems::io
