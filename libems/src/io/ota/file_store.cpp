// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/file_store.hpp"

namespace ems::io {
namespace {

/// The one file that is written; whatever a power cut left of it is worth nothing.
constexpr std::string_view kIncoming = ".incoming";

Result<int> create_anew(FileSystem& files) {
  auto file = files.create(kIncoming);
  if (file || file.error().code != Errc::already_exists) return file;
  if (const auto gone = files.remove(kIncoming); !gone) return fail(gone.error());
  return files.create(kIncoming);
}

Result<void> fill(FileSystem& files, int file, Bytes data) {
  if (const auto written = files.write(file, data); !written) return written;
  return files.sync(file);
}

Result<void> check_name(std::string_view name) {
  if (name == kIncoming) return fail(Errc::store, 0, "store: a name that the store needs itself");
  return {};
}

}  // namespace

Result<std::vector<std::byte>> FileStore::read(std::string_view name, std::size_t size_max) {
  return files_.read(name, size_max);
}

Result<void> FileStore::write(std::string_view name, Bytes data) {
  if (const auto ok = check_name(name); !ok) return ok;
  const auto file = create_anew(files_);
  if (!file) return fail(file.error());
  auto done = fill(files_, *file, data);
  files_.close(*file);
  if (done) done = files_.rename(kIncoming, name);
  if (!done) {
    (void)files_.remove(kIncoming);  // The first error is the one to tell.
    return done;
  }
  return files_.sync_folder();
}

Result<void> FileStore::remove(std::string_view name) {
  if (const auto ok = check_name(name); !ok) return ok;
  const auto gone = files_.remove(name);
  if (!gone) return gone.error().code == Errc::not_found ? Result<void>{} : gone;
  return files_.sync_folder();
}

}  // namespace ems::io
