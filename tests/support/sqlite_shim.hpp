// SPDX-License-Identifier: Apache-2.0
/// @file What a SQLite VFS that stands before the real one has in common with others: its files
/// pass every call on, and a VFS puts calls of its own in the place of some.
#pragma once

#include <sqlite3.h>

#include <cstring>

namespace ems::test {

/// A file of such a VFS; one with more to remember derives from it.
struct ShimFile : sqlite3_file {
  sqlite3_file* real;
};
inline sqlite3_file* real(sqlite3_file* file) { return static_cast<ShimFile*>(file)->real; }

/// A copy of the VFS `real` with another name, whose files are `File`s.
template <class File>
sqlite3_vfs shim_vfs(const sqlite3_vfs& real, const char* name) {
  sqlite3_vfs vfs = real;
  vfs.zName = name;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + real.szOsFile;
  return vfs;
}

/// Opens the real file behind `file`. When it fails, `file` has no methods.
template <class File>
int shim_open(sqlite3_vfs* real, const char* name, sqlite3_file* file, int flags, int* out_flags,
              const sqlite3_io_methods& methods) {
  auto* own = static_cast<File*>(file);
  own->pMethods = nullptr;
  own->real = reinterpret_cast<sqlite3_file*>(own + 1);
  std::memset(own->real, 0, static_cast<std::size_t>(real->szOsFile));
  const int done = real->xOpen(real, name, own->real, flags, out_flags);
  if (done == SQLITE_OK) own->pMethods = &methods;
  return done;
}

/// Methods that pass every call on.
inline sqlite3_io_methods shim_methods() {
  using F = sqlite3_file*;
  using Int64 = sqlite3_int64;
  sqlite3_io_methods m{};
  m.iVersion = 2;  // Shared memory for the WAL, but no mapped files: those are not written.
  m.xClose = [](F f) {
    return real(f)->pMethods == nullptr ? SQLITE_OK : real(f)->pMethods->xClose(real(f));
  };
  m.xRead = [](F f, void* to, int n, Int64 at) {
    return real(f)->pMethods->xRead(real(f), to, n, at);
  };
  m.xWrite = [](F f, const void* from, int n, Int64 at) {
    return real(f)->pMethods->xWrite(real(f), from, n, at);
  };
  m.xTruncate = [](F f, Int64 n) { return real(f)->pMethods->xTruncate(real(f), n); };
  m.xSync = [](F f, int flags) { return real(f)->pMethods->xSync(real(f), flags); };
  m.xFileSize = [](F f, Int64* n) { return real(f)->pMethods->xFileSize(real(f), n); };
  m.xLock = [](F f, int l) { return real(f)->pMethods->xLock(real(f), l); };
  m.xUnlock = [](F f, int l) { return real(f)->pMethods->xUnlock(real(f), l); };
  m.xCheckReservedLock = [](F f, int* r) {
    return real(f)->pMethods->xCheckReservedLock(real(f), r);
  };
  m.xFileControl = [](F f, int op, void* arg) {
    return real(f)->pMethods->xFileControl(real(f), op, arg);
  };
  m.xSectorSize = [](F f) { return real(f)->pMethods->xSectorSize(real(f)); };
  m.xDeviceCharacteristics = [](F f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); };
  m.xShmMap = [](F f, int page, int size, int extend, void volatile** to) {
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, to);
  };
  m.xShmLock = [](F f, int at, int n, int flags) {
    return real(f)->pMethods->xShmLock(real(f), at, n, flags);
  };
  m.xShmBarrier = [](F f) { real(f)->pMethods->xShmBarrier(real(f)); };
  m.xShmUnmap = [](F f, int drop) { return real(f)->pMethods->xShmUnmap(real(f), drop); };
  return m;
}

}  // namespace ems::test
