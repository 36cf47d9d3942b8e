// SPDX-License-Identifier: Apache-2.0
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <deque>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>

#include "ems/io/dbc.hpp"
#include "ems/model/catalogue.hpp"
#include "io/dbc_search.hpp"
#include "io/dbc_units.hpp"
#include "io/pack_reader.hpp"

namespace ems::io {
namespace {

using namespace protocol::can_map;
using detail::DbcSearch;
using detail::PackReader;
using Found = DbcSearch::Found;

constexpr std::int64_t kFileMax = 16 << 20;
constexpr auto kBatterySignals = 64;  ///< Signals below are a battery's.

constexpr std::string_view kAbsentNames[] = {"zero", "all_ones", "lowest"};

Use use_of(const SignalInfo& info) {
  switch (info.signal) {
    case Signal::cell_voltage:
    case Signal::cell_voltage_max:
    case Signal::cell_voltage_min:
      return Use::cell;
    case Signal::charge_current_limit:  // Of a negative one nobody knows how much may be charged.
      return Use::amount;
    case Signal::discharge_current_limit:
      return Use::magnitude;
    default:
      break;
  }
  if (info.unit == Unit::millicelsius) return Use::sensor;
  if (info.unit == Unit::basis_points) return Use::percent;
  if (info.unit == Unit::boolean) return Use::flag;
  return Use::value;
}

class Described final : public DescribedBattery {
 public:
  [[nodiscard]] const MapCodec& codec() const noexcept override { return *codec_; }

  std::deque<std::string> texts;
  std::vector<Row> rows;
  std::vector<AlarmRow> alarms;
  std::vector<Selector> selectors;
  std::array<std::uint32_t, 1> bit_rates{};
  std::array<Map, 1> maps{};
  protocol::can_map::Protocol protocol{};

  void finish() { codec_.emplace(protocol); }

 private:
  std::optional<MapCodec> codec_;
};

class Compiler {
 public:
  Compiler(const Dbc& dbc, std::string_view dbc_name, std::string_view mapping_name)
      : reader_(mapping_name), dbc_(dbc, dbc_name, reader_) {}

  BatteryDescription compile(std::string_view yaml) {
    YAML::Node root;
    try {
      root = YAML::Load(std::string(yaml));
    } catch (const YAML::Exception& wrong) {  // yaml-cpp reports by throwing only.
      reader_.error(Errc::syntax, wrong.mark, wrong.msg);
      return {nullptr, reader_.take_errors()};
    }
    if (reader_.is_map(root, "mapping",
                       {"name", "title", "bit_rate", "quiet_after_s", "signals", "vendor", "alarms",
                        "warnings"})) {
      head(root);
      if (const auto node = reader_.find(root, "signals", true)) signals(*node);
      if (const auto node = reader_.find(root, "vendor", false)) vendors(*node);
      if (const auto node = reader_.find(root, "alarms", false)) alarms(*node, false);
      if (const auto node = reader_.find(root, "warnings", false)) alarms(*node, true);
      check_ids(root);
    }
    if (reader_.failed()) return {nullptr, reader_.take_errors()};
    Map& map = made_->maps[0];
    map.rows = made_->rows;
    map.alarms = made_->alarms;
    map.selectors = made_->selectors;
    made_->protocol.maps = made_->maps;
    made_->finish();
    return {made_, {}};
  }

 private:
  std::string_view keep(std::string text) { return made_->texts.emplace_back(std::move(text)); }

  void head(const YAML::Node& root) {
    constexpr std::int64_t kBitRateMax = 1'000'000;
    if (const auto name = reader_.text(root, "name", true)) {
      const bool sound = std::ranges::all_of(*name, [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '_';
      });
      if (!sound) {
        reader_.error(Errc::out_of_range, root["name"],
                      "name: only small letters, digits, '-' and '_'");
      }
      made_->protocol.info.name = keep(*name);
    }
    made_->protocol.info.title =
        keep(reader_.text(root, "title", false).value_or(std::string(made_->protocol.info.name)));
    made_->bit_rates[0] = static_cast<std::uint32_t>(
        reader_.integer(root, "bit_rate", 10'000, kBitRateMax, false).value_or(500'000));
    made_->protocol.info.bit_rates = made_->bit_rates;
    made_->protocol.quiet_after = milliseconds(
        reader_.decimal(root, "quiet_after_s", 3, 100, 600'000, false).value_or(5'000));
  }

