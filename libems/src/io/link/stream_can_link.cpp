// SPDX-License-Identifier: Apache-2.0
// CAN behind a byte stream: slcan and socketcand.
#include <array>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "ems/io/link/can_adapters.hpp"
#include "ems/protocol/slcan.hpp"
#include "ems/protocol/socketcand.hpp"
#include "io/link/can_core.hpp"

namespace ems::io {
namespace {

using protocol::CanFrame;
using protocol::CanRecord;

/// What a byte of the stream completed.
struct Heard {
  std::optional<CanRecord> record{};
  std::string_view answer{};  ///< To be sent.
  bool refused = false;       ///< No frame, and nothing else that is known.
  bool unsent = false;        ///< The adapter refuses what it was told to send.
};

enum class Channel : std::uint8_t { opening, open, refused };

/// The language of the other end. Sans I/O.
class Dialect {
 public:
  static constexpr std::size_t kRoomSize = 64;
  using Room = std::array<char, kRoomSize>;

  virtual ~Dialect() = default;
  /// The stream is open: what to say first; empty: the other end begins.
  virtual Result<std::string_view> begin(Room& room) = 0;
  virtual Heard take(std::byte byte) = 0;
  [[nodiscard]] virtual Channel channel() const = 0;
  /// How long opening may take, and whether it has succeeded when nothing was said until then.
  [[nodiscard]] virtual std::chrono::milliseconds patience() const = 0;
  [[nodiscard]] virtual bool may_be_silent() const = 0;
  /// Why it was refused, in the other end's words, or ours.
  [[nodiscard]] virtual std::string reason() const = 0;
  virtual Result<std::string_view> encode(const CanFrame& frame, Room& room) = 0;
  /// What to say last.
  [[nodiscard]] virtual std::string_view end() const = 0;
};

static_assert(protocol::kSlcanFrameSize <= Dialect::kRoomSize);
static_assert(protocol::kSlcanOpenSize <= Dialect::kRoomSize);
static_assert(protocol::kSocketcandFrameSize <= Dialect::kRoomSize);

class Slcan final : public Dialect {
 public:
  explicit Slcan(const SlcanOptions& options) : options_(options) {}

  Result<std::string_view> begin(Room& room) override {
    parser_.reset();
    answers_ = 0;
    is_noisy_ = false;
    channel_ = Channel::opening;
    return protocol::slcan_open_sequence(options_.bit_rate, options_.listen_only, room);
  }
  Heard take(std::byte byte) override {
    using Kind = protocol::SlcanEventKind;
    const std::optional<protocol::SlcanEvent> event = parser_.push(byte);
    if (!event) return {};
    const bool is_answer = event->kind == Kind::ok || event->kind == Kind::error;
    if (channel_ == Channel::opening && event->kind == Kind::refused) is_noisy_ = true;
    if (channel_ == Channel::opening && is_answer) {
      if (is_noisy_ || ++answers_ < protocol::kSlcanOpenCommands) return {};
      channel_ = event->kind == Kind::ok ? Channel::open : Channel::refused;
      return {};
    }
    // A frame comes only through an open channel. While opening it may be of the time before.
    if (event->kind == Kind::frame) return {.record = event->record};
    return {.refused = event->kind == Kind::refused, .unsent = event->kind == Kind::error};
  }
  [[nodiscard]] Channel channel() const override { return channel_; }
  [[nodiscard]] std::chrono::milliseconds patience() const override {
    return std::chrono::milliseconds(300);
  }
  [[nodiscard]] bool may_be_silent() const override { return true; }
  [[nodiscard]] std::string reason() const override {
    return "the adapter refuses to open its channel";
  }
  Result<std::string_view> encode(const CanFrame& frame, Room& room) override {
    if (options_.listen_only) {
      return fail(Errc::failed_precondition, 0, "link: the bus is only listened to");
    }
    channel_ = Channel::open;
    return protocol::encode_slcan(frame, room);
  }
  [[nodiscard]] std::string_view end() const override { return "C\r"; }

 private:
  SlcanOptions options_;
  protocol::SlcanParser parser_;
  std::size_t answers_ = 0;
  bool is_noisy_ = false;  ///< What looks like an answer may be none.
  Channel channel_ = Channel::opening;
};

class Socketcand final : public Dialect {
 public:
  explicit Socketcand(std::string bus) : bus_(std::move(bus)) {}

  Result<std::string_view> begin(Room&) override {
    if (!protocol::is_socketcand_bus(bus_)) {
      return fail(Errc::invalid_argument, 0, "no bus can have this name");
    }
    scanner_.reset();
    client_.emplace(bus_);
    return std::string_view{};
  }
  Heard take(std::byte byte) override {
    using Kind = protocol::SocketcandKind;
    const auto message = scanner_.push(byte);
    if (!message) return {};
    if (!*message) return {.refused = true};
    const bool is_record = (*message)->kind == Kind::frame || (*message)->kind == Kind::bus_error;
    if (is_record) return {.record = (*message)->record};
    const bool unsent = channel() == Channel::open && (*message)->kind == Kind::error;
    return {.answer = client_->take(**message), .unsent = unsent};
  }
  [[nodiscard]] Channel channel() const override {
    using State = protocol::SocketcandClient::State;
    if (client_->state() == State::refused) return Channel::refused;
    return client_->state() == State::open ? Channel::open : Channel::opening;
  }
  [[nodiscard]] std::chrono::milliseconds patience() const override {
    return std::chrono::seconds(5);
  }
  [[nodiscard]] bool may_be_silent() const override { return false; }
  [[nodiscard]] std::string reason() const override {
    return "the server refuses: " + std::string(client_->reason());
  }
  Result<std::string_view> encode(const CanFrame& frame, Room& room) override {
    return protocol::encode_socketcand(frame, room);
  }
  [[nodiscard]] std::string_view end() const override { return {}; }

