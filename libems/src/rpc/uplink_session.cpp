// SPDX-License-Identifier: Apache-2.0
#include "rpc/uplink_session.hpp"

#include <grpcpp/create_channel.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "rpc/channel.hpp"
#include "rpc/convert.hpp"
#include "rpc/credentials.hpp"
#include "rpc/fingerprint.hpp"
#include "rpc/text.hpp"
#include "rpc/uplink_protocol.hpp"

namespace ems::rpc {

namespace {

constexpr std::chrono::seconds kIdleLook{1};  // Looks at the store at least so often.
constexpr std::chrono::seconds kReasonWait{1};
constexpr const char* kBroken = "the connection ended";
constexpr std::size_t kCommandsMax = 128;  // Received and not performed yet.
constexpr int kDamagedMax = 64;            // Looks in a row that found damage; then it waits.

std::string describe(const Error& error) {
  return std::string{to_string(error.code)} + ": " + error.what;
}

}  // namespace

std::string UplinkSession::run() {
  const UplinkOptions& options = shared_.options;
  const auto credentials = client_credentials(options.tls);
  if (!credentials) return describe(credentials.error());
  Result<std::string> first = hello();
  if (!first) return describe(first.error());
  stub_ = v1::UplinkService::NewStub(open_channel(
      options.address, *credentials, options.keepalive_interval, options.keepalive_timeout));
  {
    const std::scoped_lock lock{shared_.mutex};
    if (shared_.stopping) return {};
    shared_.context = &context_;
  }
  std::thread reader{[this, &first] { read_all(std::move(*first)); }};
  std::string why = talk();
  bool server_ended = false;  // Before we did: then what the server said explains most.
  {
    std::unique_lock lock{shared_.mutex};
    // A write failed because the server ended the call: its reason is on its way.
    if (why.ends_with(kBroken)) {
      shared_.changed.wait_for(lock, kReasonWait,
                               [this] { return shared_.stopping || inbox_.ended; });
    }
    server_ended = inbox_.ended;
  }
  context_.TryCancel();
  reader.join();
  {
    const std::scoped_lock lock{shared_.mutex};
    shared_.context = nullptr;
    if (shared_.stopping) return {};
    const bool only_broken = why.empty() || why.ends_with(kBroken);
    if (!inbox_.error.empty() && (only_broken || server_ended)) why = inbox_.error;
  }
  return why.empty() ? kBroken : why;
}

Result<std::string> UplinkSession::hello() {
  const auto marks = shared_.source.marks();
  if (!marks) return fail(marks.error());
  marks_ = *marks;
  v1::ConnectRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_protocol_version(kUplinkProtocolVersion);
  hello.set_tenant(shared_.options.tenant);
  set(*hello.mutable_epoch(), marks_[0].epoch);
  hello.set_instance(shared_.instance.data(), shared_.instance.size());
  for (const telemetry::Stream stream : telemetry::kStreams) {
    v1::StreamMark& mark = *hello.add_marks();
    mark.set_stream(static_cast<std::uint32_t>(telemetry::index_of(stream)));
    set(*mark.mutable_epoch(), marks_[telemetry::index_of(stream)].epoch);
    mark.set_mark(marks_[telemetry::index_of(stream)].acknowledged);
  }
  hello.set_catalogue_hash(catalogue_hash());
  hello.set_software_version(shared_.options.software_version);
  return request.SerializeAsString();
}

// The reading thread: everything that may block before Welcome, then every read.
void UplinkSession::read_all(std::string hello) {
  auto stream = stub_->Connect(&context_);
  v1::ConnectRequest request;
  bool ok = request.ParseFromString(hello) && stream->Write(request);
  {
    const std::scoped_lock lock{shared_.mutex};
    stream_ = std::move(stream);
  }
  v1::ConnectResponse response;
  while (ok && stream_->Read(&response)) take(response);
  if (!ok) {
    while (stream_->Read(&response)) {
    }  // Only the status is still to come.
  }
  // First its reason: to cancel would put CANCELLED in its place.
  const grpc::Status status = stream_->Finish();
  context_.TryCancel();  // A writer that is blocked ends now: the call is over for both.
  const std::scoped_lock lock{shared_.mutex};
  inbox_.ended = true;
  if (!status.ok() && inbox_.error.empty()) {
    inbox_.error = printable(status.error_message(), kMessageSizeMax);
  }
  shared_.changed.notify_all();
}

void UplinkSession::take(v1::ConnectResponse& response) {
  const Instant now = shared_.clock.now();
  // A stop does not wait for what this connection has to send, or for the store.
  if (response.has_command() && response.command().action().has_emergency_stop() &&
      response.command().id().size() <= runtime::kCommandIdMax) {
    const CommandStep step = perform(response.command(), now);
    const std::scoped_lock lock{shared_.mutex};
    if (shared_.steps.size() < kStepsMax) shared_.steps.push_back(step);
    shared_.changed.notify_all();
    return;
  }
  const std::scoped_lock lock{shared_.mutex};
  if (response.has_welcome() && !inbox_.welcome) {
    inbox_.welcome = std::move(*response.mutable_welcome());
  } else if (response.has_ack() && response.ack().stream() < telemetry::kStreamCount) {
    inbox_.acks[response.ack().stream()] = std::move(*response.mutable_ack());
  } else if (response.has_command()) {
    const v1::Command& command = response.command();
    const bool too_long =
        command.id().size() > runtime::kCommandIdMax || command.actor().size() > kNameSizeMax;
    if (too_long || inbox_.commands.size() >= kCommandsMax) {
      inbox_.error = too_long ? "length: the server sent a command whose id or actor is too long"
                              : "resource_exhausted: the server sent too many commands at once";
      inbox_.ended = true;  // The client connects again; the server queues them again.
      context_.TryCancel();
      shared_.changed.notify_all();
      return;
    }
    inbox_.commands.emplace_back(std::move(*response.mutable_command()), now);
  }
  shared_.changed.notify_all();
}

std::string UplinkSession::talk() {
  v1::Welcome welcome_message;
  {
    std::unique_lock lock{shared_.mutex};
    const auto ready = [this] { return shared_.stopping || inbox_.ended || inbox_.welcome; };
    const auto wait = std::chrono::microseconds{shared_.options.welcome_timeout.count()};
    if (!shared_.changed.wait_for(lock, wait, ready)) return "timeout: no welcome from the server";
    if (shared_.stopping || !inbox_.welcome) return {};
    welcome_message = *inbox_.welcome;
  }
  if (std::string why = welcome(welcome_message); !why.empty()) return why;
  std::string why;
  while (why.empty()) {
    {
      const std::scoped_lock lock{shared_.mutex};
      if (shared_.stopping || inbox_.ended) break;
    }
    why = step();
  }
  return why;
}

std::string UplinkSession::welcome(const v1::Welcome& welcome) {
  const Result<Identity> server = peer_identity(context_.auth_context());
  if (!server) return describe(server.error());
  if (server->kind != PeerKind::server) {
    return "permission_denied: the peer's certificate is not that of a server";
  }
  if (welcome.protocol_version() != kUplinkProtocolVersion) {
    return "failed_precondition: the server speaks another protocol version";
  }
  // First every stream is looked at, then the store is changed: what one stream was told to be
  // acknowledged must not stand when another one shows that the store was rolled back.
  std::array<std::optional<telemetry::Sequence>, telemetry::kStreamCount> server_marks;
  bool behind = false;
  for (const v1::StreamMark& mark : welcome.marks()) {
    const Result<telemetry::Stream> stream = stream_from(mark.stream());
    const Result<telemetry::Epoch> epoch = from(mark.epoch());
    if (!stream || !epoch || *epoch != marks_[0].epoch) {
      return "invalid_argument: the server's marks are not of this epoch";
    }
    const Result<bool> other = rolled_back(*stream, mark);
    if (!other) return describe(other.error());
    behind = behind || *other;
    server_marks[telemetry::index_of(*stream)] = mark.mark();
  }
  if (behind) return describe(begin_epoch().error());
  for (const telemetry::Stream stream : telemetry::kStreams) {
    const auto mark = server_marks[telemetry::index_of(stream)];
    if (!mark) return "invalid_argument: the server's welcome lacks a stream";
    if (const auto resumed = resume(stream, *mark); !resumed) return describe(resumed.error());
  }
  const std::scoped_lock lock{shared_.mutex};
  shared_.state = runtime::UplinkState::online;
  shared_.last_error.clear();
  ++shared_.counters.connects;
  shared_.logger.info("uplink online server={} name={}", shared_.options.address,
                      printable(welcome.server_name(), kNameSizeMax));
  return {};
}

Result<bool> UplinkSession::rolled_back(telemetry::Stream stream, const v1::StreamMark& mark) {
  const io::Mark& ours = marks_[telemetry::index_of(stream)];
  const v1::RowFingerprint& newest = mark.newest_row();
  const Fingerprint theirs{newest.sequence(), newest.hash()};
  if (mark.mark() > ours.last || theirs.sequence > ours.last) {
    shared_.logger.error("uplink server_ahead stream={} server_mark={} last={}: a new epoch begins",
                         to_string(stream), mark.mark(), ours.last);
    return true;
  }
  if (theirs.sequence == 0 || theirs.sequence < ours.first_held) return false;  // Cannot be told.
  auto items = shared_.source.peek(stream, theirs.sequence - 1, 1);
  // A damaged block became a gap just now; the next look gives it.
  if (!items && items.error().code == Errc::corrupt) {
    items = shared_.source.peek(stream, theirs.sequence - 1, 1);
  }
  if (!items) return fail(items.error());
  if (items->empty() || items->front().gap) return false;  // Lost here: cannot be told either.
  const auto row = fingerprint_of_first(items->front().block);
  if (!row) return fail(Errc::corrupt, 0, "the store gave a block that fails its check");
  // Evicted since the marks were read: another row stands first now, and nothing can be told.
  if (row->sequence != theirs.sequence || *row == theirs) return false;
  shared_.logger.error("uplink server_differs stream={} sequence={}: a new epoch begins",
                       to_string(stream), theirs.sequence);
  return true;
}

// Always an error: the connection begins anew with the new epoch.
Result<void> UplinkSession::begin_epoch() {
  const auto epoch = shared_.source.open_new_epoch();
  if (!epoch) return fail(epoch.error());
  return fail(Errc::aborted, 0, "the store was behind the server; a new epoch began");
}

Result<void> UplinkSession::resume(telemetry::Stream stream, telemetry::Sequence server_mark) {
  const io::Mark& ours = marks_[telemetry::index_of(stream)];
  sent_up_to_[telemetry::index_of(stream)] = server_mark;
  if (server_mark < ours.acknowledged) {
    shared_.logger.warn("uplink server_behind stream={} server_mark={} acknowledged={}: resending",
                        to_string(stream), server_mark, ours.acknowledged);
    return shared_.source.rewind(stream, ours.epoch, server_mark);
  }
  return shared_.source.acknowledge(stream, ours.epoch, server_mark);
}

// Takes what came, sends what is there, then waits when there was nothing.
std::string UplinkSession::step() {
  Inbox in;
  std::optional<LiveValues> live;
  std::deque<CommandStep> steps;
  {
    const std::scoped_lock lock{shared_.mutex};
    std::swap(in.acks, inbox_.acks);
    std::swap(in.commands, inbox_.commands);
    std::swap(live, shared_.live);
    std::swap(steps, shared_.steps);
    shared_.notified = false;
  }
  for (const auto& ack : in.acks) {
    if (!ack) continue;
    if (const auto done = acknowledged(*ack); !done) return describe(done.error());
  }
  for (const auto& [command_message, received] : in.commands) {
    if (!report(perform(command_message, received))) return kBroken;
  }
  for (const CommandStep& step : steps) {
    if (!report(step)) return kBroken;
  }
  if (live && !publish(*live)) return kBroken;
  const Result<bool> sent = pump();
  if (!sent) return describe(sent.error());
  if (*sent) return {};

  std::unique_lock lock{shared_.mutex};
  shared_.changed.wait_for(lock, kIdleLook, [this] {
    const bool acked = inbox_.acks[0] || inbox_.acks[1] || inbox_.acks[2];
    return shared_.stopping || shared_.notified || shared_.live || inbox_.ended || acked ||
           !inbox_.commands.empty() || !shared_.steps.empty();
  });
  return {};
}

Result<void> UplinkSession::acknowledged(const v1::Ack& ack) {
  const telemetry::Stream stream = telemetry::kStreams[ack.stream()];  // Checked by take().
  const Result<telemetry::Epoch> epoch = from(ack.epoch());
  if (!epoch) return fail(epoch.error());
  if (ack.mark() > sent_up_to_[telemetry::index_of(stream)]) {
    return fail(Errc::invalid_argument, 0, "the server acknowledged rows that were not sent");
  }
  auto& queue = in_flight_[telemetry::index_of(stream)];
  const Instant now = shared_.clock.now();
  std::optional<Duration> waited;
  std::size_t bytes = 0;
  for (; !queue.empty() && queue.front().last <= ack.mark(); queue.pop_front()) {
    bytes += queue.front().bytes;
    waited = now - queue.front().at;
  }
  in_flight_bytes_ -= bytes;
  if (waited) window_.acknowledged(*waited, bytes, now);
  progressed_ = true;
  {
    const std::scoped_lock lock{shared_.mutex};
    shared_.last_ack_at = now;
  }
  const Result<void> done = shared_.source.acknowledge(stream, *epoch, ack.mark());
  if (done || done.error().code != Errc::failed_precondition) return done;
  return begin_epoch();
}

CommandStep UplinkSession::perform(const v1::Command& message, Instant received) {
  CommandStep step;
  step.id = message.id();
  step.at = shared_.clock.utc();
  const Result<CommandAction> action = from(message.action());
  if (!action) {
    step.state = CommandState::rejected;
    step.message = describe(action.error());
  } else {
    // What is left of its time counts from its arrival, by our clock.
    const Duration left = from(message.ttl()) - (shared_.clock.now() - received);
    const Result<CommandStep> done = shared_.handler(
        {message.id(), left, message.actor(), runtime::CommandOrigin::remote, *action});
    if (done) {
      step = *done;
    } else {
      step.state = CommandState::rejected;
      step.message = describe(done.error());
    }
  }
  count(&UplinkCounters::commands);
  shared_.logger.info("uplink command id={} actor={} state={} message=\"{}\"",
                      printable(step.id, kNameSizeMax), printable(message.actor(), kNameSizeMax),
                      to_string(step.state), printable(step.message, kMessageSizeMax));
  return step;
}

bool UplinkSession::report(const CommandStep& step) {
  v1::ConnectRequest request;
  set(*request.mutable_command_status(), step);
  return write(request);
}

bool UplinkSession::publish(const LiveValues& values) {
  v1::ConnectRequest request;
  v1::LiveValues& live = *request.mutable_live();
  set(*live.mutable_taken_at(), values.at);
  for (std::size_t i = 0; i < values.points.size() && i < values.values.size(); ++i) {
    if (!values.values[i].valid) continue;
    v1::PointValue& value = *live.add_values();
    set(*value.mutable_point(), values.points[i]);
    value.set_value(values.values[i].value);
    value.set_quality(to_proto(values.values[i].quality));
  }
  count(&UplinkCounters::live_sent);
  return write(request);
}

Result<bool> UplinkSession::pump() {
  bool any = false;
  for (const telemetry::Stream stream : telemetry::kStreams) {
    const Result<bool> sent = pump(stream);
    if (!sent) return sent;
    any = any || *sent;
  }
  return any;
}

Result<bool> UplinkSession::pump(telemetry::Stream stream) {
  if (in_flight_bytes_ >= window_.size()) return false;
  const std::size_t at = telemetry::index_of(stream);
  const auto items =
      shared_.source.peek(stream, sent_up_to_[at], window_.message(shared_.options.batch_bytes));
  // A damaged block became a gap just now; the next look gives it. A damaged file stays damaged.
  if (!items && items.error().code == Errc::corrupt && ++damaged_ <= kDamagedMax) return true;
  if (!items) return fail(items.error());
  damaged_ = 0;
  if (items->empty()) return false;
  if (!send(stream, *items)) return fail(Errc::unavailable, 0, kBroken);
  return true;
}

bool UplinkSession::send(telemetry::Stream stream, const std::vector<io::StoredItem>& items) {
  const std::size_t at = telemetry::index_of(stream);
  if (items.front().epoch != shared_.sent_epoch) {
    shared_.sent_epoch = items.front().epoch;
    shared_.sent_before = {};
  }
  v1::ConnectRequest request;
  const auto flush = [&] {
    const bool ok = !request.has_batch() || write(request);
    request.Clear();
    return ok;
  };
  for (const io::StoredItem& item : items) {
    if (item.gap) {
      if (!flush()) return false;
      set(*request.mutable_gap(), stream, item.epoch, *item.gap);
      count(&UplinkCounters::gaps_sent);
      if (!write(request)) return false;
      request.Clear();
    } else {
      v1::Batch& batch = *request.mutable_batch();
      batch.set_stream(static_cast<std::uint32_t>(at));
      set(*batch.mutable_epoch(), item.epoch);
      batch.add_blocks(item.block.data(), item.block.size());
      count(&UplinkCounters::blocks_sent);
      if (item.first <= shared_.sent_before[at]) count(&UplinkCounters::blocks_resent);
    }
    shared_.sent_before[at] = std::max(shared_.sent_before[at], item.last);
    in_flight_[at].push_back({item.last, item.block.size(), shared_.clock.now()});
    in_flight_bytes_ += item.block.size();
    sent_up_to_[at] = item.last;
  }
  return flush();
}

bool UplinkSession::write(const v1::ConnectRequest& request) { return stream_->Write(request); }

void UplinkSession::count(std::uint64_t UplinkCounters::*counter, std::uint64_t n) {
  const std::scoped_lock lock{shared_.mutex};
  shared_.counters.*counter += n;
}

}  // namespace ems::rpc
