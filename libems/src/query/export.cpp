// SPDX-License-Identifier: Apache-2.0
#include "ems/query/export.hpp"

#include <algorithm>

#include "ems/core/decimal.hpp"
#include "ems/core/utc_text.hpp"

namespace ems::query {

namespace {

int digits_of(Signal signal) {
  const SignalInfo* info = find_signal(signal);
  return info != nullptr ? unit_info(info->unit).digits : 0;
}

void append_decimal(std::string& out, std::int64_t value, int digits) {
  std::array<char, kDecimalTextSize> text{};
  out += format_decimal(value, digits, text);
}

/// Escapes what separates in a tag; what the format cannot carry becomes `_`.
std::string tag_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7F) {
      out += '_';
      continue;
    }
    if (c == ',' || c == '=' || c == ' ') out += '\\';
    out += c;
  }
  return out;
}

std::string_view kind_name(AssetKind kind) {
  switch (kind) {
    case AssetKind::site:
      return "site";
    case AssetKind::battery:
      return "battery";
    case AssetKind::inverter:
      return "inverter";
    case AssetKind::meter:
      return "meter";
    case AssetKind::pv:
      return "pv";
    case AssetKind::load:
      return "load";
  }
  return "asset";
}

/// `cell_voltages_v_7=3.31,`, and the quality where it is not good.
void append_field(std::string& out, const Point& point, const telemetry::RowValue& value) {
  const SignalInfo* info = find_signal(point.signal);
  std::string name = info != nullptr
                         ? std::string(si_name(*info).view())
                         : "signal_" + std::to_string(static_cast<unsigned>(point.signal));
  if (point.element != 0) name += '_' + std::to_string(point.element);
  const int digits = digits_of(point.signal);
  out += name;
  out += '=';
  append_decimal(out, value.value, digits);
  if (digits == 0) out += 'i';
  if (value.quality == Quality::good) return;
  out += ',';
  out += name;
  out += "_quality=\"";
  out += to_string(value.quality);
  out += '"';
}

}  // namespace

CsvWriter::CsvWriter(std::vector<Point> points, Options options)
    : points_(std::move(points)), options_(options) {}

void CsvWriter::header(std::string& out) const {
  out += "time";
  for (const Point& point : points_) {
    const std::string name = point_name(point);
    out += ',' + name;
    if (options_.qualities) out += ',' + name + " quality";
  }
  out += "\r\n";
}

void CsvWriter::row(std::string& out, const telemetry::Row& row) {
  const auto place_of = [&row](const Point& point) {
    const auto at = std::lower_bound(row.points.begin(), row.points.end(), point);
    return at != row.points.end() && *at == point ? at - row.points.begin() : -1;
  };
  if (std::none_of(points_.begin(), points_.end(),
                   [&](const Point& point) { return place_of(point) >= 0; })) {
    return;
  }
  UtcText time;
  out += format_utc(row.at, 6, time);
  for (const Point& point : points_) {
    const auto place = place_of(point);
    const telemetry::RowValue value =
        place >= 0 ? row.values[static_cast<std::size_t>(place)] : telemetry::RowValue{};
    out += ',';
    if (value.valid) append_decimal(out, value.value, digits_of(point.signal));
    if (!options_.qualities) continue;
    out += ',';
    if (value.valid) out += to_string(value.quality);
  }
  out += "\r\n";
}

LineProtocolWriter::LineProtocolWriter(std::vector<Point> points,
                                       std::span<const std::pair<std::string, std::string>> tags)
    : points_(std::move(points)) {
  std::sort(points_.begin(), points_.end());
  for (const auto& [name, value] : tags) {
    if (!value.empty()) tags_ += ',' + tag_text(name) + '=' + tag_text(value);
  }
}

void LineProtocolWriter::row(std::string& out, const telemetry::Row& row) const {
  std::optional<AssetId> open;
  const auto close = [&] {
    if (!open) return;
    const std::int64_t micros = row.at.since_epoch().count();
    out += ' ' + std::to_string(micros) + (micros == 0 ? "\n" : "000\n");
  };
  for (std::size_t i = 0; i < row.points.size(); ++i) {
    const Point& point = row.points[i];
    if (!row.values[i].valid) continue;
    if (!points_.empty() && !std::binary_search(points_.begin(), points_.end(), point)) continue;
    if (open != point.asset) {
      close();
      open = point.asset;
      out += kind_name(point.asset.kind);
      out += ",asset=";
      out += to_name(point.asset).view();
      out += tags_;
      out += ' ';
    } else {
      out += ',';
    }
    append_field(out, point, row.values[i]);
  }
  close();
}

}  // namespace ems::query
