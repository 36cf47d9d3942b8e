// SPDX-License-Identifier: Apache-2.0
// emsctl decode: bytes of a battery into JSON.
#include <memory>
#include <string>

#include "command.hpp"
#include "ems/io/decode.hpp"
#include "ems/io/hex.hpp"

namespace ems::cli {
namespace {

struct DecodeOptions {
  std::string protocol;
  std::string request;
  std::string response;
  bool has_response = false;
  std::string vectors;
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

void decode(const DecodeOptions& options) {
  if (!options.vectors.empty()) {
    const Result<std::string> done = io::run_vectors(options.vectors);
    if (!done) end_with_json(done.error());
    return print(*done);
  }
  const std::vector<std::byte> request = bytes_of(options.request);
  const std::vector<std::byte> response = bytes_of(options.response);
  const Result<std::string> json =
      options.has_response ? io::decode_reply_to_json(options.protocol, request, response)
                           : io::decode_to_json(options.protocol, request, response);
  if (!json) end_with_json(json.error());
  print(*json);
}

}  // namespace

void add_decode_command(CLI::App& app) {
  const auto options = std::make_shared<DecodeOptions>();
  CLI::App* command = app.add_subcommand("decode", "Decode a battery's frame, or a vector file");
  command->add_option("--protocol", options->protocol, "Name of the protocol, e.g. jbd");
  command->add_option("--request", options->request, "The request, hexadecimal");
  CLI::Option* response =
      command->add_option("--response", options->response, "The reply, hexadecimal");
  command->add_option("--vectors", options->vectors, "Run a file of vectors instead");
  command->callback([options, response] {
    options->has_response = response->count() > 0;
    if (options->vectors.empty() && options->protocol.empty()) {
      throw CLI::RequiredError("--protocol (or --vectors)");
    }
    if (options->vectors.empty() && options->request.empty() && !options->has_response) {
      throw CLI::RequiredError("--request or --response");
    }
    decode(*options);
  });
}

}  // namespace ems::cli
