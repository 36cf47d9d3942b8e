// SPDX-License-Identifier: Apache-2.0
/// @file The limits file (limits.yaml), its hash, and its acceptance by a person. Without an
/// accepted limits file a site is only monitored.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/io/config/diagnostic.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/safety/limits.hpp"

namespace ems::io {

/// SHA-256 of the canonical *effective* limits: chemistry and every value, defaults included, in
/// integer units, in the order of the schema table. Comments, spacing and the order of keys do not
/// change it; a changed default in a new version does, because what runs has changed.
struct LimitsHash {
  std::array<std::uint8_t, 32> bytes{};

  /// The first 8 bytes, big-endian: what a telemetry block header carries.
  [[nodiscard]] std::uint64_t prefix() const noexcept;
  /// 64 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  friend bool operator==(const LimitsHash&, const LimitsHash&) = default;
};

/// A whole limits file, checked against the absolute limits of its chemistry.
struct LimitsConfig {
  std::filesystem::path file;  ///< Where it was read from.
  safety::Chemistry chemistry{};
  safety::Limits limits;
  LimitsHash hash;
};

/// A person's acceptance of one set of limits.
struct LimitsAcceptance {
  LimitsHash hash;
  std::string name;  ///< Who accepted.
  UtcInstant accepted_at{};
};

/// Reads and checks a limits file; like load_site_config(). A limit wider than the absolute one is
/// `too_wide`, with the line of the key.
///
/// @thread_safety Any thread; reads the file once.
[[nodiscard]] Loaded<LimitsConfig> load_limits_config(const std::filesystem::path& path);

/// Like load_limits_config(), from text that was read already.
///
/// @thread_safety Pure function.
[[nodiscard]] Loaded<LimitsConfig> parse_limits_config(std::string_view text,
                                                       const std::filesystem::path& path);

/// Hash of effective limits.
///
/// @thread_safety Pure function.
[[nodiscard]] LimitsHash limits_hash(safety::Chemistry chemistry, const safety::Limits& limits);

/// The text whose SHA-256 is the hash: one `key=value` line per limit, integer units.
///
/// @thread_safety Pure function.
[[nodiscard]] std::string canonical_limits(safety::Chemistry chemistry,
                                           const safety::Limits& limits);

/// The same limits as a C++ header of constants, for the firmware: `ems::firmware::kLimits`,
/// `kChemistry` and `kLimitsHash` (LimitsHash::prefix()).
///
/// @thread_safety Pure function.
[[nodiscard]] std::string print_limits_header(const LimitsConfig& config);

/// Where the acceptance of a limits file lies: `<limits file>.accepted`.
[[nodiscard]] std::filesystem::path acceptance_path(const std::filesystem::path& limits_file);

/// Writes the acceptance beside the limits file: temporary file, fsync, rename, fsync of the
/// folder. After a power cut there is the old one or the new one.
///
/// @param name  Who accepts: 1 .. 128 bytes of printable UTF-8.
/// @errors      invalid_argument  the name is empty, too long or not printable.
///              io disk_full read_only permission_denied  the file could not be written; the old
///              one is untouched.
/// @thread_safety Any thread; concurrent calls for one file leave one of them.
[[nodiscard]] Result<void> accept_limits(const LimitsConfig& config, std::string_view name,
                                         UtcInstant now);

/// Reads an acceptance file.
///
/// @param path  From acceptance_path().
/// @errors      not_found  there is none.
///              corrupt    torn or not of the form that accept_limits() writes.
///              io         it cannot be read.
/// @thread_safety Any thread.
[[nodiscard]] Result<LimitsAcceptance> read_acceptance(const std::filesystem::path& path);

/// What a site may do, and in words why not more. The one answer that agent and tools share.
struct ControlPermission {
  bool control = false;                ///< Armed, and the limits are there, valid and accepted.
  std::string reason;                  ///< When control is false: one sentence for people.
  std::optional<LimitsConfig> limits;  ///< When the limits file is valid.
  std::optional<LimitsAcceptance> acceptance;  ///< When it matches the limits.
  std::vector<ConfigError> errors;             ///< Of the limits file.
};

/// Reads the limits file of a site and its acceptance, and decides. Missing, malformed, too wide,
/// changed since acceptance, made for another chemistry, never accepted, or `control: disarmed`:
/// monitor only.
///
/// @thread_safety Any thread; reads two files.
[[nodiscard]] ControlPermission control_permission(const SiteConfig& site);

}  // namespace ems::io
