// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/status_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>

#include "ems/core/decimal.hpp"
#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/safety_view.hpp"
#include "ems/safety/kernel.hpp"
#include "ems/telemetry/row.hpp"
#include "runtime/reason_json.hpp"

namespace ems::runtime {
namespace {

using Json = nlohmann::ordered_json;

std::string decimal(std::int64_t value, int digits) {
  std::array<char, kDecimalTextSize> buffer{};
  return std::string(format_decimal(value, digits, buffer));
}

bool known(const PointStatus& point) { return !point.stale && point.quality != Quality::bad; }

/// An exact number: the double nearest to a short decimal prints as that decimal again.
Json number(std::int64_t value, int digits) {
  return digits == 0 ? Json(value) : Json::parse(decimal(value, digits));
}

Json alarm_names(std::int64_t bits) {
  Json names = Json::array();
  for (unsigned bit = 0; bit < 63; ++bit) {
    if ((bits >> bit & 1) == 0) continue;
    const auto name = alarm_name(bit);
    names.push_back(name ? std::string(*name) : "bit_" + std::to_string(bit));
  }
  return names;
}

Json value_of(const PointStatus& point, const SignalInfo& info) {
  if (!known(point)) return nullptr;
  if (info.unit == Unit::boolean) return point.value != 0;
  if (info.unit == Unit::alarm_bits) return alarm_names(point.value);
  return number(point.value, unit_info(info.unit).digits);
}

Json to_json(const Interval& interval) {
  return {{"lo_w", interval.lo.count()}, {"hi_w", interval.hi.count()}};
}

std::string state_name(SafetyState state) {
  return std::string(safety::to_string(static_cast<safety::SafetyState>(state)));
}

std::string uplink_name(UplinkState state) {
  switch (state) {
    case UplinkState::disabled:
      return "disabled";
    case UplinkState::connecting:
      return "connecting";
    case UplinkState::online:
      return "online";
    case UplinkState::waiting:
      return "waiting";
  }
  return "unknown";
}

Json assets_json(const SiteStatus& status) {
  Json assets = Json::object();
  for (const PointStatus& point : status.points) {
    const SignalInfo* info = find_signal(point.point.signal);
    if (info == nullptr) continue;
    Json& asset = assets[std::string(to_name(point.point.asset).view())];
    const bool listed = info->kind == SignalKind::element && point.point.element > 0;
    const std::string name(listed ? si_name(*info).view() : si_name_of_whole(*info).view());
    Json& value = asset["values"][name];
    if (listed) {
      if (!value.is_array()) value = Json::array();
      while (value.size() < point.point.element) value.push_back(nullptr);
      value[point.point.element - 1] = value_of(point, *info);
    } else {
      value = value_of(point, *info);
    }
    Json& quality = asset["quality"][name];  // Of a list: the worst.
    const auto text = to_string(point.quality);
    static const std::map<std::string, int, std::less<>> kOrder{
        {"bad", 0}, {"uncertain", 1}, {"substituted", 2}, {"good", 3}};
    if (quality.is_null() || kOrder.find(text)->second < kOrder.at(quality.get<std::string>())) {
      quality = text;
    }
    Json& age = asset["age_s"][name];
    const double seconds = static_cast<double>(point.age.count() / 1000) / 1000.0;
    if (age.is_null() || age.get<double>() < seconds) age = seconds;
  }
  for (const TextStatus& text : status.texts) {
    assets[std::string(to_name(text.asset).view())]["values"][std::string(text_name(text.field))] =
        text.text;
  }
  return assets;
}

Json safety_json(const SafetyView& view) {
  Json reasons = Json::array();
  for (const SafetyReason& reason : view.reasons) reasons.push_back(reason_json(reason));
  return {{"state", state_name(view.state)},
          {"envelope", to_json(view.envelope)},
          {"armed", view.armed},
          {"limits_accepted", view.limits_accepted},
          {"limits_hash", view.limits_hash},
          {"emergency_stop", view.emergency_stop},
          {"reasons", std::move(reasons)}};
}

const PointStatus* find(const SiteStatus& status, AssetId asset, Signal signal) {
  for (const PointStatus& point : status.points) {
    if (point.point == Point{asset, signal, 0}) return &point;
  }
  return nullptr;
}

std::string kilowatts(const SiteStatus& status, Signal signal) {
  const PointStatus* point = find(status, kSite, signal);
  if (point == nullptr || !known(*point)) return "?";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(point->value) / 1000.0);
  return text.data();
}

std::string clock_text(UtcInstant at) {
  const std::time_t seconds = at.since_epoch().count() / 1'000'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%H:%M:%S", &utc);
  return text.data();
}

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text + " ";
}

