// SPDX-License-Identifier: Apache-2.0
#include "io/dbc_search.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "ems/protocol/can_frame.hpp"

namespace ems::io::detail {

using protocol::can_map::Bits;

template <class Items>
void DbcSearch::not_found(const YAML::Node& node, std::string_view name, const std::string& what,
                          const Items& items) {
  std::vector<std::string_view> names;
  for (const auto& item : items) names.push_back(item.name);
  reader_.error(
      Errc::not_found, node,
      "'" + std::string(name) + "': " + name_ + " has no such " + what + suggestion(name, names));
}

const DbcMessage* DbcSearch::message(const YAML::Node& node, std::string_view name) {
  const auto found = std::ranges::find(dbc_.messages, name, &DbcMessage::name);
  if (found != dbc_.messages.end()) return &*found;
  not_found(node, name, "message", dbc_.messages);
  return nullptr;
}

std::optional<DbcSearch::Found> DbcSearch::find(const YAML::Node& node, std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == text.npos) {
    reader_.error(Errc::wrong_type, node, "'" + std::string(text) + "': expected Message.Signal");
    return std::nullopt;
  }
  const std::string_view name = text.substr(0, dot);
  const DbcMessage* in = message(node, name);
  if (in == nullptr) return std::nullopt;
  const auto signal = std::ranges::find(in->signals, text.substr(dot + 1), &DbcSignal::name);
  if (signal == in->signals.end()) {
    not_found(node, text.substr(dot + 1), "signal in " + std::string(name), in->signals);
    return std::nullopt;
  }
  return Found{in, &*signal};
}

std::vector<std::string_view> DbcSearch::numbered(const YAML::Node& node,
                                                  std::string_view pattern) {
  constexpr std::size_t kElementsMax = 1'024;
  const std::string quoted = "'" + std::string(pattern) + "'";
  const auto refused = [&](Errc code, const std::string& why) -> std::vector<std::string_view> {
    reader_.error(code, node, why);
    return {};
  };
  const std::size_t star = pattern.find('*');
  const std::size_t dot = pattern.find('.');
  if (star == pattern.npos || dot == pattern.npos || star < dot) {
    return refused(Errc::wrong_type, quoted + ": expected Message.Signal_*, * for the number");
  }
  const DbcMessage* in = message(node, pattern.substr(0, dot));
  if (in == nullptr) return {};
  const std::string_view before = pattern.substr(dot + 1, star - dot - 1);
  const std::string_view after = pattern.substr(star + 1);
  std::vector<std::pair<unsigned, std::string_view>> found;
  for (const DbcSignal& signal : in->signals) {
    std::string_view digits = signal.name;
    if (!digits.starts_with(before)) continue;
    digits.remove_prefix(before.size());
    if (!digits.ends_with(after)) continue;
    digits.remove_suffix(after.size());
    unsigned number = 0;
    const char* last = digits.data() + digits.size();
    const auto [end, code] = std::from_chars(digits.data(), last, number);
    if (code == std::errc{} && end == last) found.emplace_back(number, digits);
  }
  if (found.empty()) return refused(Errc::not_found, "no signal is called " + quoted);
  if (found.size() > kElementsMax) {
    return refused(Errc::out_of_range, quoted + ": more than 1024 elements");
  }
  std::ranges::sort(found);
  for (std::size_t i = 1; i < found.size(); ++i) {
    if (found[i].first - found[i - 1].first == 1) continue;
    return refused(Errc::unimplemented, quoted + ": " + std::string(found[i].second) + " follows " +
                                            std::string(found[i - 1].second) +
                                            "; the elements are counted, so none may be left out");
  }
  std::vector<std::string_view> all;
  for (const auto& [number, digits] : found) all.push_back(digits);
  return all;
}

std::optional<Bits> DbcSearch::place(const YAML::Node& node, const Found& found) {
  const DbcSignal& signal = *found.signal;
  if (signal.is_float) {
    refuse(node, found, Errc::unimplemented, "floating-point numbers are not read");
    return std::nullopt;
  }
  if (found.message->nested && signal.part) {
    refuse(node, found, Errc::unimplemented, "a message multiplexed twice is not read");
    return std::nullopt;
  }
  constexpr unsigned kBits = 8 * protocol::kCanDataSize;
  const unsigned first =
      signal.big_endian ? signal.start - signal.start % 8 + 7 - signal.start % 8 : signal.start;
  if (signal.start >= kBits || first + signal.size > kBits) {
    refuse(node, found, Errc::out_of_range, "does not lie within the 8 bytes of a CAN frame");
    return std::nullopt;
  }
  return Bits{.start = static_cast<std::uint8_t>(signal.start),
              .size = static_cast<std::uint8_t>(signal.size),
              .big_endian = signal.big_endian,
              .is_signed = signal.is_signed};
}

std::optional<std::int32_t> DbcSearch::value_of(const YAML::Node& node, const Found& found,
                                                const std::string& text) {
  std::int32_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, value);
  if (code == std::errc{} && end == last) return value;
  const auto named = std::ranges::find(found.signal->values, text, &DbcSignal::Name::name);
  if (named != found.signal->values.end() && std::in_range<std::int32_t>(named->value)) {
    return static_cast<std::int32_t>(named->value);
  }
  std::vector<std::string_view> names;
  for (const DbcSignal::Name& name : found.signal->values) names.push_back(name.name);
  refuse(node, found, Errc::not_found, "has no value '" + text + "'" + suggestion(text, names));
  return std::nullopt;
}

void DbcSearch::refuse(const YAML::Node& node, const Found& found, Errc code,
                       const std::string& why) {
  reader_.error(code, node,
                std::string(found.message->name) + "." + std::string(found.signal->name) + " (" +
                    name_ + ":" + std::to_string(found.signal->line) + "): " + why);
}

}  // namespace ems::io::detail
