// SPDX-License-Identifier: Apache-2.0
// emsctl tuf: the update client for a person, and for the conformance suite.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "ems/core/result.hpp"
#include "ems/ota/tuf/client.hpp"

namespace ems::cli {

/// Adds `tuf init|refresh|download|cases`.
void add_tuf_command(CLI::App& app);

/// The class of a failure: `too-large` for Errc::too_large.
[[nodiscard]] std::string tuf_class(const Error& error);

/// What a device's JSON object says. A key that is not known is an error: it might be a check.
///
/// @param folder What `factory_root` is relative to.
/// @param detail Which key, after an error.
/// @errors unknown_key, wrong_type, not_found  the factory's root; malformed  a date.
Result<ota::tuf::ClientSettings> tuf_device(const nlohmann::json& device,
                                            const std::filesystem::path& folder,
                                            std::string& detail);

/// Runs a file in the form of tests/vectors/ota/tuf/generated/index.json and prints the results.
/// @return An exit code.
int run_tuf_cases(const std::filesystem::path& index);

/// Reads a file whole.
/// @errors not_found, too_large, io.
Result<std::vector<std::byte>> read_whole(const std::filesystem::path& file, std::size_t size_max);

/// Prints `{"error": {"code": CLASS, "message": MESSAGE}}` on standard error.
void print_tuf_error(const Error& error, const std::string& message);

}  // namespace ems::cli
