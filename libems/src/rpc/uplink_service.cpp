// SPDX-License-Identifier: Apache-2.0
#include "rpc/uplink_service.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "rpc/convert.hpp"
#include "rpc/fingerprint.hpp"
#include "rpc/status.hpp"
#include "rpc/text.hpp"
#include "rpc/uplink_protocol.hpp"

namespace ems::rpc {

namespace {

using Stream = grpc::ServerReaderWriter<v1::ConnectResponse, v1::ConnectRequest>;

constexpr std::chrono::seconds kWriterGrace{1};  // For a last write to a peer that reads.
constexpr int kBlocksMax = 4096;  // Of one Batch; an agent sends 256 KiB. Empty ones cost memory.

/// One agent's connection. The thread of the call reads, stores and acknowledges: an agent that
/// does not read its acknowledgements is not read either. Another thread writes commands.
class Connection {
 public:
  Connection(FleetCore& core, grpc::ServerContext& context, Stream& stream)
      : core_(core),
        context_(context),
        stream_(stream),
        session_(std::make_shared<AgentSession>()) {
    session_->context = &context;
    touch();
  }

  Result<void> run() {
    const Result<Identity> peer = peer_identity(context_.auth_context());
    if (!peer) return fail(peer.error());
    if (peer->kind != PeerKind::agent) {
      return fail(Errc::permission_denied, 0, "UplinkService is for agents");
    }
    key_.agent = peer->name;
    if (const auto added = core_.add(key_, session_); !added) return added;
    Result<void> done = greet();
    if (done) done = serve();
    core_.remove(key_, session_);
    if (token_ != 0) {
      core_.book.close_session(key_, token_);
      core_.store.session_end(token_);
    }
    return done;
  }

  [[nodiscard]] const fleet::AgentKey& key() const noexcept { return key_; }

 private:
  void touch() { session_->last_read_us = core_.clock.now().since_zero().count(); }

  bool read(v1::ConnectRequest& request) {
    const bool ok = stream_.Read(&request);
    touch();
    return ok;
  }

  // Hello in, Welcome out.
  Result<void> greet() {
    v1::ConnectRequest request;
    if (!read(request)) return fail(Errc::cancelled, 0, "the agent left before Hello");
    if (!request.has_hello()) return fail(Errc::invalid_argument, 0, "the first message is Hello");
    const v1::Hello& hello = request.hello();
    if (hello.protocol_version() != kUplinkProtocolVersion) {
      return fail(Errc::schema, 0, "this server speaks protocol version 1");
    }
    if (!core_.allows(hello.tenant(), key_.agent)) {
      return fail(Errc::permission_denied, 0, "this agent may not write under that tenant");
    }
    fleet::SessionRequest begin{{hello.tenant(), key_.agent}, {}, {}};
    const Result<telemetry::Epoch> epoch = from(hello.epoch());
    if (!epoch) return fail(epoch.error());
    if (hello.instance().size() != begin.instance.size()) {
      return fail(Errc::invalid_argument, 0, "hello: instance is not 16 bytes");
    }
    begin.epoch = *epoch;
    std::memcpy(begin.instance.data(), hello.instance().data(), begin.instance.size());
    const Result<fleet::SessionToken> token = core_.store.session_begin(begin);
    if (!token) return fail(token.error());
    token_ = *token;
    // Until here it was registered without its tenant.
    core_.admit(key_, begin.key, session_, token_);
    key_ = begin.key;
    core_.book.open_session(key_, token_);
    const bool differs = hello.catalogue_hash() != catalogue_hash();
    const std::string version = printable(hello.software_version(), kVersionSizeMax);
    core_.set_presence(key_, version, differs);
    core_.logger.info("session begin tenant={} agent={} version={} catalogue_differs={}",
                      key_.tenant, key_.agent, version, differs);
    return welcome(*epoch);
  }