constexpr std::size_t kSocWidth = 6;

std::string soc_text(const SiteStatus& status) {
  std::string lowest = "?";
  std::int64_t value = 0;
  for (const PointStatus& point : status.points) {
    if (point.point.signal != Signal::soc || !known(point)) continue;
    if (lowest != "?" && point.value >= value) continue;
    value = point.value;
    lowest = decimal(point.value, 2) + "%";
  }
  return lowest;
}

}  // namespace

nlohmann::ordered_json reason_json(const SafetyReason& reason) {
  Json item{{"asset", to_name(reason.asset).view()},
            {"name", reason.name},
            {"severity", to_string(reason.severity)},
            {"text", reason.text}};
  if (!reason.direction.empty()) item["direction"] = reason.direction;
  const SignalInfo* info = reason.signal ? find_signal(*reason.signal) : nullptr;
  if (info == nullptr) return item;
  item["signal"] = info->name;
  if (reason.element != 0) item["element"] = reason.element;
  const auto in_unit = [info](std::int64_t value) {
    if (info->unit == Unit::boolean) return Json(value != 0);
    if (info->unit == Unit::alarm_bits) return alarm_names(value);
    return number(value, unit_info(info->unit).digits);
  };
  const std::string suffix(unit_info(info->unit).si_suffix);
  if (reason.value) item["value" + suffix] = in_unit(*reason.value);
  if (reason.limit) item["limit" + suffix] = in_unit(*reason.limit);
  return item;
}

