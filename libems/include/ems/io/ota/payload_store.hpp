// SPDX-License-Identifier: Apache-2.0
/// @file Models, configuration and limits that come as update targets: installed, kept, rolled
/// back.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/io/ota/file_system.hpp"
#include "ems/ota/payload.hpp"
#include "ems/ota/tuf/client.hpp"

namespace ems::io {

/// Per kind a record (`limits.record`) and three files (`limits.0` to `.2`) in one folder: the
/// version in use, the one before, and room for the next. See ota::PayloadRecord for the rules and
/// for what a power cut leaves.
///
/// @thread_safety One caller.
class PayloadStore {
 public:
  /// Makes a payload the one in use, or returns an error and leaves in use what was: the store then
  /// quarantines the version. Does not throw.
  using Loader = std::function<Result<void>(const ota::Payload& payload, Bytes content)>;

  /// @param files    Folder::open() of a place of its own. Borrowed for the store's life, as is
  ///                 `crypto`.
  /// @param size_max Bytes of one payload.
  PayloadStore(FileSystem& files, const ota::Crypto& crypto, std::size_t size_max = 16 << 20)
      : files_(files), crypto_(crypto), size_max_(size_max) {}

  /// Installs a target whose bytes are here. What is in use already is no error; it is not loaded
  /// again.
  ///
  /// @param kind   What the caller wants. `custom.ems.component` of the target must say the same.
  /// @param target From Client::find(): what metadata vouches for.
  /// @return       What is in use now.
  /// @errors        wrong_hardware       of another kind, or of none.
  ///                too_large            more than size_max bytes.
  ///                length, hash, unsupported_hash  not the target's bytes.
  ///                malformed            a version of no or more than 32 bytes.
  ///                rollback             its release counter is below that of the one in use.
  ///                failed_precondition  it failed to load before and is quarantined.
  ///                invalid_argument     not the name of a kind.
  ///                disk_full, read_only, store. After such an error from the last write the new
  ///                version is loaded, and load() will give the old one.
  ///                What `load` returned.
  /// @post          A record that was damaged is replaced.
  Result<ota::Payload> install(std::string_view kind, const ota::tuf::Target& target, Bytes content,
                               const Loader& load);

  /// Finds a target, fetches it and installs it.
  ///
  /// @param client  After refresh().
  /// @errors Of Client::find(), Client::download() and install().
  Result<ota::Payload> install_from(ota::tuf::Client& client, std::string_view path,
                                    std::string_view kind, const Loader& load);

  /// Loads the version in use; for a program's start. One that cannot be loaded is quarantined, one
  /// whose bytes are damaged is dropped, and the version before is loaded in its place.
  ///
  /// @return        What is in use now.
  /// @errors        not_found  none was installed: the program's own default stays.
  ///                corrupt    the record is damaged, or the bytes of every version.
  ///                store, too_large, invalid_argument.
  ///                What `load` returned for the last one.
  Result<ota::Payload> load(std::string_view kind, const Loader& load);

  /// Goes back to the version before, or to none; load() it then. The version is quarantined.
  /// @errors not_found  none is in use; corrupt, store, disk_full, read_only, invalid_argument.
  Result<void> roll_back(std::string_view kind, std::string_view reason);
  /// A person lets a quarantined version be installed again.
  /// @errors not_found  it is not quarantined; corrupt, store, disk_full, read_only,
  ///         invalid_argument.
  Result<void> release(std::string_view kind, const ota::Sha256& sha256);

  /// What is in use, what was before, what is quarantined and why.
  /// @errors corrupt, store, invalid_argument.
  Result<ota::PayloadRecord> record(std::string_view kind) const;
  /// Bytes of the version in use, verified once more.
  /// @errors not_found  none is in use; corrupt  they are damaged; store, invalid_argument.
  Result<std::vector<std::byte>> read(std::string_view kind) const;

 private:
  Result<std::vector<std::byte>> content(std::string_view kind,
                                         const ota::PayloadRecord::Stored& stored) const;
  Result<void> write(const ota::PayloadRecord& record);
  /// What `target` says of these bytes.
  Result<ota::Payload> verified(std::string_view kind, const ota::tuf::Target& target,
                                Bytes content) const;

  FileSystem& files_;
  const ota::Crypto& crypto_;
  std::size_t size_max_;
};

}  // namespace ems::io
