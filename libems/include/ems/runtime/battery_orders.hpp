// SPDX-License-Identifier: Apache-2.0
/// @file Orders to one battery: given to the poller of each module, one at a time, and followed
/// until the battery's own answers show that it obeys. Sans I/O, like the pollers.
///
/// An order to switch, or to let balance, is sent once and stays until the next one. Limits are
/// sent again at a third of the protocol's limits_lease() until they are ended; then the battery
/// forgets them by itself.
///
/// Read back: `charge_fet_on` and `discharge_fet_on` are what was ordered; the limits that the
/// battery reports are within those ordered; `balancing` shows it balance, or not. An answer that
/// came before the acknowledgement proves nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ems/protocol/poller.hpp"

namespace ems::runtime {

/// The alternatives of protocol::BatteryCommand, in their order: one of each is under way at most.
enum class OrderKind : std::uint8_t { outputs, limits, balancing };
inline constexpr std::size_t kOrderKinds = 3;
/// Which kind a command is. @thread_safety Pure function.
[[nodiscard]] OrderKind kind_of(const protocol::BatteryCommand& command) noexcept;

/// A battery that after this many rounds of the poll plan says something else does not obey.
inline constexpr unsigned kReadBackRounds = 3;

/// How far an order is; of several modules the one that is least far.
enum class OrderStage : std::uint8_t {
  none,          ///< No order of this kind, or it was ended.
  waiting,       ///< Not yet sent.
  sent,          ///< No module has refused it; not all have acknowledged it.
  acknowledged,  ///< By all modules; not yet read back.
  unread,        ///< As acknowledged: the battery does not report what was ordered.
  read_back,     ///< Every module says that it is so.
  failed,
};

struct OrderProgress {
  OrderStage stage = OrderStage::none;
  std::string message{};  ///< Why it failed, with the module where there are several.
};

/// See the file's comment.
///
/// @thread_safety Not synchronised: the strand that drives the pollers.
class BatteryOrders {
 public:
  /// @param modules  The pollers of the modules in their order; they outlive this. Nobody else
  ///                 calls their request() or withdraw().
  explicit BatteryOrders(std::span<protocol::Poller* const> modules);

  /// Takes an order for all modules; it replaces the one of its kind.
  ///
  /// @param command  Of the whole battery: each module gets its part of the currents, rounded down.
  /// @param wait     For all acknowledgements; beyond it the order has failed.
  /// @errors unavailable    a module does not answer now; offset = its number.
  ///         unimplemented  the protocol has no such command.
  ///         out_of_range   the wire cannot say such a limit.
  [[nodiscard]] Result<void> give(const protocol::BatteryCommand& command, Instant now,
                                  Duration wait);
  /// Ends what is under way of this kind: it is not sent (again).
  void end(OrderKind kind, const char* why);

  /// Looks at what became of the commands and gives the pollers what is due. Call it before each
  /// next() of the pollers.
  /// @return When to call it again at the latest.
  [[nodiscard]] Instant advance(Instant now);

  /// A value of one module has arrived. Only those of quality good prove anything.
  /// @param module  Place in `modules`.
  void heard(std::size_t module, const Reading& reading) noexcept;

  [[nodiscard]] OrderProgress progress(OrderKind kind) const;

 private:
  enum class Fit : std::uint8_t { equal, at_most, at_least, effect };
  /// What a value has to be.
  struct Watch {
    Signal signal{};
    Fit fit{};
    std::int64_t wanted = 0;
    std::int64_t last = 0;  ///< Heard.
    bool good = false;      ///< `last` fits.
    unsigned unlike = 0;    ///< Times in a row that it did not.
  };
  struct Task {
    OrderStage stage = OrderStage::none;
    Instant send_at{};
    std::uint32_t replies_at_ack = 0;
    std::vector<Watch> watches;
  };
  struct Order {
    protocol::BatteryCommand command{};
    Instant wait_until{};
    bool taken = false;  ///< All modules acknowledged it once.
    std::string failure;
    std::vector<Task> tasks;  ///< By module; empty: none under way.
  };

  [[nodiscard]] static std::vector<Watch> watches_of(const protocol::BatteryCommand& command);
  [[nodiscard]] std::string named(std::size_t module, const std::string& text) const;
  [[nodiscard]] Order& order(OrderKind kind) noexcept {
    return orders_[static_cast<std::size_t>(kind)];
  }
  void fail_order(OrderKind kind, std::string why);
  void drop(OrderKind kind, const Error& why);
  void settle_command(std::size_t module, Instant now);
  void judge(std::size_t module, OrderKind kind, Instant now);
  void dispatch(std::size_t module, Instant now);
  [[nodiscard]] Duration refresh() const noexcept;

  std::span<protocol::Poller* const> modules_;
  std::array<Order, kOrderKinds> orders_;
  std::vector<std::optional<OrderKind>> in_flight_;  ///< By module: what its poller has.
};

}  // namespace ems::runtime