 private:
  std::string bus_;
  protocol::SocketcandScanner scanner_;
  std::optional<protocol::SocketcandClient> client_;
};

class StreamCanCore final : public detail::CanCore {
 public:
  StreamCanCore(asio::any_io_executor executor, std::string name, std::unique_ptr<ByteLink> stream,
                std::unique_ptr<Dialect> dialect)
      : CanCore(std::move(executor), std::move(name)),
        stream_(std::move(stream)),
        dialect_(std::move(dialect)),
        timer_(executor_) {
    // The stream makes no callback after it was closed, and it lives no longer than this.
    stream_->on_receive([this](Bytes bytes) { take(bytes); });
    stream_->on_down([this](const LinkError& error) { fail_with(error); });
  }

 private:
  std::shared_ptr<StreamCanCore> self() {
    return std::static_pointer_cast<StreamCanCore>(shared_from_this());
  }

  void start() override {
    stream_->open([this](const LinkError* error) {
      const auto alive = self();
      if (error != nullptr) return fail_with(*error);
      begin();
    });
  }

  void stop() override {
    timer_.cancel();
    if (!stream_->is_open()) return stream_->close();
    (void)say(dialect_->end());  // As far as it goes: the other end may be gone.
    stream_->close();
  }

  void fail_with(const LinkError& error) {
    const auto alive = self();
    failed({error.error, error.message});
  }

  Result<void> say(std::string_view text) {
    if (text.empty()) return {};
    return stream_->write(std::as_bytes(std::span(text)));
  }

  void begin() {
    Dialect::Room room{};
    const Result<std::string_view> first = dialect_->begin(room);
    if (!first) return failed(error_of(first.error().code, first.error().what));
    if (const Result<void> said = say(*first); !said) {
      return failed(error_of(said.error().code, said.error().what));
    }
    timer_.expires_after(dialect_->patience());
    timer_.async_wait([self = self(), generation = generation_](const std::error_code& cancelled) {
      if (cancelled || self->generation_ != generation || self->is_open()) return;
      if (self->dialect_->may_be_silent()) return self->opened();
      self->failed(self->error_of(Errc::timeout, "the bus was not opened in time"));
    });
  }

  void take(Bytes bytes) {
    const auto alive = self();
    const std::uint64_t generation = generation_;
    for (const std::byte byte : bytes) {
      const Heard heard = dialect_->take(byte);
      counters_.refused += heard.refused ? 1 : 0;
      counters_.unsent += heard.unsent ? 1 : 0;
      if (const Result<void> said = say(heard.answer); !said) {
        return failed(error_of(said.error().code, said.error().what));
      }
      if (heard.record && is_open()) deliver(*heard.record);
      if (generation_ != generation) return;
      progress();
      if (generation_ != generation) return;
    }
  }

  /// The other end has opened the bus, or refuses to (which a slow one says late).
  void progress() {
    if (dialect_->channel() == Channel::refused) {
      return failed({fail(Errc::device_error, 0, "the bus was not opened").error,
                     name_ + ": " + dialect_->reason()});
    }
    if (is_open() || dialect_->channel() == Channel::opening) return;
    timer_.cancel();
    opened();
  }

  Result<void> send(const CanFrame& frame) override {
    Dialect::Room room{};
    const Result<std::string_view> text = dialect_->encode(frame, room);
    if (!text) return fail(text.error());
    return say(*text);
  }

  std::unique_ptr<ByteLink> stream_;
  std::unique_ptr<Dialect> dialect_;
  asio::steady_timer timer_;
};

}  // namespace

std::unique_ptr<CanLink> make_slcan_link(asio::any_io_executor executor,
                                         std::unique_ptr<ByteLink> stream,
                                         const SlcanOptions& options) {
  EMS_ASSERT(stream != nullptr);
  std::string name = "slcan:" + std::string(stream->name());
  return std::make_unique<detail::CoreCanLink>(std::make_shared<StreamCanCore>(
      std::move(executor), std::move(name), std::move(stream), std::make_unique<Slcan>(options)));
}

std::unique_ptr<CanLink> make_socketcand_link(asio::any_io_executor executor,
                                              std::unique_ptr<ByteLink> stream, std::string bus) {
  EMS_ASSERT(stream != nullptr);
  std::string name = "socketcand:" + std::string(stream->name()) + "/" + bus;
  return std::make_unique<detail::CoreCanLink>(
      std::make_shared<StreamCanCore>(std::move(executor), std::move(name), std::move(stream),
                                      std::make_unique<Socketcand>(std::move(bus))));
}

}  // namespace ems::io
