// SPDX-License-Identifier: Apache-2.0
// The acceptance of limits: one small JSON file, written atomically, read strictly.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "ems/core/utc_text.hpp"
#include "ems/io/config/limits_config.hpp"
#include "io/config/document.hpp"

namespace ems::io {
namespace {

using config::Node;

constexpr std::size_t kNameMax = 128;

Errc errc_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Errc::disk_full;
    case EROFS:
      return Errc::read_only;
    case EACCES:
    case EPERM:
      return Errc::permission_denied;
    default:
      return Errc::io;
  }
}

/// Strict UTF-8 without control characters, quotes and backslashes, so that it needs no escapes.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) return false;
  if (name.front() == ' ' || name.back() == ' ') return false;
  for (std::size_t i = 0; i < name.size();) {
    const auto lead = static_cast<unsigned char>(name[i]);
    if (lead < 0x20 || lead == 0x7F || lead == '"' || lead == '\\') return false;
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC2 ? 9
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                             : lead < 0xF5 ? 3
                                           : 9;
    if (more == 9 || i + more >= name.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(name[i + k]) & 0xC0) != 0x80) return false;
    }
    const auto second = more > 0 ? static_cast<unsigned char>(name[i + 1]) : 0U;
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    const bool c1_control = lead == 0xC2 && second < 0xA0;
    if (overlong || beyond || c1_control) return false;
    i += more + 1;
  }
  return true;
}

std::string time_text(UtcInstant at) {
  UtcText room;
  return std::string(format_utc(at, 0, room));
}

std::optional<UtcInstant> parse_time(const std::string& text) {
  const Result<UtcInstant> at = parse_utc(text);
  if (!at || time_text(*at) != text) return std::nullopt;  // One way to write it.
  return *at;
}

std::optional<LimitsHash> parse_hash(std::string_view hex) {
  LimitsHash hash;
  if (hex.size() != 2 * hash.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    const int nibble = digit ? c - '0' : c - 'a' + 10;
    std::uint8_t& byte = hash.bytes[i / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | nibble);
  }
  return hash;
}

bool write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(descriptor, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fsync(descriptor) == 0;
}

/// Writes `text` to `path` so that a power cut leaves the old file or the new one.
Result<void> replace_file(const std::filesystem::path& path, std::string_view text) {
  std::string temporary = path.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return fail(errc_of(errno), 0, "the acceptance file cannot be written");
  constexpr mode_t kMode = 0644;
  bool done = write_whole(descriptor, text) && ::fchmod(descriptor, kMode) == 0;
  int error = errno;
  if (::close(descriptor) != 0 && done) {
    done = false;
    error = errno;
  }
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) {
    done = false;
    error = errno;
  }
  if (!done) {
    (void)::unlink(temporary.c_str());  // The first error is the one to report.
    return fail(errc_of(error), 0, "the acceptance file cannot be written");
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const int parent = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool durable = parent >= 0 && ::fsync(parent) == 0;
  error = errno;
  if (parent >= 0) (void)::close(parent);  // Opened for reading: nothing to lose.
  if (!durable) return fail(errc_of(error), 0, "the acceptance may not survive a power cut");
  return {};
}

}  // namespace

std::filesystem::path acceptance_path(const std::filesystem::path& limits_file) {
  std::filesystem::path path = limits_file;
  path += ".accepted";
  return path;
}

Result<void> accept_limits(const LimitsConfig& limits, std::string_view name, UtcInstant now) {
  if (!is_name(name)) {
    return fail(Errc::invalid_argument, 0,
                "a name is 1 to 128 bytes of printable UTF-8 without quotes and backslashes");
  }
  const std::string text = "{\n  \"hash\": \"" + limits.hash.hex() + "\",\n  \"name\": \"" +
                           std::string(name) + "\",\n  \"accepted_at\": \"" + time_text(now) +
                           "\"\n}\n";
  return replace_file(acceptance_path(limits.file), text);
}

Result<LimitsAcceptance> read_acceptance(const std::filesystem::path& path) {
  std::vector<ConfigError> errors;
  const std::optional<std::string> text = config::read_file(path, errors);
  if (!text) {
    const bool absent = errors.front().code == Errc::not_found;
    return fail(absent ? Errc::not_found : Errc::io, 0,
                absent ? "the limits were never accepted" : "the acceptance file cannot be read");
  }
  const Failure torn = fail(Errc::corrupt, 0, "the acceptance file is torn or was edited");
  const std::optional<Node> root = config::parse_document(*text, path.string(), errors);
  constexpr std::string_view kKeys[] = {"hash", "name", "accepted_at"};
  if (!root || root->kind != Node::Kind::map || root->keys.size() != std::size(kKeys)) return torn;
  for (std::size_t i = 0; i < std::size(kKeys); ++i) {
    if (root->keys[i].text != kKeys[i] || !root->items[i].quoted) return torn;
  }
  const std::optional<LimitsHash> hash = parse_hash(root->items[0].text);
  const std::string& name = root->items[1].text;
  const std::optional<UtcInstant> at = parse_time(root->items[2].text);
  if (!hash || !is_name(name) || !at) return torn;
  return LimitsAcceptance{*hash, name, *at};
}

ControlPermission control_permission(const SiteConfig& site) {
  ControlPermission out;
  const auto refuse = [&out](std::string reason) {
    out.reason = std::move(reason);
    return std::move(out);
  };
  if (!site.limits) return refuse("the site file names no limits file");
  Loaded<LimitsConfig> loaded = load_limits_config(*site.limits);
  if (!loaded) {
    out.errors = std::move(loaded.errors);
    return refuse("the limits file is not usable: " + out.errors.front().text());
  }
  out.limits = std::move(loaded.value);
  for (const BatteryConfig& battery : site.batteries) {
    if (battery.chemistry == out.limits->chemistry) continue;
    return refuse("the limits are for another chemistry than battery " +
                  std::to_string(battery.id));
  }
  const Result<LimitsAcceptance> acceptance = read_acceptance(acceptance_path(*site.limits));
  if (!acceptance) {
    return refuse(std::string(acceptance.error().what) +
                  "; a person accepts them with `emsctl limits accept --name NAME`");
  }
  if (acceptance->hash != out.limits->hash) {
    return refuse("the limits changed since " + acceptance->name +
                  " accepted them; a person accepts them with `emsctl limits accept --name NAME`");
  }
  out.acceptance = *acceptance;
  if (site.control != ControlMode::armed) return refuse("the site file says `control: disarmed`");
  out.control = true;
  return out;
}

}  // namespace ems::io
