// SPDX-License-Identifier: Apache-2.0
// Files of vectors: what `emsctl decode --vectors` prints.
#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ems/io/decode.hpp"
#include "ems/io/hex.hpp"
#include "ems/protocol/codec.hpp"
#include "io/decode_transport.hpp"
#include "io/json_text.hpp"

namespace ems::io {
namespace {

using Json = nlohmann::json;
using detail::error_object;
using detail::ObjectText;

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
  const auto data = detail::hex_member(frame, "data_hex");
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
  if (const auto transport = detail::run_transport(name, vector)) return *transport;
  const Result<const protocol::Codec*> codec = protocol::find_codec(name);
  if (!codec) return fail(codec.error());
  const auto request = detail::hex_member(vector, "request_hex");
  if (!request) return fail(request.error());
  const auto reply = detail::hex_member(vector, "response_hex");
  if (!reply) return fail(reply.error());
  const std::vector<std::byte> asked = request->value_or(std::vector<std::byte>{});
  if (const auto frames = vector.find("frames"); frames != vector.end()) {
    const Result<std::vector<protocol::CanFrame>> sent = frames_of(*frames);
    if (!sent) return fail(sent.error());
    const Result<protocol::CodecOptions> options = options_of(vector);
    if (!options) return fail(options.error());
    return decode_can_to_json(name, *sent, *options);
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
