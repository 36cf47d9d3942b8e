// SPDX-License-Identifier: Apache-2.0
// Files of vectors: what `emsctl decode --vectors` prints.
#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "ems/io/decode.hpp"
#include "ems/io/hex.hpp"
#include "ems/protocol/candump.hpp"
#include "ems/protocol/codec.hpp"
#include "io/json_text.hpp"

namespace ems::io {
namespace {

using Json = nlohmann::json;
using detail::error_object;
using detail::json_text;
using detail::list_text;
using detail::ObjectText;

/// Bytes of one `*_hex` member; nullopt when it is absent or null.
Result<std::optional<std::vector<std::byte>>> hex_member(const Json& vector, const char* key) {
  const auto found = vector.find(key);
  if (found == vector.end() || found->is_null()) return std::optional<std::vector<std::byte>>{};
  if (!found->is_string()) return fail(Errc::wrong_type, 0, "hexadecimal bytes must be a string");
  const Result<std::vector<std::byte>> bytes = parse_hex(found->get_ref<const std::string&>());
  if (!bytes) return fail(bytes.error());
  return std::optional{*bytes};
}

/// A number or a truth of a frame; what is absent is 0.
Result<std::uint32_t> number_member(const Json& frame, const char* key) {
  const auto found = frame.find(key);
  if (found == frame.end()) return std::uint32_t{0};
  if (found->is_boolean()) return found->get<bool>() ? 1U : 0U;
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > protocol::kCanExtendedIdMax) {
    return fail(Errc::wrong_type, 0, "a frame's numbers are 0 or more and fit an identifier");
  }
  return found->get<std::uint32_t>();
}

/// `{"id": 849, "ext": false, "data_hex": "1002C012C012C201"}`, `rtr` and `dlc` where it is remote.
Result<protocol::CanFrame> frame_of(const Json& frame) {
  if (!frame.is_object()) return fail(Errc::wrong_type, 0, "a frame must be an object");
  const Result<std::uint32_t> id = number_member(frame, "id");
  const Result<std::uint32_t> extended = number_member(frame, "ext");
  const Result<std::uint32_t> remote = number_member(frame, "rtr");
  const Result<std::uint32_t> dlc = number_member(frame, "dlc");
  for (const auto* member : {&id, &extended, &remote, &dlc}) {
    if (!*member) return fail(member->error());
  }
  const auto data = hex_member(frame, "data_hex");
  if (!data) return fail(data.error());
  if (!*data) return fail(Errc::missing_key, 0, "the frame has no data_hex");
  Result<protocol::CanFrame> made = protocol::make_can_frame(*id, *extended != 0, **data);
  if (made && *remote != 0) {
    made->remote = true;
    made->size = static_cast<std::uint8_t>(std::min<std::uint32_t>(*dlc, protocol::kCanDataSize));
    made->data = {};
  }
  return made;
}

Result<std::vector<protocol::CanFrame>> frames_of(const Json& list) {
  if (!list.is_array()) return fail(Errc::wrong_type, 0, "frames must be an array");
  std::vector<protocol::CanFrame> frames;
  for (const Json& item : list) {
    const Result<protocol::CanFrame> frame = frame_of(item);
    if (!frame) return fail(frame.error());
    frames.push_back(*frame);
  }
  return frames;
}

std::string flag_text(bool value) { return value ? "true" : "false"; }

std::string time_text(Duration time) {
  constexpr std::int64_t kMicros = 1'000'000;
  std::string micros = std::to_string(time.count() % kMicros);
  micros.insert(0, 6 - micros.size(), '0');
  return std::to_string(time.count() / kMicros) + "." + micros;
}

/// A line of a log as the vectors write it.
std::string record_text(const protocol::CandumpRecord& record) {
  using protocol::CandumpKind;
  constexpr unsigned kBitRateSwitch = 1;
  constexpr unsigned kErrorState = 2;
  ObjectText object;
  object.add("id", std::size_t{record.id});
  object.add("ext", flag_text(record.extended));
  object.add("data_hex", json_text(to_hex(record.payload())));
  if (record.kind == CandumpKind::remote) {
    object.add("rtr", "true");
    object.add("dlc", std::size_t{record.raw_dlc != 0 ? record.raw_dlc : record.size});
  } else if (record.raw_dlc != 0) {
    object.add("dlc", std::size_t{record.raw_dlc});
  }
  if (record.kind == CandumpKind::error) object.add("err", "true");
  if (record.kind == CandumpKind::fd) {
    object.add("fd", "true");
    object.add("brs", flag_text((record.fd_flags & kBitRateSwitch) != 0));
    object.add("esi", flag_text((record.fd_flags & kErrorState) != 0));
  }
  if (record.time) object.add("ts", json_text(time_text(*record.time)));
  object.add("dev", json_text(record.interface_name.view()));
  return object.str();
}

/// The lines of a log: what each holds, and the same lines written again.
Result<std::string> run_candump(const Json& vector) {
  ObjectText values;
  const auto wire = vector.find("wire_text");
  if (wire != vector.end()) {
    if (!wire->is_string()) return fail(Errc::wrong_type, 0, "wire_text must be a string");
    std::istringstream lines(wire->get_ref<const std::string&>());
    std::vector<std::string> frames;
    std::string written;
    std::size_t skipped = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const Result<protocol::CandumpRecord> record = protocol::parse_candump(line);
      if (!record) {
        ++skipped;
        continue;
      }
      frames.push_back(record_text(*record));
      std::array<char, protocol::kCandumpLineSize> room{};
      written += protocol::print_candump(*record, room);
      if (!lines.eof()) written += '\n';
    }
    values.add("frames", list_text(frames));
    values.add("wire_text", json_text(written));
    values.add("skipped", skipped);
  }
  const auto reject = vector.find("reject");
  if (reject != vector.end()) {
    if (!reject->is_array()) return fail(Errc::wrong_type, 0, "reject must be an array");
    std::size_t rejected = 0;
    for (const Json& line : *reject) {
      if (!line.is_string()) return fail(Errc::wrong_type, 0, "reject holds strings");
      if (!protocol::parse_candump(line.get_ref<const std::string&>())) ++rejected;
    }
    values.add("rejected", rejected);
  }
  if (values.empty())
    return fail(Errc::missing_key, 0, "the vector has no wire_text and no reject");
  return values.str();
}

