// SPDX-License-Identifier: Apache-2.0
// What an update costs: bench_ota memory | file | refresh REPOSITORY FOLDER
//   memory   a target of 100 MB that is in memory already, through Client::download()
//   file     the same through io::fetch_to_file(), in turn with writing as many bytes alone
//   refresh  a client's first cycle, with the store in FOLDER
// REPOSITORY holds root.json, now, and metadata/; bench_ota.py makes it. Prints one JSON object.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "bench/process_time.hpp"
#include "ems/io/ota/file_sink.hpp"
#include "ems/io/ota/file_store.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/ota/tuf/client.hpp"

namespace {

namespace fs = std::filesystem;
using namespace ems;
using namespace ems::ota;

constexpr std::size_t kImageSize = 100'000'000;
constexpr std::size_t kPiece = 64 * 1024;  // As a fetcher gives it.
constexpr int kRounds = 9;
constexpr int kRefreshes = 20;

[[noreturn]] void die(const std::string& why) {
  std::cerr << "bench_ota: " << why << '\n';
  std::exit(1);
}
template <class T>
T must(Result<T> result, const std::string& what) {
  if (!result) die(what + ": " + result.error().what);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::vector<std::byte> whole(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) die("no file " + file.string());
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// Everything in memory: what is measured is ours.
class MemoryFetcher final : public tuf::Fetcher {
 public:
  explicit MemoryFetcher(const fs::path& metadata) : image_(kImageSize) {
    for (const auto& entry : fs::directory_iterator(metadata)) {
      files_.emplace(entry.path().filename().string(), whole(entry.path()));
    }
    std::uint64_t state = 1;  // Bytes that no disk compresses.
    for (std::byte& byte : image_) {
      state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
      byte = static_cast<std::byte>(state >> 56);
    }
  }
  Result<std::vector<std::byte>> metadata(std::string_view name, std::size_t) override {
    const auto found = files_.find(name);
    if (found == files_.end()) return fail(Errc::not_found, 0, "no such file");
    return found->second;
  }
  Result<void> target(std::string_view, std::uint64_t from, std::uint64_t,
                      tuf::Sink& sink) override {
    for (Bytes rest = Bytes(image_).subspan(from); !rest.empty();) {
      const Bytes piece = rest.first(std::min(kPiece, rest.size()));
      if (const auto written = sink.write(piece); !written) return written;
      rest = rest.subspan(piece.size());
    }
    return {};
  }
  [[nodiscard]] Bytes image() const { return image_; }

 private:
  std::map<std::string, std::vector<std::byte>, std::less<>> files_;
  std::vector<std::byte> image_;
};

class NoSink final : public tuf::Sink {
 public:
  Result<void> write(Bytes) override { return {}; }
};

const io::OpenSslCrypto kCrypto;

struct Repository {
  explicit Repository(const fs::path& folder)
      : fetcher(folder / "metadata"), root(whole(folder / "root.json")) {
    const auto text = whole(folder / "now");
    const auto read = io::parse_utc({reinterpret_cast<const char*>(text.data()), text.size()});
    if (!read) die("now is no time");
    now = *read;
  }
  MemoryFetcher fetcher;
  std::vector<std::byte> root;
  UtcInstant now{};
};

/// A client on an empty store that has finished a cycle.
struct Refreshed {
  Refreshed(Repository& repository, const fs::path& folder)
      : files(must(io::Folder::open(folder), "folder")),
        store(files),
        client(repository.fetcher, store, kCrypto, {}) {
    must(client.init(repository.root), "init");
    must(client.refresh(repository.now), "refresh");
  }
  io::Folder files;
  io::FileStore store;
  tuf::Client client;
};

tuf::Target image_target(Bytes image) {
  tuf::Target target;
  target.path = "image.bin";
  target.length = image.size();
  target.sha256 = kCrypto.sha256(image);
  return target;
}

double mb_per_s(double seconds) { return static_cast<double>(kImageSize) / 1e6 / seconds; }

/// Most memory that the process has had.
long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void print(const char* name, const std::vector<double>& values, const char* end = ",\n") {
  std::cout << '"' << name << "\": [";
  for (std::size_t i = 0; i < values.size(); ++i) std::cout << (i == 0 ? "" : ", ") << values[i];
  std::cout << ']' << end;
}

/// @return CPU seconds and wall seconds of one download.
bench::Spent download(tuf::Client& client, const tuf::Target& target) {
  io::OpenSslHasher sha256;
  io::OpenSslHasher sha512;
  NoSink sink;
  const bench::Stopwatch watch;
  must(client.download(target, sha256, sha512, sink), "download");
  return watch.spent();
}

void memory(Repository& repository, const fs::path& folder) {
  Refreshed it(repository, folder / "store");
  const tuf::Target target = image_target(repository.fetcher.image());
  (void)download(it.client, target);
  std::vector<double> rates;
  for (int i = 0; i < kRounds; ++i) rates.push_back(mb_per_s(download(it.client, target).cpu_s));
  print("mb_per_cpu_s", rates, "\n");
}

/// As many bytes into a file, made durable: nothing else.
double plain_write_s(Bytes image, const fs::path& file) {
  const bench::Stopwatch watch;
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(image.size())) != 0) {
    die("the disk cannot take the image");
  }
  for (std::size_t at = 0; at < image.size(); at += kPiece) {
    const Bytes piece = image.subspan(at, std::min(kPiece, image.size() - at));
    if (::write(fd, piece.data(), piece.size()) != static_cast<ssize_t>(piece.size())) {
      die("write failed");
    }
  }
  if (::fsync(fd) != 0) die("fsync failed");
  ::close(fd);
  return watch.spent().wall_s;
}

void file(Repository& repository, const fs::path& folder) {
  Refreshed it(repository, folder / "store");
  const Bytes image = repository.fetcher.image();
  const tuf::Target target = image_target(image);
  const fs::path ours = folder / "image.bin";
  const fs::path plain = folder / "plain.bin";
  std::vector<double> rates, disk, hash;
  const long before = peak_kib();
  for (int i = 0; i < kRounds; ++i) {
    fs::remove(plain);
    disk.push_back(mb_per_s(plain_write_s(image, plain)));
    hash.push_back(mb_per_s(download(it.client, target).wall_s));
    fs::remove(ours);
    const bench::Stopwatch watch;
    if (!must(io::fetch_to_file(it.client, target, ours), "fetch")) die("it was there");
    rates.push_back(mb_per_s(watch.spent().wall_s));
  }
  print("mb_per_s", rates);
  print("disk_mb_per_s", disk);
  print("hash_mb_per_s", hash);
  std::cout << "\"growth_kib\": " << peak_kib() - before << '\n';
}

void refresh(Repository& repository, const fs::path& folder) {
  std::vector<double> times;
  for (int i = 0; i < kRefreshes; ++i) {
    const fs::path store = folder / ("store-" + std::to_string(i));
    const bench::Stopwatch watch;
    const Refreshed it(repository, store);
    times.push_back(watch.spent().cpu_s * 1e3);
  }
  print("cpu_ms", times, "\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 4 ? argv[1] : "";
  if (what != "memory" && what != "file" && what != "refresh") {
    die("usage: bench_ota memory | file | refresh REPOSITORY FOLDER");
  }
  Repository repository{fs::path(argv[2])};
  const fs::path folder(argv[3]);
  std::cout << "{\n";
  if (what == "memory") memory(repository, folder);
  if (what == "file") file(repository, folder);
  if (what == "refresh") refresh(repository, folder);
  std::cout << "}\n";
  return 0;
}