  /// The identifier and the part of a row; the message's selector is made when it is the first.
  bool address(const YAML::Node& node, const Found& found, Row& row) {
    row.id = found.message->id;
    ids_.emplace(found.message->id, found.message->extended);
    if (!found.signal->part) return true;
    row.selector = *found.signal->part;
    const auto known = std::ranges::find(made_->selectors, row.id, &Selector::id);
    if (known != made_->selectors.end()) return true;
    const auto selects = std::ranges::find(found.message->signals, true, &DbcSignal::selects);
    if (selects == found.message->signals.end()) {
      dbc_.refuse(node, found, Errc::not_found,
                  "its message has no signal that selects the part (M)");
      return false;
    }
    auto where = dbc_.place(node, {found.message, &*selects});
    if (!where) return false;
    if (where->size > kSelectorBits) {
      dbc_.refuse(node, {found.message, &*selects}, Errc::unimplemented,
                  "a number of the part (M) of more than 31 bits is not read");
      return false;
    }
    where->is_signed = false;  // Parts are numbered from 0.
    made_->selectors.push_back({row.id, *where});
    return true;
  }

  /// What the mapping says of one signal.
  struct Wish {
    std::string from;
    std::string unless;
    std::string unit;
    std::string on;
    DbcNumber scale{1, 1};
    std::uint8_t absent = 0;
  };

  std::optional<protocol::Linear> linear(const YAML::Node& node, const Found& found, Unit unit,
                                         const Wish& wanted) {
    const detail::DbcScale made = detail::scale_of(*found.signal, unit, wanted.unit, wanted.scale);
    if (!made.linear) dbc_.refuse(node, found, made.code, made.why);
    return made.linear;
  }

  std::optional<Wish> wish(const YAML::Node& node) {
    constexpr int kScaleDigits = 6;
    constexpr std::int64_t kScaleUnit = 1'000'000;
    Wish made;
    if (node.IsScalar()) {
      made.from = node.Scalar();
      return made;
    }
    if (!reader_.is_map(node, "signal",
                        {"from", "unless", "unit", "on", "scale", "sign", "absent"})) {
      return std::nullopt;
    }
    const auto from = reader_.text(node, "from", true);
    if (!from) return std::nullopt;
    made.from = *from;
    made.unless = reader_.text(node, "unless", false).value_or("");
    made.unit = reader_.text(node, "unit", false).value_or("");
    made.on = reader_.text(node, "on", false).value_or("");
    const std::int64_t scale =
        reader_.decimal(node, "scale", kScaleDigits, 1, 1'000 * kScaleUnit, false)
            .value_or(kScaleUnit);
    const std::int64_t common = std::gcd(scale, kScaleUnit);
    made.scale = {scale / common, kScaleUnit / common};
    if (const auto sign = reader_.integer(node, "sign", -1, 1, false)) {
      if (*sign == 0) {
        reader_.error(Errc::out_of_range, node["sign"], "sign: 1 or -1");
        return std::nullopt;
      }
      made.scale.numerator *= *sign;
    }
    if (const auto absent = reader_.find(node, "absent", false)) made.absent = marks(*absent);
    return made;
  }
  std::uint8_t marks(const YAML::Node& node) {
    constexpr std::uint8_t kMarks[] = {kZero, kAllOnes, kLowest};
    std::uint8_t all = 0;
    if (!reader_.is_list(node, "absent")) return all;
    for (const auto& item : node) {
      const std::string name = item.IsScalar() ? item.Scalar() : "";
      const auto known = std::ranges::find(kAbsentNames, name);
      if (known == std::end(kAbsentNames)) {
        reader_.error(Errc::not_found, item, "absent: expected zero, all_ones or lowest");
        continue;
      }
      all |= kMarks[known - std::begin(kAbsentNames)];
    }
    return all;
  }

  void signals(const YAML::Node& node) {
    if (!node.IsMap()) return reader_.error(Errc::wrong_type, node, "signals: expected a map");
    for (const auto& entry : node) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const SignalInfo* info = find_signal(std::string_view(name));
      const bool taken = !seen_.insert(name).second;
      if (taken) {
        reader_.error(Errc::already_exists, entry.first, "signal '" + name + "' stands twice");
      } else if (info == nullptr || static_cast<int>(info->signal) >= kBatterySignals ||
                 info->signal == Signal::alarms || info->signal == Signal::warnings ||
                 info->signal == Signal::vendor_alarms) {
        unknown_signal(entry.first, name);
      } else if (const auto wanted = wish(entry.second)) {
        const bool list = !info->list_name.empty() && name.starts_with(info->list_name);
        list ? elements(entry.second, *info, *wanted) : one(entry.second, *info, *wanted, 0);
      }
    }
  }
  void unknown_signal(const YAML::Node& node, const std::string& name) {
    std::vector<std::string_view> names;
    for (const SignalInfo& info : signal_table()) {
      if (static_cast<int>(info.signal) < kBatterySignals) {
        names.push_back(info.list_name.empty() ? info.name : info.list_name);
      }
    }
    reader_.error(Errc::not_found, node,
                  "'" + name + "' is no signal of a battery" + detail::suggestion(name, names));
  }

