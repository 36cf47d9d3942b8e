// SPDX-License-Identifier: Apache-2.0
/// @file A folder in memory whose power can be cut before any of its operations. What was not
/// synced is then kept, lost or torn: a disk may do either, file by file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ems/core/assert.hpp"
#include "ems/io/ota/file_system.hpp"

namespace ems::test {

/// What the disk did with what had not been synced when the power went.
enum class Unsynced : std::uint8_t {
  lost,     ///< Contents and names are those of the last sync.
  kept,     ///< Everything got there in time.
  renamed,  ///< The names got there, the contents did not.
  torn,     ///< The names got there, and half of what was written.
};
inline constexpr Unsynced kAllUnsynced[] = {Unsynced::lost, Unsynced::kept, Unsynced::renamed,
                                            Unsynced::torn};

class PowerCutFolder final : public io::FileSystem {
 public:
  /// The n-th operation that changes something (1: the next) is not done any more, nor is a later
  /// one; a write is half done. 0: never.
  void cut_at(std::uint64_t operation) { countdown_ = operation; }
  [[nodiscard]] bool is_cut() const { return cut_; }
  /// Operations that changed something.
  [[nodiscard]] std::uint64_t operations() const { return operations_; }

  /// The power is back. Handles are gone.
  void restart(Unsynced unsynced) {
    if (unsynced == Unsynced::lost) names_ = durable_names_;
    for (auto& [name, file] : names_) {
      std::vector<std::byte>& content = file->content;
      if (unsynced == Unsynced::lost || unsynced == Unsynced::renamed) content = file->durable;
      if (unsynced == Unsynced::torn && content != file->durable)
        content.resize(content.size() / 2);
      file->durable = content;
    }
    durable_names_ = names_;
    open_.clear();
    cut_ = false;
    countdown_ = 0;
  }

  /// The one file that the disk does not give; empty: it gives them all.
  std::string unreadable{};

  Result<std::vector<std::byte>> read(std::string_view name, std::size_t size_max) override {
    if (!unreadable.empty() && name == unreadable) return fail(Errc::store, 0, "simulated: EIO");
    const auto found = names_.find(name);
    if (found == names_.end()) return fail(Errc::not_found, 0, "simulated: no such file");
    if (found->second->content.size() > size_max) {
      return fail(Errc::too_large, 0, "simulated: too large");
    }
    return found->second->content;
  }
  Result<int> create(std::string_view name) override {
    if (strike()) return gone();
    if (names_.contains(name)) return fail(Errc::already_exists, 0, "simulated: it is there");
    const auto file = std::make_shared<File>();
    names_.emplace(name, file);
    open_[++last_handle_] = file;
    return last_handle_;
  }
  Result<void> write(int file, Bytes data) override {
    const bool whole = !strike();
    if (!whole && !struck_now_) return gone();
    auto& content = open_.at(file)->content;
    if (!whole) data = data.first(data.size() / 2);
    content.insert(content.end(), data.begin(), data.end());
    if (!whole) return gone();
    return {};
  }
  Result<void> sync(int file) override {
    if (strike()) return gone();
    open_.at(file)->durable = open_.at(file)->content;
    return {};
  }
  void close(int file) noexcept override { open_.erase(file); }
  Result<void> rename(std::string_view from, std::string_view to) override {
    if (strike()) return gone();
    auto node = names_.extract(names_.find(from));
    EMS_ASSERT(!node.empty());
    names_.insert_or_assign(std::string{to}, node.mapped());
    return {};
  }
  Result<void> remove(std::string_view name) override {
    if (strike()) return gone();
    const auto found = names_.find(name);
    if (found == names_.end()) return fail(Errc::not_found, 0, "simulated: no such file");
    names_.erase(found);
    return {};
  }
  Result<void> sync_folder() override {
    if (strike()) return gone();
    durable_names_ = names_;
    return {};
  }

 private:
  struct File {
    std::vector<std::byte> content;
    std::vector<std::byte> durable;
  };
  using Names = std::map<std::string, std::shared_ptr<File>, std::less<>>;

  /// Whether the power is gone for the operation that begins.
  bool strike() {
    struck_now_ = false;
    if (cut_) return true;
    ++operations_;
    if (countdown_ == 0 || --countdown_ > 0) return false;
    cut_ = struck_now_ = true;
    return true;
  }
  static Failure gone() { return fail(Errc::store, 0, "simulated: the power is gone"); }

  Names names_;
  Names durable_names_;
  std::map<int, std::shared_ptr<File>> open_;
  int last_handle_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t countdown_ = 0;
  bool cut_ = false;
  bool struck_now_ = false;
};

}  // namespace ems::test
