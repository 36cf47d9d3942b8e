// SPDX-License-Identifier: Apache-2.0
/// @file What the load programs share: ends on errors, certificates, rows of the data set.
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/pki.hpp"
#include "ems/telemetry/block.hpp"
#include "support/telemetry_dataset.hpp"

namespace ems::load {

/// Ends the program: a load that could not do its work has no figures.
[[noreturn]] inline void die(const std::string& why) {
  std::fprintf(stderr, "load: %s\n", why.c_str());
  std::exit(1);
}
template <class T>
T must(Result<T> result, const std::string& what) {
  if (!result)
    die(what + ": " + std::string(to_string(result.error().code)) + ": " + result.error().what);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline std::string agent_name(std::size_t n) { return "fleet/gateway-" + std::to_string(n + 1); }

/// An authority, a server, a viewer, and one certificate for each agent: an identity is a
/// certificate, here as everywhere. EC keys: about a thousand a second.
inline void make_pki(const std::string& folder, std::size_t agents) {
  constexpr Duration kLife = seconds(2 * 86'400);
  const UtcInstant now = io::SystemClock{}.utc();
  must(io::make_authority(folder, "load", now, kLife), "authority");
  const auto issue = [&](const std::string& uri, const std::string& stem) {
    io::CertificateRequest request{uri, {}, {}, stem, kLife};
    if (uri.starts_with("urn:ems:server:")) request.addresses = {"127.0.0.1"};
    must(io::issue_certificate(folder, request, now), "certificate of " + uri);
  };
  issue("urn:ems:server:server-1", "server");
  issue("urn:ems:user:ada:viewer", "ada");
  for (std::size_t n = 0; n < agents; ++n) {
    issue("urn:ems:agent:" + agent_name(n), "agent-" + std::to_string(n + 1));
  }
}

/// Rows of the data set, made before the clock starts; every device walks through them from a
/// place of its own.
class RowPool {
 public:
  RowPool(std::size_t rows, std::size_t signals) : signals_(signals) {
    if (signals == 0 || signals > test::kDatasetSignals) die("--signals: 1 .. 50");
    test::Dataset dataset(1);
    rows_.resize(rows);
    for (auto& row : rows_) {
      const test::DatasetRow& made = dataset.next();
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = {made.values[i], Quality::good, true};
    }
  }
  [[nodiscard]] std::span<const telemetry::RowValue> row(std::size_t n) const {
    return std::span{rows_[n % rows_.size()]}.first(signals_);
  }
  /// The table of one device: battery/N and inverter/N.
  [[nodiscard]] std::vector<Point> points(std::uint16_t device) const {
    std::vector<Point> points;
    for (Point point : test::dataset_points()) {
      point.asset.index = device;
      points.push_back(point);
    }
    points.resize(signals_);
    return points;
  }
  [[nodiscard]] std::size_t signals() const { return signals_; }

 private:
  std::size_t signals_;
  std::vector<std::array<telemetry::RowValue, test::kDatasetSignals>> rows_;
};

}  // namespace ems::load
