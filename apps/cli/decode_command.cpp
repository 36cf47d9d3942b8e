// SPDX-License-Identifier: Apache-2.0
// emsctl decode: bytes of a battery into JSON.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "ems/io/dbc.hpp"
#include "ems/io/decode.hpp"
#include "ems/io/hex.hpp"
#include "ems/protocol/candump.hpp"

namespace ems::cli {
namespace {

struct DecodeOptions {
  std::string protocol;
  std::string request;
  std::string response;
  bool has_response = false;
  std::string variant;
  std::optional<std::uint8_t> address;
  std::uint8_t cells = 0;
  std::uint8_t temperatures = 0;
  std::string vectors;
  std::vector<std::string> frames;
  std::string candump;
  std::string dbc;
  std::string map;
};

[[noreturn]] void end_with_json(const Error& error) {
  std::fprintf(stderr, "%s\n", io::error_to_json(error).c_str());
  throw CLI::RuntimeError(kExitFailure);
}

std::vector<std::byte> bytes_of(const std::string& hex) {
  Result<std::vector<std::byte>> bytes = io::parse_hex(hex);
  if (!bytes) end_with_json(bytes.error());
  return std::move(*bytes);
}

std::vector<protocol::CanFrame> frames_of(const std::vector<std::string>& texts) {
  std::vector<protocol::CanFrame> frames;
  for (const std::string& text : texts) {
    const Result<protocol::CandumpRecord> record = protocol::parse_can_text(text);
    if (!record) end_with_json(record.error());
    const Result<protocol::CanFrame> frame = protocol::to_can_frame(*record);
    if (!frame) end_with_json(frame.error());
    frames.push_back(*frame);
  }
  return frames;
}

void print_or_end(const Result<std::string>& json) {
  if (!json) end_with_json(json.error());
  print(*json);
}

/// A battery that a DBC file and a mapping describe.
void decode_described(const DecodeOptions& options) {
  const io::BatteryDescription made =
      io::describe_battery(std::filesystem::path(options.dbc), std::filesystem::path(options.map));
  if (made.battery == nullptr) {
    for (const io::PackError& error : made.errors) {
      std::fprintf(stderr, "%s\n", io::to_string(error).c_str());
    }
    throw CLI::RuntimeError(kExitFailure);
  }
  const protocol::CanCodec& codec = made.battery->codec();
  print_or_end(options.candump.empty() ? io::decode_can_to_json(codec, frames_of(options.frames))
                                       : io::decode_recording_to_json(codec, options.candump));
}

void decode(const DecodeOptions& options) {
  if (!options.dbc.empty()) return decode_described(options);
  if (!options.vectors.empty()) return print_or_end(io::run_vectors(options.vectors));
  const protocol::CodecOptions codec{.address = options.address,
                                     .variant = options.variant,
                                     .cell_count = options.cells,
                                     .temperature_count = options.temperatures};
  if (!options.candump.empty()) {
    return print_or_end(io::decode_recording_to_json(options.protocol, options.candump, codec));
  }
  if (!options.frames.empty()) {
    return print_or_end(io::decode_can_to_json(options.protocol, frames_of(options.frames), codec));
  }
  const std::vector<std::byte> request = bytes_of(options.request);
  const std::vector<std::byte> response = bytes_of(options.response);
  print_or_end(options.has_response
                   ? io::decode_reply_to_json(options.protocol, request, response, codec)
                   : io::decode_to_json(options.protocol, request, response, codec));
}

/// What the frames alone cannot tell.
std::vector<CLI::Option*> add_codec_options(CLI::App& command, DecodeOptions& options) {
  const CLI::Range byte(0, 255);
  return {
      command.add_option("--variant", options.variant, "Reading of the protocol: emsctl protocols"),
      command.add_option("--address", options.address, "Address of the battery")->check(byte),
      command.add_option("--cells", options.cells, "Cells in series; 0: not known")->check(byte),
      command
          .add_option("--temperatures", options.temperatures, "Temperature sensors; 0: not known")
          ->check(byte)};
}

}  // namespace

void add_decode_command(CLI::App& app) {
  const auto options = std::make_shared<DecodeOptions>();
  CLI::App* command = app.add_subcommand("decode", "Decode a battery's frames, or a vector file");
  CLI::Option* protocol = command->add_option(
      "--protocol", options->protocol, "Name of the protocol, as emsctl protocols prints it");
  CLI::Option* request =
      command->add_option("--request", options->request, "The request, hexadecimal");
  CLI::Option* response =
      command->add_option("--response", options->response, "The reply, hexadecimal");
  CLI::Option* frames = command->add_option(
      "FRAME", options->frames, "Frames of a CAN protocol, as candump writes them: 351#1002C012");
  CLI::Option* candump =
      command->add_option("--candump", options->candump, "A file of candump lines, or of its log");
  CLI::Option* vectors =
      command->add_option("--vectors", options->vectors, "Run a file of vectors instead");
  for (CLI::Option* option : {frames, candump, vectors}) {
    option->excludes(request)->excludes(response);
  }
  CLI::Option* dbc =
      command->add_option("--dbc", options->dbc, "A DBC file that describes the battery's frames");
  CLI::Option* map = command->add_option("--map", options->map, "What its signals mean, in YAML");
  dbc->needs(map)->excludes(protocol)->excludes(request)->excludes(response)->excludes(vectors);
  map->needs(dbc);
  for (CLI::Option* option : add_codec_options(*command, *options)) {
    vectors->excludes(option);
    dbc->excludes(option);
  }
  frames->excludes(candump)->excludes(vectors);
  candump->excludes(vectors);
  command->callback([options, response] {
    options->has_response = response->count() > 0;
    if (options->vectors.empty() && options->protocol.empty() && options->dbc.empty()) {
      throw CLI::RequiredError("--protocol (or --vectors, or --dbc)");
    }
    const bool any = options->has_response || !options->request.empty() ||
                     !options->frames.empty() || !options->candump.empty();
    if (options->vectors.empty() && !any) {
      throw CLI::RequiredError("--request, --response, --candump or a frame");
    }
    decode(*options);
  });
}

}  // namespace ems::cli
