// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <span>

#include "ems/io/clock.hpp"
#include "ems/io/utc_text.hpp"
#include "tuf_command.hpp"

namespace {

using ems::Errc;
using ems::fail;
using ems::Result;
using ems::ota::tuf::ClientSettings;
using nlohmann::json;

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::size_t kDaysMax = 3'650;

bool is_count(const json& value) {
  return value.is_number_unsigned() ||
         (value.is_number_integer() && value.get<std::int64_t>() >= 0);
}

bool is_strings(const json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const json& one) { return one.is_string(); });
}

ems::Failure wrong_type(const char* what) { return fail(Errc::wrong_type, 0, what); }

Result<void> take(ClientSettings& out, const std::string& key, const json& value,
                  const std::filesystem::path& folder) {
  if (key == "hardware_id") {
    if (!value.is_string()) return wrong_type("a text is wanted");
    out.device.hardware_id = value.get<std::string>();
  } else if (key == "installed_release_counter" || key == "security_floor") {
    if (!value.is_number_integer()) return wrong_type("an integer is wanted");
    auto& counter =
        key == "security_floor" ? out.device.security_floor : out.device.release_counter;
    counter = value.get<std::int64_t>();
  } else if (key == "capacity") {
    if (!is_count(value)) return wrong_type("a number of bytes is wanted");
    out.device.capacity = value.get<std::uint64_t>();
  } else if (key == "payloads") {
    if (!is_strings(value)) return wrong_type("a list of texts is wanted");
    out.device.payloads = value.get<std::vector<std::string>>();
  } else if (key == "offline_grace_days") {
    if (!is_count(value) || value.get<std::uint64_t>() > kDaysMax) {
      return wrong_type("a number of days up to 3650 is wanted");
    }
    out.offline_grace = ems::seconds(value.get<std::int64_t>() * kSecondsPerDay);
  } else if (key == "time_floor") {
    if (!value.is_string()) return wrong_type("a moment such as 2027-01-01T00:00:00Z is wanted");
    const auto at = ems::io::parse_utc(value.get<std::string>());
    if (!at) return fail(at.error());
    out.time_floor = *at;
  } else if (key == "factory_root") {
    if (!value.is_string()) return wrong_type("a file's name is wanted");
    auto root = ems::cli::read_whole(folder / value.get<std::string>(), out.limits.root_size);
    if (!root) return fail(root.error());
    out.factory_root = std::move(*root);
  } else {
    return fail(Errc::unknown_key, 0, "no such key of a device");
  }
  return {};
}

}  // namespace

Result<ClientSettings> ems::cli::tuf_device(const json& device, const std::filesystem::path& folder,
                                            std::string& detail) {
  ClientSettings out;
  if (device.is_null()) return out;
  if (!device.is_object()) return wrong_type("an object is wanted");
  for (const auto& [key, value] : device.items()) {
    detail = key;
    if (const auto taken = take(out, key, value, folder); !taken) return fail(taken.error());
  }
  return out;
}

Result<std::vector<std::byte>> ems::cli::read_whole(const std::filesystem::path& file,
                                                    std::size_t size_max) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return fail(Errc::not_found, 0, "no such file, or not readable");
  std::vector<std::byte> out;
  std::array<char, 16 * 1024> piece{};
  while (in.read(piece.data(), piece.size()), in.gcount() > 0) {
    const auto bytes = std::as_bytes(std::span{piece}.first(static_cast<std::size_t>(in.gcount())));
    if (bytes.size() > size_max - out.size()) {
      return fail(Errc::too_large, 0, "the file is too long");
    }
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  if (in.bad()) return fail(Errc::io, 0, "the file cannot be read");
  return out;
}
