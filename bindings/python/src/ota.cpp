// SPDX-License-Identifier: Apache-2.0
// Updates: strict signatures, images, the TUF client, payloads.
#include <algorithm>
#include <mutex>

#include "ems/io/ota/file_sink.hpp"
#include "ems/io/ota/file_store.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/io/ota/payload_store.hpp"
#include "ems/io/ota/repository_fetcher.hpp"
#include "ems/ota/image/image.hpp"
#include "ems/ota/signature.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

using ota::tuf::Target;

py::bytes to_bytes(Bytes data) { return {reinterpret_cast<const char*>(data.data()), data.size()}; }
template <std::size_t kSize>
py::object digest_or_none(const std::optional<std::array<std::byte, kSize>>& digest) {
  if (!digest) return py::none();
  return to_bytes(*digest);
}

/// Exactly so many bytes.
template <class Array>
Array array_of(const py::bytes& data, const char* what) {
  const Bytes given = bytes_of(data);
  Array out{};
  if (given.size() != out.size()) {
    raise(Errc::length, 0,
          std::string(what) + " has " + std::to_string(given.size()) + " bytes, not " +
              std::to_string(out.size()));
  }
  std::ranges::copy(given, out.begin());
  return out;
}

void verify_ed25519(const py::bytes& key, const py::bytes& message, const py::bytes& signature) {
  const io::OpenSslCrypto crypto;
  take(ota::check_key(crypto, ota::Scheme::ed25519, bytes_of(key)));
  if (!ota::verify(crypto, ota::Scheme::ed25519, bytes_of(key), bytes_of(message),
                   bytes_of(signature))) {
    raise(Errc::signature, 0, "not a signature of this message under this key");
  }
}

class MemoryReader final : public ota::ImageReader {
 public:
  explicit MemoryReader(Bytes image) : image_(image) {}
  Result<void> read(std::uint32_t offset, MutableBytes out) noexcept override {
    if (offset > image_.size() || out.size() > image_.size() - offset) {
      return fail(Errc::truncated, offset, "image: it ends too early");
    }
    std::ranges::copy(image_.subspan(offset, out.size()), out.begin());
    return {};
  }

 private:
  Bytes image_;
};

py::dict verify_image(const py::bytes& image, const std::vector<py::bytes>& keys,
                      std::uint32_t slot_size, std::uint32_t counter_floor,
                      const std::optional<py::bytes>& vendor_id,
                      const std::optional<py::bytes>& class_id) {
  std::vector<ota::Ed25519Key> trusted;
  for (const py::bytes& key : keys) trusted.push_back(array_of<ota::Ed25519Key>(key, "a key"));
  ota::ImagePolicy policy{.keys = trusted, .slot_size = slot_size, .counter_floor = counter_floor};
  if (vendor_id) policy.vendor_id = array_of<ota::Uuid>(*vendor_id, "vendor_id");
  if (class_id) policy.class_id = array_of<ota::Uuid>(*class_id, "class_id");
  MemoryReader reader(bytes_of(image));
  io::OpenSslHasher hasher;
  const ota::Image found = take(ota::verify_image(reader, policy, hasher, io::OpenSslCrypto{}));
  py::dict out;
  out["version"] = py::make_tuple(found.version.major, found.version.minor, found.version.revision,
                                  found.version.build);
  out["counter"] = found.counter;
  out["payload_offset"] = found.payload_offset;
  out["payload_size"] = found.payload_size;
  out["size"] = found.size;
  out["sha256"] = to_bytes(found.sha256);
  return out;
}

py::dict target_fields(const Target& target) {
  py::dict out;
  out["path"] = target.path;
  out["length"] = target.length;
  out["sha256"] = digest_or_none(target.sha256);
  out["sha512"] = digest_or_none(target.sha512);
  out["role"] = target.role;
  const ota::tuf::DeviceTarget device = target.device.value_or(ota::tuf::DeviceTarget{});
  const auto known = [&target](py::object value) {
    return target.device ? std::move(value) : py::object(py::none());
  };
  out["component"] = device.component.empty() ? py::object(py::none()) : py::str(device.component);
  out["version"] = known(py::str(device.version));
  out["hardware_ids"] = device.hardware_ids;
  out["release_counter"] = known(py::int_(device.release_counter));
  return out;
}

/// (settings of the device) as Python hands them over; None: not checked.
using DeviceFields =
    std::tuple<std::optional<std::string>, std::optional<std::int64_t>, std::optional<std::int64_t>,
               std::optional<std::uint64_t>, std::optional<std::vector<std::string>>>;