  Result<void> welcome(const telemetry::Epoch& epoch) {
    v1::ConnectResponse response;
    v1::Welcome& welcome = *response.mutable_welcome();
    welcome.set_protocol_version(kUplinkProtocolVersion);
    welcome.set_server_name(core_.options.name);
    const fleet::Id128 generation = core_.store.generation();
    welcome.set_generation(generation.data(), generation.size());
    for (const telemetry::Stream stream : telemetry::kStreams) {
      const Result<telemetry::Sequence> stored = core_.store.mark(key_, stream, epoch);
      if (!stored) return fail(stored.error());
      v1::StreamMark& mark = *welcome.add_marks();
      mark.set_stream(static_cast<std::uint32_t>(telemetry::index_of(stream)));
      set(*mark.mutable_epoch(), epoch);
      mark.set_mark(*stored);
      const Result<std::vector<std::byte>> newest = core_.store.newest_block(key_, stream, epoch);
      if (!newest) return fail(newest.error());
      const auto row = fingerprint_of_last(*newest);
      if (row) {
        mark.mutable_newest_row()->set_sequence(row->sequence);
        mark.mutable_newest_row()->set_hash(row->hash);
      } else if (!newest->empty()) {
        core_.logger.error("stored block fails its check tenant={} agent={} stream={} mark={}",
                           key_.tenant, key_.agent, to_string(stream), *stored);
      }
    }
    if (!stream_.Write(response)) return fail(Errc::cancelled, 0, "the agent left");
    return {};
  }

  Result<void> serve() {
    session_->command_waiting = true;  // No other thread waits for it yet.
    std::thread writer{[this] { write_all(); }};
    v1::ConnectRequest request;
    Result<void> done;
    while (done && read(request)) done = take(request);
    end_writer(writer);
    if (done && core_.stopping) return fail(Errc::unavailable, 0, "the server is shutting down");
    return done;
  }

  void end_writer(std::thread& writer) {
    {
      std::unique_lock lock{session_->mutex};
      session_->ended = true;
      session_->wake.notify_all();
      // A peer that does not read may block the writer; it has no more claim to a status.
      if (!session_->wake.wait_for(lock, kWriterGrace, [this] { return writer_done_; })) {
        context_.TryCancel();
      }
    }
    writer.join();
  }

  Result<void> take(const v1::ConnectRequest& request) {
    switch (request.message_case()) {
      case v1::ConnectRequest::kBatch:
        return take(request.batch());
      case v1::ConnectRequest::kGap:
        return take(request.gap());
      case v1::ConnectRequest::kLive:
        publish(request.live());
        return {};
      case v1::ConnectRequest::kCommandStatus:
        take(request.command_status());
        return {};
      case v1::ConnectRequest::kHello:
        return fail(Errc::invalid_argument, 0, "Hello comes once");
      case v1::ConnectRequest::MESSAGE_NOT_SET:
        break;
    }
    return fail(Errc::invalid_argument, 0, "an empty message, or one unknown here");
  }

  void take(const v1::CommandStatus& status) {
    CommandStep step = from(status);
    step.message = printable(step.message, kMessageSizeMax);
    step.overruled_by = printable(step.overruled_by, kNameSizeMax);
    if (!core_.book.report(key_, step)) return;
    core_.logger.info("command id={} tenant={} agent={} state={} message=\"{}\"",
                      printable(step.id, kNameSizeMax), key_.tenant, key_.agent,
                      to_string(step.state), step.message);
  }

  Result<void> take(const v1::Batch& batch) {
    if (batch.blocks_size() > kBlocksMax) {
      return fail(Errc::out_of_range, 0, "more than 4,096 blocks in one batch");
    }
    std::vector<fleet::IngestItem> items;
    for (const std::string& block : batch.blocks()) {
      items.push_back({Bytes{reinterpret_cast<const std::byte*>(block.data()), block.size()}, {}});
    }
    return ingest(batch.stream(), batch.epoch(), items);
  }

