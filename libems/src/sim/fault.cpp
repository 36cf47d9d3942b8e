// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/fault.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "text.hpp"

namespace ems::sim {
namespace {

constexpr double kLongest_s = 1e9;
constexpr double kLargest_w = 1e8;
constexpr double kMilli = 1e-3;

constexpr std::pair<std::string_view, FaultKind> kKinds[] = {
    {"silence", FaultKind::silence},
    {"garbage", FaultKind::garbage},
    {"wrong_sign", FaultKind::wrong_sign},
    {"stuck", FaultKind::stuck},
    {"slow", FaultKind::slow},
    {"load_peak", FaultKind::load_peak},
    {"cell_voltage", FaultKind::cell_voltage},
};
constexpr std::pair<std::string_view, Device> kDeviceNames[] = {
    {"battery", Device::battery}, {"meter", Device::meter}, {"pcs", Device::pcs}};

/// One `key=value` of a fault.
struct Pair {
  std::string_view key, value;
  std::size_t at = 0;
};

bool is_separator(char c) { return c == ',' || c == ' ' || c == '\t' || c == '\r'; }

Result<std::vector<Pair>> pairs_of(std::string_view text) {
  std::vector<Pair> pairs;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_separator(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_separator(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == word.size()) {
      return fail(Errc::syntax, at, "fault: expected key=value");
    }
    const Pair pair{word.substr(0, equals), word.substr(equals + 1), at};
    for (const Pair& other : pairs) {
      if (other.key == pair.key) return fail(Errc::already_exists, at, "fault: key given twice");
    }
    pairs.push_back(pair);
    at = end;
  }
  return pairs;
}

template <class T, std::size_t kSize>
std::optional<T> by_name(const std::pair<std::string_view, T> (&table)[kSize],
                         std::string_view name) {
  for (const auto& [text, value] : table) {
    if (text == name) return value;
  }
  return std::nullopt;
}

template <class T, std::size_t kSize>
std::string_view name_of(const std::pair<std::string_view, T> (&table)[kSize], T value) {
  for (const auto& [text, candidate] : table) {
    if (candidate == value) return text;
  }
  return "unknown";
}

/// Keys of a kind beyond kind, at and for.
bool belongs(FaultKind kind, std::string_view key) {
  if (key == "at" || key == "for" || key == "kind") return true;
  switch (kind) {
    case FaultKind::load_peak:
      return key == "w";
    case FaultKind::cell_voltage:
      return key == "cell" || key == "mv" || key == "to_mv" || key == "device";
    case FaultKind::slow:
      return key == "device" || key == "delay_ms";
    case FaultKind::silence:
    case FaultKind::garbage:
    case FaultKind::wrong_sign:
    case FaultKind::stuck:
      return key == "device";
  }
  return false;
}

/// Puts one number into the fault.
Result<void> take_number(Fault& fault, const Pair& pair, Instant base) {
  const std::optional<double> number = text::number(pair.value);
  if (!number) return fail(Errc::syntax, pair.at, "fault: not a number");
  const double x = *number;
  const auto within = [x](double lo, double hi) { return x >= lo && x <= hi; };
  constexpr double kMicro = 1e-6;
  bool good = true;
  if (pair.key == "at") {
    good = within(0.0, kLongest_s);
    if (good) fault.at = base + text::duration_of_s(x);
  } else if (pair.key == "for") {
    good = within(kMicro, kLongest_s);
    if (good) fault.lasts = text::duration_of_s(x);
  } else if (pair.key == "w") {
    good = within(0.0, kLargest_w);
    fault.extra_load_w = x;
  } else if (pair.key == "cell") {
    constexpr double kMostCells = 32.0;
    good = within(1.0, kMostCells) && std::floor(x) == x;
    if (good) fault.cell = static_cast<std::size_t>(x);
  } else if (pair.key == "mv") {
    constexpr double kLargest_mv = 10'000.0;
    good = within(-kLargest_mv, kLargest_mv);
    fault.cell_add_v = x * kMilli;
  } else if (pair.key == "to_mv") {
    constexpr double kLargest_mv = 65'000.0;
    good = within(0.0, kLargest_mv);
    fault.cell_to_v = x * kMilli;
  } else if (pair.key == "delay_ms") {
    good = within(1.0, kLongest_s);
    if (good) fault.delay = text::duration_of_s(x * kMilli);
  }
  if (!good) return fail(Errc::out_of_range, pair.at, "fault: value out of range");
  return {};
}

const Pair* find(const std::vector<Pair>& pairs, std::string_view key) {
  const auto it =
      std::find_if(pairs.begin(), pairs.end(), [key](const Pair& pair) { return pair.key == key; });
  return it == pairs.end() ? nullptr : &*it;
}

Result<void> check_complete(const std::vector<Pair>& pairs, FaultKind kind) {
  const auto has = [&pairs](std::string_view key) { return find(pairs, key) != nullptr; };
  if (!has("for")) return fail(Errc::missing_key, 0, "fault: for= is missing");
  if (kind == FaultKind::load_peak) {
    if (!has("w")) return fail(Errc::missing_key, 0, "fault: load_peak needs w=");
  } else if (kind == FaultKind::cell_voltage) {
    if (!has("cell")) return fail(Errc::missing_key, 0, "fault: cell_voltage needs cell=");
    if (has("mv") == has("to_mv")) {
      return fail(Errc::missing_key, 0, "fault: cell_voltage needs one of mv=, to_mv=");
    }
  } else if (!has("device")) {
    return fail(Errc::missing_key, 0, "fault: device= is missing");
  } else if (kind == FaultKind::slow && !has("delay_ms")) {
    return fail(Errc::missing_key, 0, "fault: slow needs delay_ms=");
  }
  return {};
}

/// A word of a control line and where it begins.
struct Word {
  std::string_view text;
  std::size_t at = 0;
};

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < line.size();) {
    if (is_separator(line[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < line.size() && !is_separator(line[end])) ++end;
    words.push_back({line.substr(at, end - at), at});
    at = end;
  }
  return words;
}

Result<ControlCommand> control_fault(const Fault& parts, const std::vector<Pair>& pairs,
                                     Instant now) {
  ControlCommand command{ControlCommand::Verb::fault, parts};
  command.fault.at = now;
  for (const Pair& pair : pairs) {
    if (const Result<void> taken = take_number(command.fault, pair, now); !taken) {
      return fail(taken.error());
    }
  }
  return command;
}

/// `fault DEVICE KIND SECONDS [delay_ms=N]`
Result<ControlCommand> control_device(const std::vector<Word>& words, Instant now) {
  if (words.size() < 4) return fail(Errc::missing_key, 0, "usage: fault DEVICE KIND SECONDS");
  Fault fault;
  const auto device = by_name(kDeviceNames, words[1].text);
  if (!device) return fail(Errc::unknown_key, words[1].at, "fault: no such device");
  const auto kind = by_name(kKinds, words[2].text);
  if (!kind || !belongs(*kind, "device") || *kind == FaultKind::cell_voltage) {
    return fail(Errc::unknown_key, words[2].at, "fault: no such kind for a device");
  }
  fault.device = *device;
  fault.kind = *kind;
  std::vector<Pair> pairs{{"for", words[3].text, words[3].at}};
  const bool slow = *kind == FaultKind::slow;
  if (words.size() != (slow ? 5u : 4u)) {
    return fail(Errc::syntax, words.back().at, "fault: slow takes delay_ms=N, others no more");
  }
  if (slow) {
    constexpr std::string_view kKey = "delay_ms=";
    if (!words[4].text.starts_with(kKey)) {
      return fail(Errc::missing_key, words[4].at, "fault: slow needs delay_ms=");
    }
    pairs.push_back({"delay_ms", words[4].text.substr(kKey.size()), words[4].at});
  }
  return control_fault(fault, pairs, now);
}

/// `load +W for SECONDS`
Result<ControlCommand> control_load(const std::vector<Word>& words, Instant now) {
  if (words.size() != 4 || words[2].text != "for") {
    return fail(Errc::syntax, 0, "usage: load +W for SECONDS");
  }
  Fault fault;
  fault.kind = FaultKind::load_peak;
  return control_fault(
      fault, {{"w", words[1].text, words[1].at}, {"for", words[3].text, words[3].at}}, now);
}

/// `cell N +MVmv for SECONDS`
Result<ControlCommand> control_cell(const std::vector<Word>& words, Instant now) {
  constexpr std::string_view kUnit = "mv";
  if (words.size() != 5 || words[3].text != "for" || !words[2].text.ends_with(kUnit)) {
    return fail(Errc::syntax, 0, "usage: cell N +MVmv|-MVmv|=MVmv for SECONDS");
  }
  Fault fault;
  fault.kind = FaultKind::cell_voltage;
  std::string_view value = words[2].text;
  value.remove_suffix(kUnit.size());
  const bool absolute = value.starts_with('=');
  if (absolute) value.remove_prefix(1);
  return control_fault(fault,
                       {{"cell", words[1].text, words[1].at},
                        {absolute ? "to_mv" : "mv", value, words[2].at},
                        {"for", words[4].text, words[4].at}},
                       now);
}

}  // namespace

std::string_view to_string(Device device) noexcept { return name_of(kDeviceNames, device); }
std::string_view to_string(FaultKind kind) noexcept { return name_of(kKinds, kind); }

Result<Fault> parse_fault(std::string_view text, Instant base) {
  const Result<std::vector<Pair>> parsed = pairs_of(text);
  if (!parsed) return fail(parsed.error());
  const std::vector<Pair>& pairs = parsed.value();
  const Pair* kind_pair = find(pairs, "kind");
  if (kind_pair == nullptr) return fail(Errc::missing_key, 0, "fault: kind= is missing");
  const auto kind = by_name(kKinds, kind_pair->value);
  if (!kind) return fail(Errc::unknown_key, kind_pair->at, "fault: no such kind");

  Fault fault;
  fault.kind = *kind;
  fault.at = base;
  for (const Pair& pair : pairs) {
    if (!belongs(*kind, pair.key)) {
      return fail(Errc::unknown_key, pair.at, "fault: this kind has no such key");
    }
    if (pair.key == "kind") continue;
    if (pair.key == "device") {
      const auto device = by_name(kDeviceNames, pair.value);
      if (!device || (*kind == FaultKind::cell_voltage && *device != Device::battery)) {
        return fail(Errc::unknown_key, pair.at, "fault: no such device");
      }
      fault.device = *device;
      continue;
    }
    if (const Result<void> taken = take_number(fault, pair, base); !taken) {
      return fail(taken.error());
    }
  }
  if (const Result<void> complete = check_complete(pairs, *kind); !complete) {
    return fail(complete.error());
  }
  return fault;
}

Result<std::vector<Fault>> parse_scenario(std::string_view script) {
  std::vector<Fault> faults;
  for (text::Lines lines(script); lines.next();) {
    const std::string_view line = text::trim(lines.line());
    if (line.empty() || line.front() == '#') continue;
    const Result<Fault> fault = parse_fault(line);
    if (!fault) return fail(fault.error().code, lines.number(), fault.error().what);
    faults.push_back(fault.value());
  }
  return faults;
}

Result<ControlCommand> parse_control(std::string_view line, Instant now) {
  const std::vector<Word> words = words_of(line);
  if (words.empty()) return fail(Errc::missing_key, 0, "control: empty line");
  const std::string_view verb = words[0].text;
  if (verb == "fault") return control_device(words, now);
  if (verb == "load") return control_load(words, now);
  if (verb == "cell") return control_cell(words, now);
  constexpr std::pair<std::string_view, ControlCommand::Verb> kBare[] = {
      {"clear", ControlCommand::Verb::clear},
      {"status", ControlCommand::Verb::status},
      {"quit", ControlCommand::Verb::quit}};
  const auto bare = by_name(kBare, verb);
  if (!bare) return fail(Errc::unknown_key, words[0].at, "control: no such command");
  if (words.size() != 1) return fail(Errc::syntax, words[1].at, "control: takes no arguments");
  return ControlCommand{*bare, {}};
}

}  // namespace ems::sim