ota::tuf::Device device_of(DeviceFields fields) {
  ota::tuf::Device device;
  auto& [hardware_id, release_counter, security_floor, capacity, payloads] = fields;
  device.hardware_id = std::move(hardware_id);
  device.release_counter = release_counter;
  device.security_floor = security_floor;
  device.capacity = capacity;
  if (payloads) device.payloads = std::move(*payloads);
  return device;
}

class Buffer final : public ota::tuf::Sink {
 public:
  Result<void> write(Bytes data) override {
    content.insert(content.end(), data.begin(), data.end());
    return {};
  }
  std::vector<std::byte> content;
};

/// The client with its store and its repository. Threads take turns; the rest of Python runs.
class UpdateClient {
 public:
  UpdateClient(const std::string& store, const std::string& metadata, const std::string& targets,
               const std::string& ca_file, DeviceFields device,
               std::optional<std::int64_t> time_floor_us, const py::bytes& factory_root,
               const py::object& offline_grace_s)
      : folder_(take(io::Folder::open(store))),
        fetcher_(take(io::RepositoryFetcher::open(metadata, targets, https(ca_file)))) {
    ota::tuf::ClientSettings settings;
    settings.device = device_of(std::move(device));
    if (time_floor_us) settings.time_floor = UtcInstant{microseconds(*time_floor_us)};
    const Bytes root = bytes_of(factory_root);
    settings.factory_root.assign(root.begin(), root.end());
    settings.offline_grace = duration_of(offline_grace_s);
    settings.on_event = [this](const ota::tuf::Event& event) { events_.push_back(event); };
    client_.emplace(fetcher_, store_, crypto_, std::move(settings));
  }

  void init(const py::bytes& root) {
    const Bytes bytes = bytes_of(root);
    run([&] { return client_->init(bytes); });
  }
  void refresh(std::int64_t now_us) {
    run([&] { return client_->refresh(UtcInstant{microseconds(now_us)}); });
  }
  Target find(const std::string& path) {
    return run([&] { return client_->find(path); });
  }
  void download(const Target& target, const std::string& file) {
    run([&] { return io::fetch_to_file(*client_, target, file); });
  }
  /// A target's bytes, in memory.
  py::bytes read(const Target& target) {
    Buffer buffer;
    run([&] {
      io::OpenSslHasher sha256;
      io::OpenSslHasher sha512;
      return client_->download(target, sha256, sha512, buffer);
    });
    return to_bytes(buffer.content);
  }
  [[nodiscard]] std::vector<std::tuple<std::string, std::string, std::string>> take_events() {
    const std::lock_guard lock(mutex_);
    std::vector<std::tuple<std::string, std::string, std::string>> out;
    for (const ota::tuf::Event& event : events_) {
      out.emplace_back(text(to_string(event.error.code)), event.file, event.error.what);
    }
    events_.clear();
    return out;
  }

 private:
  static io::HttpsSettings https(const std::string& ca_file) {
    io::HttpsSettings settings;
    settings.ca_file = ca_file;
    return settings;
  }
  /// One call at a time, without Python's lock. The message names the file.
  template <class F>
  typename std::invoke_result_t<F>::value_type run(F&& call) {
    auto result = [&] {
      const py::gil_scoped_release release;
      const std::lock_guard lock(mutex_);
      return call();
    }();
    if (result) return take(std::move(result));
    const Error& error = result.error();
    std::string message = error.what;
    if (const auto& last = client_->last_event(); last && last->error == error) {
      message = last->file + ": " + message;
    }
    raise(error.code, error.offset, message);
  }

  std::mutex mutex_;
  io::Folder folder_;
  io::FileStore store_{folder_};
  io::RepositoryFetcher fetcher_;
  io::OpenSslCrypto crypto_;
  std::vector<ota::tuf::Event> events_;
  std::optional<ota::tuf::Client> client_;
};

py::dict to_dict(const ota::Payload& payload) {
  py::dict out;
  out["version"] = text(payload.version.view());
  out["sha256"] = to_bytes(payload.sha256);
  out["size"] = payload.size;
  out["release_counter"] = payload.counter;
  return out;
}
py::object to_object(const std::optional<ota::PayloadRecord::Stored>& stored) {
  if (!stored) return py::none();
  return to_dict(stored->payload);
}

/// A Python callable as a loader: what it raises is why the version failed.
class PythonLoader {
 public:
  explicit PythonLoader(py::object call) : call_(std::move(call)) {}
  [[nodiscard]] io::PayloadStore::Loader get() {
    return [this](const ota::Payload& payload, Bytes content) -> Result<void> {
      try {
        call_(to_dict(payload), to_bytes(content));
        return {};
      } catch (py::error_already_set& raised) {
        reason_ = py::str(raised.value()).cast<std::string>();
        raised_.emplace(raised);
        return fail(Errc::failed_precondition, 0, reason_.c_str());
      }
    };
  }
  /// The result; a failure that is the callable's own as it raised it.
  py::dict end(const Result<ota::Payload>& result) {
    if (result) return to_dict(*result);
    if (raised_ && result.error().what == reason_.c_str()) throw py::error_already_set(*raised_);
    raise(result.error());
  }

