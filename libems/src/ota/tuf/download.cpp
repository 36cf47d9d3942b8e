// SPDX-License-Identifier: Apache-2.0
#include "ota/tuf/download.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "ems/ota/tuf/target_name.hpp"
#include "ota/tuf/metadata_parts.hpp"

namespace ems::ota::tuf {
namespace {

// Stands between fetcher and sink: not a byte more than the target has goes through.
class Checked final : public Sink {
 public:
  Checked(const Target& target, Hasher& sha256, Hasher& sha512, Sink& sink)
      : target_(target), sha256_(sha256), sha512_(sha512), sink_(sink) {
    if (target_.sha256) sha256_.begin(HashAlgorithm::sha256);
    if (target_.sha512) sha512_.begin(HashAlgorithm::sha512);
  }

  Result<void> take_up(std::uint64_t kept) {
    std::array<std::byte, 16 * 1024> piece;
    while (size_ < kept) {
      const auto rest = std::min<std::uint64_t>(kept - size_, piece.size());
      const MutableBytes part = MutableBytes(piece).first(static_cast<std::size_t>(rest));
      const Result<void> read = sink_.read_kept(size_, part);
      if (!read) return read;
      add(part);
    }
    return {};
  }

  Result<void> write(Bytes data) override {
    if (data.size() > target_.length - size_) {
      return fail(Errc::too_large, 0, "target: longer than its metadata says");
    }
    add(data);
    return sink_.write(data);
  }

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  Result<void> finish() {
    if (size_ != target_.length) {
      return fail(Errc::length, 0, "target: shorter than its metadata says");
    }
    Sha256 short_hash{};
    Sha512 long_hash{};
    if (target_.sha256) (void)sha256_.finish(short_hash);  // Its size is known.
    if (target_.sha512) (void)sha512_.finish(long_hash);
    if ((target_.sha256 && short_hash != *target_.sha256) ||
        (target_.sha512 && long_hash != *target_.sha512)) {
      return fail(Errc::hash, 0, "target: other bytes than its metadata says");
    }
    return {};
  }

 private:
  void add(Bytes data) noexcept {
    size_ += data.size();
    if (target_.sha256) sha256_.update(data);
    if (target_.sha512) sha512_.update(data);
  }

  const Target& target_;
  Hasher& sha256_;
  Hasher& sha512_;
  Sink& sink_;
  std::uint64_t size_ = 0;
};

// Percent-encoded part by part; `prefix` goes before the last one.
std::string url_path(std::string_view path, std::string_view prefix) {
  std::string out;
  for (std::size_t begin = 0;;) {
    const std::size_t end = path.find('/', begin);
    const std::string part(path.substr(begin, end - begin));
    if (end == std::string_view::npos) return out + percent_encoded(std::string(prefix) + part);
    out += percent_encoded(part) + '/';
    begin = end + 1;
  }
}

}  // namespace

Result<void> fetch_target(Fetcher& fetcher, const Target& target, bool consistent, Hasher& sha256,
                          Hasher& sha512, Sink& sink) {
  const Result<void> safe = check_target_name(target.path);
  if (!safe) return safe;
  if (!target.sha256 && !target.sha512) {
    return fail(Errc::unsupported_hash, 0, "target: no hash of a known algorithm");
  }
  std::vector<std::string> prefixes;  // A repository need not serve it under each of its hashes.
  if (!consistent) prefixes.emplace_back();
  if (consistent && target.sha256) prefixes.push_back(to_hex(*target.sha256) + '.');
  if (consistent && target.sha512) prefixes.push_back(to_hex(*target.sha512) + '.');

  Checked checked(target, sha256, sha512, sink);
  const std::uint64_t kept = sink.kept();
  if (kept > target.length) return fail(Errc::length, 0, "target: more was kept than it has");
  Result<void> done = checked.take_up(kept);
  if (!done) return done;
  for (const std::string& prefix : prefixes) {
    if (kept == target.length && kept > 0) break;
    done = fetcher.target(url_path(target.path, prefix), kept, target.length, checked);
    if (done || done.error().code != Errc::not_found || checked.size() != kept) break;
  }
  if (!done && done.error().code == Errc::not_found) {
    return fail(Errc::download, 0, "repository: a target it lists is not there");
  }
  return done ? checked.finish() : done;
}

}  // namespace ems::ota::tuf
