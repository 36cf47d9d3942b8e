// SPDX-License-Identifier: Apache-2.0
/// @file The update client: one cycle from the trusted root to a verified target. Sans I/O: it
/// reaches the world through Fetcher, Store and Crypto, and the clock is an argument.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/ota/crypto.hpp"
#include "ems/ota/tuf/ports.hpp"

namespace ems::ota::tuf {

/// What the client refuses to read beyond. The defaults are python-tuf's.
struct Limits {
  std::size_t root_size = 512'000;
  std::size_t timestamp_size = 16'384;
  std::size_t snapshot_size = 2'000'000;
  std::size_t targets_size = 5'000'000;
  std::uint32_t root_steps = 256;      ///< New roots in one cycle.
  std::uint32_t delegated_roles = 32;  ///< Roles asked for one target.
};

/// The device that updates are for; what is not set is not checked.
struct Device {
  std::optional<std::string> hardware_id;       ///< Must stand in `custom.ems.hardware_ids`.
  std::optional<std::int64_t> release_counter;  ///< Installed; a target's must not be less.
  std::optional<std::int64_t> security_floor;   ///< A target's release counter must not be less.
  std::optional<std::uint64_t> capacity;        ///< Bytes of the place a target goes to.
  /// Types that can be installed; not set: raw, rauc and mcuboot, where one of the first three is.
  std::optional<std::vector<std::string>> payloads;
};

/// `custom.ems` of a target.
struct DeviceTarget {
  std::vector<std::string> hardware_ids;
  std::string component;  ///< `edge`, `bms`, `pcs`; for payload kinds beside images: their kind.
  std::string version;
  std::int64_t release_counter = 0;
  std::int64_t security_floor = 0;
  std::optional<std::int64_t> min_from_counter;
  std::string payload;
  std::optional<UtcInstant> published;
};

/// A target that metadata vouches for. Nothing of its bytes was read yet.
struct Target {
  std::string path;              ///< As asked for.
  std::uint64_t length = 0;      ///< Exact.
  std::optional<Sha256> sha256;  ///< At least one of the two is there.
  std::optional<Sha512> sha512;
  std::optional<DeviceTarget> device;
  std::string role;  ///< That signed it: `targets` or a delegated role.
};

/// One line for the journal: what was refused, and which file. Two things that end no cycle are
/// told too: a damaged root that another copy replaced, and a clock before the time floor.
struct Event {
  Error error;       ///< Its code is the class.
  std::string file;  ///< `timestamp.json`; a target's path; `clock`.
};

struct ClientSettings {
  Limits limits;
  Device device;
  std::optional<UtcInstant> time_floor;  ///< Of the build, or the newest time evidence.
  /// The root the device left the factory with: the last resort when the stored ones are damaged.
  std::vector<std::byte> factory_root;
  /// A repository on media may be older than its expiry by so much; the default is not at all.
  Duration offline_grace{};
  std::function<void(const Event&)> on_event;
};

/// The TUF client. Every failure leaves the trusted files as they were, is one event, and the next
/// cycle starts clean.
///
/// @thread_safety One caller.
/// @source TUF specification 1.0.34, section 5.
class Client {
 public:
  /// The three are borrowed for the client's life.
  Client(Fetcher& fetcher, Store& store, const Crypto& crypto, ClientSettings settings);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// Makes `root` the root of trust of an empty store. The root that is there already is no error.
  /// @errors already_exists, malformed, bad_key, signature, store.
  Result<void> init(Bytes root);

  /// One cycle: root chain, timestamp, snapshot, targets. It begins with what the store holds, so
  /// what another cycle left, finished or not, does not matter.
  /// @param now The machine's clock; one before the time floor counts as the floor.
  /// @errors Of the first file that was refused; last_event() names it.
  Result<void> refresh(UtcInstant now);

  /// Finds a target through the delegations and checks it against the device. The files are those
  /// of the last refresh().
  /// @errors bad_name, not_found, not_in_snapshot, unsupported_hash, wrong_hardware, rollback,
  ///         no_space; the classes of a delegated role's file; failed_precondition  the last
  ///         refresh() did not succeed.
  Result<Target> find(std::string_view path);

  /// Fetches a found target into `sink` while hashing it with every hash that is known of it. What
  /// the sink kept is hashed again, and only the rest is asked for. After `hash` or `length` the
  /// sink's content is worth nothing.
  /// @param sha256, sha512  Two hashers; one that the target does not need is not used.
  /// @errors length, hash, too_large, slow_retrieval, download; failed_precondition  as find(); the
  /// sink's.
  Result<void> download(const Target& target, Hasher& sha256, Hasher& sha512, Sink& sink);

  /// The last one that was told; none: there was none yet.
  [[nodiscard]] const std::optional<Event>& last_event() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::ota::tuf