 private:
  py::object call_;
  std::string reason_;
  std::optional<py::error_already_set> raised_;
};

/// Python's lock is held throughout, but a loader may give it away: a second call is refused.
class PayloadFolder {
 public:
  PayloadFolder(const std::string& folder, std::size_t size_max)
      : folder_(take(io::Folder::open(folder))), store_(folder_, crypto_, size_max) {}

  py::dict install(const std::string& kind, const Target& target, const py::bytes& content,
                   py::object call) {
    const Turn turn(busy_);
    PythonLoader loader(std::move(call));
    return loader.end(store_.install(kind, target, bytes_of(content), loader.get()));
  }
  py::dict load(const std::string& kind, py::object call) {
    const Turn turn(busy_);
    PythonLoader loader(std::move(call));
    return loader.end(store_.load(kind, loader.get()));
  }
  void roll_back(const std::string& kind, const std::string& reason) {
    const Turn turn(busy_);
    take(store_.roll_back(kind, reason));
  }
  void release(const std::string& kind, const py::bytes& sha256) {
    const Turn turn(busy_);
    take(store_.release(kind, array_of<ota::Sha256>(sha256, "sha256")));
  }
  [[nodiscard]] py::bytes read(const std::string& kind) {
    const Turn turn(busy_);
    return to_bytes(take(store_.read(kind)));
  }
  /// (current, previous, [(sha256, reason)])
  [[nodiscard]] py::tuple record(const std::string& kind) {
    const Turn turn(busy_);
    const ota::PayloadRecord record = take(store_.record(kind));
    py::list failures;
    for (const auto& failure : record.quarantine()) {
      failures.append(py::make_tuple(to_bytes(failure.sha256), text(failure.reason.view())));
    }
    return py::make_tuple(to_object(record.current()), to_object(record.previous()), failures);
  }

 private:
  class Turn {
   public:
    explicit Turn(bool& busy) : busy_(busy) {
      if (busy) raise(Errc::aborted, 0, "the payloads are in use by another call");
      busy = true;
    }
    ~Turn() { busy_ = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    bool& busy_;
  };

  bool busy_ = false;
  io::Folder folder_;
  io::OpenSslCrypto crypto_;
  io::PayloadStore store_;
};

}  // namespace

void register_ota(py::module_& module) {
  module.def("verify_ed25519", &verify_ed25519, py::arg("key"), py::arg("message"),
             py::arg("signature"));
  module.def("verify_image", &verify_image, py::arg("image"), py::arg("keys"), py::arg("slot_size"),
             py::arg("counter_floor"), py::arg("vendor_id"), py::arg("class_id"));
  py::class_<Target>(module, "UpdateTarget").def("fields", &target_fields);
  py::class_<UpdateClient>(module, "UpdateClient")
      .def(py::init<const std::string&, const std::string&, const std::string&, const std::string&,
                    DeviceFields, std::optional<std::int64_t>, const py::bytes&,
                    const py::object&>(),
           py::arg("store"), py::arg("metadata"), py::arg("targets"), py::arg("ca_file"),
           py::arg("device"), py::arg("time_floor_us"), py::arg("factory_root"),
           py::arg("offline_grace_s"))
      .def("init", &UpdateClient::init, py::arg("root"))
      .def("refresh", &UpdateClient::refresh, py::arg("now_us"))
      .def("find", &UpdateClient::find, py::arg("path"))
      .def("download", &UpdateClient::download, py::arg("target"), py::arg("file"))
      .def("read", &UpdateClient::read, py::arg("target"))
      .def("take_events", &UpdateClient::take_events);
  py::class_<PayloadFolder>(module, "PayloadStore")
      .def(py::init<const std::string&, std::size_t>(), py::arg("folder"), py::arg("size_max"))
      .def("install", &PayloadFolder::install, py::arg("kind"), py::arg("target"),
           py::arg("content"), py::arg("load"))
      .def("load", &PayloadFolder::load, py::arg("kind"), py::arg("load"))
      .def("roll_back", &PayloadFolder::roll_back, py::arg("kind"), py::arg("reason"))
      .def("release", &PayloadFolder::release, py::arg("kind"), py::arg("sha256"))
      .def("read", &PayloadFolder::read, py::arg("kind"))
      .def("record", &PayloadFolder::record, py::arg("kind"));
}

}  // namespace ems::python
