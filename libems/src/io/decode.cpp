// SPDX-License-Identifier: Apache-2.0
#include "ems/io/decode.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "ems/core/decimal.hpp"
#include "ems/io/hex.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::io {
namespace {

using Json = nlohmann::json;

std::string json_text(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The text of a JSON object that grows key by key. Numbers stay text: no double in between.
class ObjectText {
 public:
  void add(std::string_view key, std::string_view value) {
    if (!members_.empty()) members_ += ", ";
    members_ += json_text(key);
    members_ += ": ";
    members_ += value;
  }
  [[nodiscard]] bool empty() const { return members_.empty(); }
  [[nodiscard]] std::string str() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

std::string list_text(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) {
    if (text.size() > 1) text += ", ";
    text += item;
  }
  return text + "]";
}

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

std::string error_object(const Error& error) {
  ObjectText object;
  object.add("code", json_text(to_string(error.code)));
  object.add("offset", std::to_string(error.offset));
  object.add("message", json_text(error.what));
  return object.str();
}

/// Bytes of one `*_hex` member; nullopt when it is absent or null.
Result<std::optional<std::vector<std::byte>>> hex_member(const Json& vector, const char* key) {
  const auto found = vector.find(key);
  if (found == vector.end() || found->is_null()) return std::optional<std::vector<std::byte>>{};
  if (!found->is_string()) return fail(Errc::wrong_type, 0, "hexadecimal bytes must be a string");
  const Result<std::vector<std::byte>> bytes = parse_hex(found->get_ref<const std::string&>());
  if (!bytes) return fail(bytes.error());
  return std::optional{*bytes};
}

Result<std::string> run_vector(const Json& vector) {
  if (!vector.is_object()) return fail(Errc::wrong_type, 0, "a vector must be an object");
  const auto protocol = vector.find("protocol");
  if (protocol == vector.end()) return fail(Errc::missing_key, 0, "the vector has no protocol");
  if (!protocol->is_string()) return fail(Errc::wrong_type, 0, "protocol must be a string");
  const auto& name = protocol->get_ref<const std::string&>();
  const Result<const protocol::Codec*> codec = protocol::find_codec(name);
  if (!codec) return fail(codec.error());
  const auto request = hex_member(vector, "request_hex");
  if (!request) return fail(request.error());
  const auto reply = hex_member(vector, "response_hex");
  if (!reply) return fail(reply.error());
  const std::vector<std::byte> asked = request->value_or(std::vector<std::byte>{});
  if (*reply) return decode_reply_to_json(name, asked, **reply);
  if (!*request) return fail(Errc::missing_key, 0, "the vector has no request and no response");
  return decode_to_json(name, asked, {});
}

Result<const protocol::PollCodec*> find_poll_codec(std::string_view protocol) {
  const Result<const protocol::Codec*> codec = protocol::find_codec(protocol);
  if (!codec) return fail(codec.error());
  const protocol::PollCodec* poll = protocol::as_poll(**codec);
  if (poll == nullptr) {
    return fail(Errc::invalid_argument, 0,
                "this protocol has CAN frames, not requests and replies");
  }
  return poll;
}

}  // namespace

Result<std::string> decode_reply_to_json(std::string_view protocol, Bytes request, Bytes reply) {
  const Result<const protocol::PollCodec*> codec = find_poll_codec(protocol);
  if (!codec) return fail(codec.error());
  Collector read;
  const Result<void> result = (*codec)->decode(request, reply, read);
  if (!result) return fail(result.error());
  return values_text(read, **codec);
}

Result<std::string> decode_to_json(std::string_view protocol, Bytes request, Bytes reply) {
  if (!reply.empty() || request.empty()) return decode_reply_to_json(protocol, request, reply);
  const Result<const protocol::PollCodec*> codec = find_poll_codec(protocol);
  if (!codec) return fail(codec.error());
  Collector read;
  const Result<void> result = (*codec)->decode_request(request, read);
  if (!result) return fail(result.error());
  return values_text(read, **codec);
}

std::string error_to_json(const Error& error) {
  ObjectText object;
  object.add("error", error_object(error));
  return object.str();
}

Result<std::string> run_vectors(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(Errc::io, 0, "the vector file cannot be opened");
  std::string text;
  std::array<char, 4096> block{};
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) return fail(Errc::io, 0, "the vector file cannot be read");
  Json vectors;
  try {
    vectors = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return fail(Errc::syntax, error.byte, "the vector file is not JSON");
  }
  if (!vectors.is_array()) return fail(Errc::syntax, 0, "the vector file is not a JSON array");
  std::string out = "[";
  for (const Json& vector : vectors) {
    out += out.size() > 1 ? ",\n" : "\n";
    ObjectText element;
    const Json id = vector.is_object() ? vector.value("id", Json()) : Json();
    element.add("id", id.dump(-1, ' ', false, Json::error_handler_t::replace));
    const Result<std::string> values = run_vector(vector);
    element.add(values ? "values" : "error", values ? *values : error_object(values.error()));
    out += element.str();
  }
  return out + "\n]";
}

}  // namespace ems::io