/// A small number of `group`; what is absent stays as it is.
Result<void> read_option(const Json& group, const char* key, std::uint8_t& option) {
  const auto found = group.find(key);
  if (found == group.end() || found->is_null()) return {};
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > 0xFF) {
    return fail(Errc::wrong_type, 0, "a codec's numbers are 0 .. 255");
  }
  option = found->get<std::uint8_t>();
  return {};
}

/// Options of the codec, in `context` or `options`; other members there are not ours.
Result<protocol::CodecOptions> options_of(const Json& vector) {
  protocol::CodecOptions options;
  for (const char* name : {"context", "options"}) {
    const auto group = vector.find(name);
    if (group == vector.end() || group->is_null()) continue;
    if (!group->is_object()) return fail(Errc::wrong_type, 0, "context must be an object");
    if (const auto variant = group->find("variant"); variant != group->end()) {
      if (!variant->is_string()) return fail(Errc::wrong_type, 0, "variant must be a string");
      options.variant = variant->get_ref<const std::string&>();
    }
    std::uint8_t address = 0;
    for (const auto& [key, option] :
         {std::pair{"address", &address}, std::pair{"cell_count", &options.cell_count},
          std::pair{"temperature_count", &options.temperature_count}}) {
      const Result<void> read = read_option(*group, key, *option);
      if (!read) return fail(read.error());
    }
    if (group->contains("address")) options.address = address;
  }
  return options;
}

Result<std::string> run_poll(const protocol::PollCodec& plain, const Json& vector, Bytes request,
                             const std::optional<std::vector<std::byte>>& reply) {
  const Result<protocol::CodecOptions> options = options_of(vector);
  if (!options) return fail(options.error());
  protocol::CodecRoom room;
  const Result<const protocol::PollCodec*> codec = plain.with(*options, room);
  if (!codec) return fail(codec.error());
  if (reply) return decode_reply_to_json(**codec, request, *reply);
  if (request.empty()) {
    return fail(Errc::missing_key, 0, "the vector has no request and no response");
  }
  return decode_to_json(**codec, request, {});
}

Result<std::string> run_vector(const Json& vector) {
  if (!vector.is_object()) return fail(Errc::wrong_type, 0, "a vector must be an object");
  const auto protocol = vector.find("protocol");
  if (protocol == vector.end()) return fail(Errc::missing_key, 0, "the vector has no protocol");
  if (!protocol->is_string()) return fail(Errc::wrong_type, 0, "protocol must be a string");
  const auto& name = protocol->get_ref<const std::string&>();
  if (name == "candump-log" || name == "candump-console") return run_candump(vector);
  const Result<const protocol::Codec*> codec = protocol::find_codec(name);
  if (!codec) return fail(codec.error());
  const auto request = hex_member(vector, "request_hex");
  if (!request) return fail(request.error());
  const auto reply = hex_member(vector, "response_hex");
  if (!reply) return fail(reply.error());
  const std::vector<std::byte> asked = request->value_or(std::vector<std::byte>{});
  if (const auto frames = vector.find("frames"); frames != vector.end()) {
    const Result<std::vector<protocol::CanFrame>> sent = frames_of(*frames);
    if (!sent) return fail(sent.error());
    return decode_can_to_json(name, *sent);
  }
  const protocol::PollCodec* poll = protocol::as_poll(**codec);
  if (poll == nullptr) return fail(Errc::missing_key, 0, "the vector has no frames");
  return run_poll(*poll, vector, asked, *reply);
}

}  // namespace

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