  void one(const YAML::Node& node, const SignalInfo& info, const Wish& wanted,
           std::uint16_t element) {
    const auto found = dbc_.find(node, wanted.from);
    if (!found) return;
    const auto where = dbc_.place(node, *found);
    Row row{.signal = info.signal, .element = element, .absent = wanted.absent};
    row.use = use_of(info);
    if (!where || !address(node, *found, row)) return;
    row.where = *where;
    if (row.use == Use::cell) row.absent |= kZeroOrAllOnes;
    const bool flag = row.use == Use::flag;
    if (!wanted.on.empty()) {
      if (!flag) return dbc_.refuse(node, *found, Errc::invalid_argument, "'on' is for switches");
      const auto value = dbc_.value_of(node, *found, wanted.on);
      if (!value) return;
      row.use = Use::equals;
      row.operand = *value;
    } else if (!flag) {
      const auto scale = linear(node, *found, info.unit, wanted);
      if (!scale) return;
      row.linear = *scale;
    }
    if (!wanted.unless.empty()) {
      const auto mark = dbc_.find(node, wanted.unless);
      if (!mark) return;
      const auto bits = dbc_.place(node, *mark);
      if (!bits) return;
      const bool same = mark->message == found->message &&
                        (!mark->signal->part || mark->signal->part == found->signal->part);
      if (!same) {
        return dbc_.refuse(node, *mark, Errc::invalid_argument,
                           "'unless' must be of the same frame");
      }
      row.unless = *bits;
    }
    made_->rows.push_back(row);
  }

  void elements(const YAML::Node& node, const SignalInfo& info, const Wish& wanted) {
    const std::vector<std::string_view> numbered = dbc_.numbered(node, wanted.from);
    const std::size_t star = wanted.from.find('*');
    for (std::size_t i = 0; i < numbered.size(); ++i) {
      Wish each = wanted;
      each.from.replace(star, 1, numbered[i]);
      if (const auto at = each.unless.find('*'); at != each.unless.npos) {
        each.unless.replace(at, 1, numbered[i]);
      }
      one(node, info, each, static_cast<std::uint16_t>(i + 1));
    }
  }

  void vendors(const YAML::Node& node) {
    if (!node.IsMap()) return reader_.error(Errc::wrong_type, node, "vendor: expected a map");
    for (const auto& entry : node) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
        reader_.error(Errc::wrong_type, entry.first, "vendor: expected name: Message.Signal");
        continue;
      }
      const auto found = dbc_.find(entry.second, entry.second.Scalar());
      const auto where = found ? dbc_.place(entry.second, *found) : std::nullopt;
      Row row{.use = Use::vendor};
      if (!where || !address(entry.second, *found, row)) continue;
      row.where = *where;
      row.name = keep(entry.first.Scalar());
      made_->rows.push_back(row);
    }
  }

