// SPDX-License-Identifier: Apache-2.0
/// @file emsctl's end of SiteService, in the structs of runtime/site_port.hpp.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/runtime/site_port.hpp"

namespace ems::rpc {

/// Talks to one agent over its unix socket.
/// @errors Those of runtime::SitePort; unavailable  nobody answers. detail(): the agent's words.
///
/// @thread_safety One thread at a time, except cancel().
class SiteClient {
 public:
  /// Does not connect yet: the first call does.
  ///
  /// @errors invalid_argument  the path is empty or longer than 107 bytes.
  [[nodiscard]] static Result<std::unique_ptr<SiteClient>> open(const std::filesystem::path& socket,
                                                                Duration timeout = seconds(5));
  ~SiteClient();
  SiteClient(const SiteClient&) = delete;
  SiteClient& operator=(const SiteClient&) = delete;

  [[nodiscard]] Result<runtime::SiteStatus> status();
  /// Gives the state every `interval` (100 ms .. 1 h) until the callback returns false.
  [[nodiscard]] Result<void> watch(Duration interval,
                                   const std::function<bool(runtime::SiteStatus)>& update);
  [[nodiscard]] Result<runtime::Explanation> explain(std::optional<UtcInstant> at = std::nullopt);
  /// Gives a command; its origin is local, whatever it says. A time to live of 0 is the agent's.
  /// A reset goes with it, too.
  [[nodiscard]] Result<runtime::CommandStep> command(const runtime::Command& command);
  [[nodiscard]] Result<std::vector<runtime::CommandView>> commands();
  [[nodiscard]] Result<runtime::AlarmsView> alarms();
  /// @param max  0: the agent's default.
  [[nodiscard]] Result<std::vector<alarm::Change>> alarm_history(std::optional<UtcInstant> from,
                                                                 std::optional<UtcInstant> to,
                                                                 std::uint32_t max);
  /// Gives the alarms now and after each change until the callback returns false.
  [[nodiscard]] Result<void> watch_alarms(
      const std::function<bool(std::vector<alarm::Alarm>)>& update);

  /// Ends the call that is under way, from any thread (not a signal handler).
  void cancel();
  /// What the last failed call said, for people.
  [[nodiscard]] const std::string& detail() const noexcept;

 private:
  class Impl;
  explicit SiteClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::rpc
