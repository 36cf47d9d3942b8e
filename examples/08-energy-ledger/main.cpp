// SPDX-License-Identifier: Apache-2.0
// Rows into hours of energy, buckets and CSV, without a store: the same functions answer emsctl,
// the server and Python.
#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "ems/query/downsample.hpp"
#include "ems/query/energy.hpp"
#include "ems/query/export.hpp"

namespace {

constexpr ems::Point kPower{ems::meter(1), ems::Signal::active_power, 0};
constexpr ems::Point kImported{ems::meter(1), ems::Signal::energy_imported, 0};
constexpr std::array kPoints{kPower, kImported};
constexpr std::int64_t kBegin = 1'790'000'000 / 3'600 * 3'600;  // A whole hour of UTC.

/// Every 5 s of two hours: 2 kW taken; nobody is there from 00:50 to 01:20, then the meter is new.
template <class Take>
void tell(Take take) {
  for (std::int64_t s = 0; s <= 7'200; s += 5) {
    if (s > 3'000 && s < 4'800) continue;
    const std::int64_t counter = s < 6'000 ? 50'000 + s * 2'000 / 3'600 : (s - 6'000) * 5 / 9;
    const std::array values{ems::telemetry::RowValue{2'000, ems::Quality::good, true},
                            ems::telemetry::RowValue{counter, ems::Quality::good, true}};
    take(ems::telemetry::Row{ems::UtcInstant{ems::seconds(kBegin + s)}, kPoints, values});
  }
}

}  // namespace

int main() {
  const ems::UtcInstant from{ems::seconds(kBegin)};
  const ems::UtcInstant to{ems::seconds(kBegin + 7'200)};
  auto hours = ems::query::Grid::uniform(from, to, ems::seconds(3'600));
  auto quarters = ems::query::Grid::uniform(from, to, ems::seconds(900));
  if (!hours || !quarters) return 1;
  auto ledger = ems::query::EnergyLedger::create(*hours);
  auto buckets = ems::query::Downsampler::create(*quarters, std::array{kPower});
  if (!ledger || !buckets) return 1;
  bool good = true;
  tell([&](const ems::telemetry::Row& row) {
    good = ledger->row(row) && buckets->row(row) && good;
  });
  ledger->finish();

  const auto imported = ledger->figures({ems::meter(1), ems::query::EnergyFlow::imported});
  for (std::size_t i = 0; i < imported.size(); ++i) {
    const ems::query::EnergyFigure& hour = imported[i];
    std::printf("hour %zu: %lld mWh by %s, known %lld s, spread %lld s, resets %u\n", i,
                static_cast<long long>(hour.energy_mwh().value_or(0)),
                std::string(to_string(hour.source())).c_str(),
                static_cast<long long>(hour.known().count() / 1'000'000),
                static_cast<long long>(hour.spread.count() / 1'000'000), hour.resets);
  }
  for (const ems::query::Bucket& quarter : buckets->buckets(0)) {
    std::printf("quarter: %llu samples, known %lld s\n",
                static_cast<unsigned long long>(quarter.count),
                static_cast<long long>(quarter.known.count() / 1'000'000));
  }

  ems::query::CsvWriter csv({kPoints.begin(), kPoints.end()}, {});
  std::string text;
  csv.header(text);
  bool first = true;
  tell([&](const ems::telemetry::Row& row) {
    if (std::exchange(first, false)) csv.row(text, row);
  });
  std::printf("%s", text.c_str());
  return good ? 0 : 1;
}