  void alarms(const YAML::Node& node, bool warns) {
    constexpr std::string_view kVendor = "vendor:";
    if (!node.IsMap()) return reader_.error(Errc::wrong_type, node, "alarms: expected a map");
    for (const auto& entry : node) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
      AlarmRow row{.warns = warns};
      if (name.starts_with(kVendor) && name.size() > kVendor.size()) {
        row.name = keep(name.substr(kVendor.size()));
      } else if (const auto alarm = find_alarm(name)) {
        row.alarm = alarm;
      } else {
        std::vector<std::string_view> names;
        for (unsigned bit = 0; alarm_name(bit); ++bit) names.push_back(*alarm_name(bit));
        reader_.error(Errc::not_found, entry.first,
                      "'" + name + "' is no alarm; the vendor's own is vendor:<name>" +
                          detail::suggestion(name, names));
        continue;
      }
      if (entry.second.IsScalar()) {
        alarm_of(entry.second, row);
      } else if (reader_.is_list(entry.second, name)) {
        for (const auto& item : entry.second) alarm_of(item, row);
      }
    }
    if (vendor_names() > 64) {
      reader_.error(Errc::out_of_range, node, "alarms: more than 64 of the vendor's own");
    }
  }
  void alarm_of(const YAML::Node& node, AlarmRow row) {
    const auto found = dbc_.find(node, node.IsScalar() ? node.Scalar() : "");
    const auto where = found ? dbc_.place(node, *found) : std::nullopt;
    if (!where) return;
    if (found->signal->part) {
      return dbc_.refuse(node, *found, Errc::unimplemented,
                         "an alarm in one part of a multiplexed message is not read");
    }
    if (where->size > kAlarmBits) {
      return dbc_.refuse(node, *found, Errc::unimplemented,
                         "an alarm of more than 63 bits is not read");
    }
    row.id = found->message->id;
    row.where = *where;
    row.where.is_signed = false;
    ids_.emplace(row.id, found->message->extended);
    made_->alarms.push_back(row);
  }
  static std::optional<Alarm> find_alarm(std::string_view name) {
    for (unsigned bit = 0; alarm_name(bit); ++bit) {
      if (*alarm_name(bit) == name) return static_cast<Alarm>(bit);
    }
    return std::nullopt;
  }
  std::size_t vendor_names() const {
    std::set<std::string_view> names;
    for (const AlarmRow& row : made_->alarms) names.insert(row.name);
    names.erase("");
    return names.size();
  }

  /// Of one width each: those up to 7FF are either all long or all short.
  void check_ids(const YAML::Node& root) {
    bool low_short = false;
    bool low_long = false;
    for (const auto& [id, extended] : ids_) {
      if (id <= protocol::kCanIdMax) (extended ? low_long : low_short) = true;
    }
    if (low_short && low_long) {
      reader_.error(Errc::unimplemented, root,
                    "identifiers up to 7FF with 11 and with 29 bits in one battery are not read");
    }
    if (ids_.size() > protocol::kCanMailboxSize) {
      reader_.error(Errc::out_of_range, root, "more than 64 messages");
    }
    made_->maps[0].extended = low_long;
  }

  static constexpr unsigned kSelectorBits = 31;  ///< Row::selector is not negative.
  static constexpr unsigned kAlarmBits = 63;     ///< AlarmRow::level compares signed numbers.

  PackReader reader_;
  DbcSearch dbc_;
  std::shared_ptr<Described> made_ = std::make_shared<Described>();
  std::set<std::pair<std::uint32_t, bool>> ids_;
  std::set<std::string> seen_;
};

std::optional<std::string> text_of(const std::filesystem::path& file) {
  std::error_code error;  // Of a pipe the opening alone might never end.
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  std::array<char, 65'536> piece{};
  while (stream.read(piece.data(), piece.size()) || stream.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
    if (std::ssize(text) > kFileMax) return std::nullopt;
  }
  if (!stream.eof()) return std::nullopt;
  return text;
}

}  // namespace

BatteryDescription describe_battery(std::string_view dbc, std::string_view dbc_name,
                                    std::string_view mapping, std::string_view mapping_name) {
  const Dbc parsed = parse_dbc(dbc, dbc_name);
  if (!parsed.errors.empty()) return {nullptr, parsed.errors};
  return Compiler(parsed, dbc_name, mapping_name).compile(mapping);
}

BatteryDescription describe_battery(const std::filesystem::path& dbc,
                                    const std::filesystem::path& mapping) {
  const std::optional<std::string> dbc_text = text_of(dbc);
  const std::optional<std::string> mapping_text = text_of(mapping);
  if (!dbc_text || !mapping_text) {
    const std::filesystem::path& missing = dbc_text ? mapping : dbc;
    return {nullptr,
            {{Errc::io, missing.string(), 0, 0, "is no file, cannot be read, or is too large"}}};
  }
  return describe_battery(*dbc_text, dbc.filename().string(), *mapping_text,
                          mapping.filename().string());
}

}  // namespace ems::io