std::string status_json(const SiteStatus& status) {
  Json links = Json::array();
  for (const LinkStatus& link : status.links) {
    links.push_back({{"asset", to_name(link.asset).view()},
                     {"link", link.link},
                     {"online", link.online},
                     {"requests", link.requests},
                     {"timeouts", link.timeouts},
                     {"errors", link.errors},
                     {"last_error", link.last_error}});
  }
  Json rows = Json::object();
  for (const RowCountersView& row : status.rows) {
    const auto name = telemetry::to_string(static_cast<telemetry::Stream>(row.stream));
    rows[std::string(name)] = {{"made", row.made},
                               {"acknowledged", row.acknowledged},
                               {"pending", row.pending},
                               {"evicted", row.evicted}};
  }
  Json json{{"site", status.site},
            {"agent", status.agent},
            {"software_version", status.software_version},
            {"at_us", status.at.since_epoch().count()},
            {"tick", status.tick},
            {"assets", assets_json(status)},
            {"links", std::move(links)},
            {"safety", safety_json(status.safety)},
            {"mode", to_string(status.mode)},
            {"alarms",
             {{"active", status.alarms_active}, {"unacknowledged", status.alarms_unacknowledged}}},
            {"decision", status.decision ? Json::parse(decision_json(*status.decision)) : Json()},
            {"uplink",
             {{"state", uplink_name(status.uplink.state)},
              {"server", status.uplink.server},
              {"last_error", status.uplink.last_error},
              {"attempts", status.uplink.attempts}}},
            {"rows", std::move(rows)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string status_text(const SiteStatus& status) {
  std::string text = "site " + status.site + ", agent " + status.agent + ", libems " +
                     status.software_version + ", " + clock_text(status.at) + " UTC\n";
  const Json assets = assets_json(status);
  for (const auto& [asset, content] : assets.items()) {
    text += "\n" + asset + "\n";
    for (const auto& [name, value] : content["values"].items()) {
      const std::string quality =
          content["quality"].contains(name) ? content["quality"][name].get<std::string>() : "";
      const std::string shown = value.is_null()     ? "unknown"
                                : value.is_string() ? value.get<std::string>()
                                                    : value.dump();
      text += "  " + pad(name, 28) + shown;
      if (!quality.empty() && quality != "good" && !value.is_null()) text += "  (" + quality + ")";
      text += "\n";
    }
  }
  text += "\nlinks\n";
  for (const LinkStatus& link : status.links) {
    text += "  " + pad(std::string(to_name(link.asset).view()), 14) +
            pad(link.online ? "online" : "OFFLINE", 8) + link.link;
    if (!link.last_error.empty()) text += "  (" + link.last_error + ")";
    text += "\n";
  }
  const SafetyView& safety = status.safety;
  text += "\nsafety\n  " + pad("state", 28) + state_name(safety.state) + "\n  " +
          pad("envelope", 28) + power_text(safety.envelope.lo) + " .. " +
          power_text(safety.envelope.hi) + "\n  " + pad("control", 28) +
          (safety.armed ? "armed" : "disarmed") +
          (safety.limits_accepted ? ", limits accepted" : ", limits NOT accepted") + "\n";
  for (const SafetyReason& reason : safety.reasons) {
    text += "  because " + reason_text(reason) + "\n";
  }
  if (status.decision) text += "\ndecision\n  " + status.decision->summary + "\n";
  text += "\nmode " + std::string(to_string(status.mode)) + ", alarms " +
          std::to_string(status.alarms_active) + " active, " +
          std::to_string(status.alarms_unacknowledged) + " unacknowledged\n";
  text += "\nuplink\n  " + uplink_name(status.uplink.state);
  if (!status.uplink.server.empty()) text += " " + status.uplink.server;
  if (!status.uplink.last_error.empty()) text += "  (" + status.uplink.last_error + ")";
  text += "\n";
  for (const RowCountersView& row : status.rows) {
    const auto name = telemetry::to_string(static_cast<telemetry::Stream>(row.stream));
    text += "  " + pad(std::string(name), 12) + std::to_string(row.made) + " rows made, " +
            std::to_string(row.acknowledged) + " acknowledged, " + std::to_string(row.pending) +
            " pending, " + std::to_string(row.evicted) + " lost\n";
  }
  return text;
}

std::string table_head() {
  return pad("UTC", 8) + pad("PV kW", 7) + pad("load kW", 8) + pad("batt kW", 8) +
         pad("grid kW", 8) + pad("SoC", kSocWidth) + pad("envelope kW", 16) + pad("state", 8) +
         pad("winner", 16) + "reason";
}

std::string table_line(const SiteStatus& status) {
  const Interval& envelope = status.safety.envelope;
  std::array<char, 48> interval{};
  std::snprintf(interval.data(), interval.size(), "[%.2f, %.2f]", envelope.lo.count() / 1000.0,
                envelope.hi.count() / 1000.0);
  std::string winner = "-";
  std::string reason;
  if (status.decision) {
    winner = status.decision->winner.empty() ? "idle" : status.decision->winner;
    reason = status.decision->summary;
  }
  if (!status.safety.reasons.empty() && status.safety.state != SafetyState::normal) {
    const SafetyReason& first = status.safety.reasons.front();
    reason = reason_text(first);
  }
  return pad(clock_text(status.at), 8) + pad(kilowatts(status, Signal::site_pv_power), 7) +
         pad(kilowatts(status, Signal::site_load_power), 8) +
         pad(kilowatts(status, Signal::site_battery_power), 8) +
         pad(kilowatts(status, Signal::site_grid_power), 8) + pad(soc_text(status), kSocWidth) +
         pad(interval.data(), 16) + pad(state_name(status.safety.state), 8) + pad(winner, 16) +
         reason;
}

}  // namespace ems::runtime