  Result<void> take(const v1::Gap& message) {
    const Result<telemetry::Gap> gap = from(message);
    if (!gap) return fail(gap.error());
    const std::array items{fleet::IngestItem{{}, *gap}};
    return ingest(message.stream(), message.epoch(), items);
  }

  Result<void> ingest(std::uint32_t number, const v1::Epoch& epoch_message,
                      std::span<const fleet::IngestItem> items) {
    const Result<telemetry::Stream> stream = stream_from(number);
    if (!stream) return fail(stream.error());
    const Result<telemetry::Epoch> epoch = from(epoch_message);
    if (!epoch) return fail(epoch.error());
    const Instant begin = core_.clock.now();
    const Result<fleet::Ack> ack = core_.store.ingest(token_, *stream, *epoch, items);
    if (!ack) return fail(ack.error());
    core_.add_rows(*ack, core_.clock.now() - begin);
    (void)write(*ack);  // False: the stream is over, and the next read says so.
    return {};
  }

  void publish(const v1::LiveValues& live) {
    core_.count_live();
    fleet::LiveRow row;
    row.tenant = key_.tenant;
    row.agent = key_.agent;
    row.at = from(live.taken_at());
    for (const v1::PointValue& message : live.values()) {
      const Result<fleet::LatestValue> value = from(message);
      if (!value || row.points.size() == telemetry::kPointsMax) continue;  // Copies only.
      row.points.push_back(value->point);
      row.values.push_back({value->value, value->quality, true});
    }
    core_.hub.publish(std::move(row));
  }

  // The writing thread.
  void write_all() {
    std::unique_lock lock{session_->mutex};
    bool ok = true;
    while (ok) {
      session_->wake.wait(lock, [this] { return session_->ended || session_->command_waiting; });
      const bool commands = std::exchange(session_->command_waiting, false) && !session_->ended;
      const bool last = session_->ended;
      lock.unlock();
      while (ok && commands) {
        const std::optional<RemoteCommand> command = core_.book.take(key_, token_);
        if (!command) break;
        ok = write(*command);
      }
      lock.lock();
      if (last) break;
    }
    writer_done_ = true;
    session_->wake.notify_all();
  }

  bool write(const fleet::Ack& ack) {
    v1::ConnectResponse response;
    v1::Ack& message = *response.mutable_ack();
    message.set_stream(static_cast<std::uint32_t>(telemetry::index_of(ack.stream)));
    set(*message.mutable_epoch(), ack.epoch);
    message.set_mark(ack.mark);
    const std::scoped_lock lock{write_mutex_};
    return stream_.Write(response);
  }

  bool write(const RemoteCommand& command) {
    v1::ConnectResponse response;
    v1::Command& message = *response.mutable_command();
    message.set_id(command.id);
    set(*message.mutable_ttl(), command.ttl);
    message.set_actor(command.actor);
    set(*message.mutable_action(), command.action);
    const std::scoped_lock lock{write_mutex_};
    return stream_.Write(response);
  }

  FleetCore& core_;
  grpc::ServerContext& context_;
  Stream& stream_;
  fleet::AgentKey key_;
  fleet::SessionToken token_ = 0;
  std::shared_ptr<AgentSession> session_;
  std::mutex write_mutex_;    ///< A stream has one writer at a time.
  bool writer_done_ = false;  ///< Guarded by session_->mutex.
};

}  // namespace

grpc::Status UplinkServiceImpl::Connect(grpc::ServerContext* context, Stream* stream) {
  Connection connection{core_, *context, *stream};
  const Result<void> done = connection.run();
  if (done) return grpc::Status::OK;
  core_.count_refused(done.error().code);
  core_.logger.warn("session end tenant={} agent={} peer={} code={} why=\"{}\"",
                    connection.key().tenant, connection.key().agent, context->peer(),
                    to_string(done.error().code), done.error().what);
  return to_status(done.error());
}

}  // namespace ems::rpc
