// SPDX-License-Identifier: Apache-2.0
#include "io/decode_transport.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "ems/io/hex.hpp"
#include "ems/protocol/can_log.hpp"
#include "ems/protocol/candump.hpp"
#include "ems/protocol/cannelloni.hpp"
#include "ems/protocol/slcan.hpp"
#include "ems/protocol/socketcand.hpp"
#include "io/json_text.hpp"

namespace ems::io::detail {
namespace {

using Json = nlohmann::json;
using protocol::CanRecord;
using protocol::CanRecordKind;

std::string flag_text(bool value) { return value ? "true" : "false"; }

/// Seconds with at least so many decimals, and as many as it takes.
std::string time_text(Duration time, std::size_t decimals) {
  constexpr std::int64_t kMicros = 1'000'000;
  std::string micros = std::to_string(time.count() % kMicros);
  micros.insert(0, 6 - micros.size(), '0');
  while (micros.size() > decimals && micros.back() == '0') micros.pop_back();
  return std::to_string(time.count() / kMicros) + "." + micros;
}

ObjectText record_object(const CanRecord& record, std::size_t time_decimals) {
  constexpr unsigned kBitRateSwitch = 1;
  constexpr unsigned kErrorState = 2;
  ObjectText object;
  object.add("id", std::size_t{record.id});
  object.add("ext", flag_text(record.extended));
  object.add("data_hex", json_text(to_hex(record.payload())));
  if (record.kind == CanRecordKind::remote) {
    object.add("rtr", "true");
    object.add("dlc", std::size_t{record.raw_dlc != 0 ? record.raw_dlc : record.size});
  } else if (record.raw_dlc != 0) {
    object.add("dlc", std::size_t{record.raw_dlc});
  }
  if (record.kind == CanRecordKind::error) object.add("err", "true");
  if (record.kind == CanRecordKind::fd) {
    object.add("fd", "true");
    object.add("brs", flag_text((record.fd_flags & kBitRateSwitch) != 0));
    object.add("esi", flag_text((record.fd_flags & kErrorState) != 0));
  }
  if (record.time) object.add("ts", json_text(time_text(*record.time, time_decimals)));
  if (!record.interface_name.empty()) {
    object.add("dev", json_text(record.interface_name.view()));
  }
  return object;
}

/// What one input of a vector came to.
struct Heard {
  std::vector<std::string> frames;   ///< JSON.
  std::vector<std::string> events;   ///< JSON; links only.
  std::string wire;                  ///< The same, written again.
  bool rewritten = true;             ///< All of it could be.
  std::size_t skipped = 0;           ///< Lines, messages and datagrams that were refused.
  std::optional<std::size_t> seq{};  ///< Of a datagram.
};

/// One protocol: takes the pieces of one input as they arrive.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<void> take(const std::string& piece, Heard& heard) = 0;
};

class Slcan final : public Transport {
 public:
  Result<void> take(const std::string& piece, Heard& heard) override {
    for (const char c : piece) {
      const auto event = parser_.push(static_cast<std::byte>(c));
      if (!event) continue;
      std::string name(to_string(event->kind));
      if (!event->text.empty()) name += ":" + std::string(event->text.view());
      heard.events.push_back(json_text(name));
      if (event->kind == protocol::SlcanEventKind::refused) ++heard.skipped;
      if (event->kind == protocol::SlcanEventKind::frame) add(*event, heard);
    }
    return {};
  }

 private:
  static void add(const protocol::SlcanEvent& event, Heard& heard) {
    ObjectText object = record_object(event.record, 0);
    if (event.timestamp_ms) object.add("timestamp_ms", std::size_t{*event.timestamp_ms});
    heard.frames.push_back(object.str());
    const auto frame = to_can_frame(event.record);
    std::array<char, protocol::kSlcanFrameSize> room{};
    if (frame) heard.wire += encode_slcan(*frame, room);
    heard.rewritten = heard.rewritten && frame.has_value() && !event.timestamp_ms;
  }
  protocol::SlcanParser parser_;
};

class Socketcand final : public Transport {
 public:
  Result<void> take(const std::string& piece, Heard& heard) override {
    for (const char c : piece) {
      const auto message = scanner_.push(static_cast<std::byte>(c));
      if (!message) continue;
      if (!*message) {
        ++heard.skipped;
        continue;
      }
      add(**message, heard);
      messages_.push_back(**message);
    }
    return {};
  }
  /// The messages since the last call.
  std::vector<protocol::SocketcandMessage> messages() { return std::exchange(messages_, {}); }

 private:
  static void add(const protocol::SocketcandMessage& message, Heard& heard) {
    const bool heard_frame = message.kind == protocol::SocketcandKind::frame;
    if (!heard_frame && message.kind != protocol::SocketcandKind::send) return;
    heard.frames.push_back(record_object(message.record, 1).str());
    const auto frame = to_can_frame(message.record);
    std::array<char, protocol::kSocketcandFrameSize> room{};
    if (heard_frame) {
      heard.wire += print_socketcand(*frame, *message.record.time, room);
    } else {
      heard.wire += encode_socketcand(*frame, room).value();
    }
  }
  protocol::SocketcandScanner scanner_;
  std::vector<protocol::SocketcandMessage> messages_;
};

/// A piece is a datagram, in hexadecimal digits.
class Cannelloni final : public Transport {
 public:
  Result<void> take(const std::string& piece, Heard& heard) override {
    const Result<std::vector<std::byte>> datagram = parse_hex(piece);
    if (!datagram) return fail(datagram.error());
    Result<protocol::CannelloniReader> reader = protocol::CannelloniReader::open(*datagram);
    if (!reader) {
      ++heard.skipped;
      return {};
    }
    heard.seq = reader->sequence();
    std::vector<CanRecord> records;
    while (const auto record = reader->next()) {
      records.push_back(*record);
      heard.frames.push_back(record_object(*record, 0).str());
    }
    std::vector<std::byte> room(datagram->size());
    const auto written = encode_cannelloni(reader->sequence(), records, room);
    if (!written) return fail(written.error());
    heard.wire += to_hex(Bytes(room).first(*written));
    return {};
  }
};

/// A piece is whole lines.
class Log final : public Transport {
 public:
  Log(std::size_t time_decimals, bool writes) : time_decimals_(time_decimals), writes_(writes) {}
  Result<void> take(const std::string& piece, Heard& heard) override {
    heard.rewritten = writes_;
    std::istringstream lines(piece);
    for (std::string line; std::getline(lines, line);) {
      const auto record = reader_.read(line);
      if (!record) ++heard.skipped;
      if (!record || !*record) continue;
      heard.frames.push_back(record_object(**record, time_decimals_).str());
      std::array<char, protocol::kCandumpLineSize> room{};
      heard.wire += protocol::print_candump(**record, room);
      if (!lines.eof()) heard.wire += '\n';
    }
    return {};
  }

 private:
  protocol::CanLogReader reader_;
  std::size_t time_decimals_;
  bool writes_;  ///< It is what print_candump() writes.
};

std::unique_ptr<Transport> make_transport(std::string_view protocol) {
  constexpr std::size_t kCandumpDecimals = 6;
  constexpr std::size_t kMillisDecimals = 3;
  if (protocol == "slcan") return std::make_unique<Slcan>();
  if (protocol == "socketcand") return std::make_unique<Socketcand>();
  if (protocol == "cannelloni") return std::make_unique<Cannelloni>();
  if (protocol == "candump-log" || protocol == "candump-console") {
    return std::make_unique<Log>(kCandumpDecimals, true);
  }
  if (protocol == "pcan-trc" || protocol == "be-log") {
    return std::make_unique<Log>(kMillisDecimals, false);
  }
  return nullptr;
}

/// Texts of a list member; none where it is absent.
Result<std::vector<std::string>> texts_of(const Json& vector, const char* key) {
  std::vector<std::string> texts;
  const auto found = vector.find(key);
  if (found == vector.end()) return texts;
  if (!found->is_array()) return fail(Errc::wrong_type, 0, "reject and wire_chunks are arrays");
  for (const Json& item : *found) {
    if (!item.is_string()) return fail(Errc::wrong_type, 0, "reject and wire_chunks hold strings");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

/// The input in pieces: `wire_text` or `wire_hex` is one, `wire_chunks` several.
Result<std::vector<std::string>> pieces_of(const Json& vector) {
  Result<std::vector<std::string>> pieces = texts_of(vector, "wire_chunks");
  if (!pieces) return pieces;
  for (const char* key : {"wire_text", "wire_hex"}) {
    const auto whole = vector.find(key);
    if (whole == vector.end() || whole->is_null()) continue;
    if (!whole->is_string()) return fail(Errc::wrong_type, 0, "wire_text must be a string");
    pieces->push_back(whole->get<std::string>());
  }
  return pieces;
}

/// `[["S", "< hi >"], ["C", "< open can0 >"], ...]`: the server's part is played to our client,
/// which opens the bus that the client of the dialogue opens.
Result<std::string> play_dialogue(const Json& dialogue, Heard& heard) {
  constexpr std::string_view kOpen = "< open ";
  std::string bus = "can0";
  const auto wrong = [] {
    return fail(Errc::wrong_type, 0, "dialogue holds pairs of S or C and a text");
  };
  if (!dialogue.is_array()) return wrong();
  for (const Json& turn : dialogue) {
    if (!turn.is_array() || turn.size() != 2 || !turn[0].is_string() || !turn[1].is_string()) {
      return wrong();
    }
    const auto& text = turn[1].get_ref<const std::string&>();
    if (turn[0] == "C" && text.starts_with(kOpen) && text.ends_with(" >")) {
      bus = text.substr(kOpen.size(), text.size() - kOpen.size() - 2);
    }
  }
  if (!protocol::is_socketcand_bus(bus)) {
    return fail(Errc::invalid_argument, 0, "no bus can have this name");
  }
  Socketcand server;
  protocol::SocketcandClient client(bus);
  std::vector<std::string> turns;
  for (const Json& turn : dialogue) {
    if (turn[0] != "S") continue;
    turns.push_back(turn.dump());
    if (const auto taken = server.take(turn[1].get<std::string>(), heard); !taken) {
      return fail(taken.error());
    }
    for (const auto& message : server.messages()) {
      const std::string_view answer = client.take(message);
      if (!answer.empty()) turns.push_back(Json{"C", std::string(answer)}.dump());
    }
  }
  return list_text(turns);
}

Result<std::string> run(std::string_view protocol, Transport& transport, const Json& vector) {
  ObjectText values;
  Heard heard;
  const Result<std::vector<std::string>> pieces = pieces_of(vector);
  if (!pieces) return fail(pieces.error());
  for (const std::string& piece : *pieces) {
    if (const Result<void> taken = transport.take(piece, heard); !taken) {
      return fail(taken.error());
    }
  }
  std::optional<std::string> turns;
  if (const auto dialogue = vector.find("dialogue");
      dialogue != vector.end() && protocol == "socketcand") {
    const Result<std::string> played = play_dialogue(*dialogue, heard);
    if (!played) return fail(played.error());
    turns = *played;
  }
  const Result<std::vector<std::string>> rejects = texts_of(vector, "reject");
  if (!rejects) return fail(rejects.error());
  if (pieces->empty() && !turns && !vector.contains("reject")) {
    return fail(Errc::missing_key, 0, "the vector has no wire_text, no dialogue and no reject");
  }
  values.add("frames", list_text(heard.frames));
  if (!pieces->empty() && heard.rewritten) {
    values.add(protocol == "cannelloni" ? "wire_hex" : "wire_text", json_text(heard.wire));
  }
  if (!heard.events.empty()) values.add("events", list_text(heard.events));
  if (heard.seq) values.add("seq", *heard.seq);
  if (turns) values.add("dialogue", *turns);
  values.add("skipped", heard.skipped);
  std::size_t rejected = 0;
  for (const std::string& reject : *rejects) {
    Heard nothing;
    const Result<void> taken = make_transport(protocol)->take(reject, nothing);
    if (!taken || nothing.frames.empty()) ++rejected;
  }
  if (vector.contains("reject")) values.add("rejected", rejected);
  return values.str();
}

}  // namespace

Result<std::optional<std::vector<std::byte>>> hex_member(const Json& vector, const char* key) {
  const auto found = vector.find(key);
  if (found == vector.end() || found->is_null()) return std::optional<std::vector<std::byte>>{};
  if (!found->is_string()) return fail(Errc::wrong_type, 0, "hexadecimal bytes must be a string");
  const Result<std::vector<std::byte>> bytes = parse_hex(found->get_ref<const std::string&>());
  if (!bytes) return fail(bytes.error());
  return std::optional{*bytes};
}

std::optional<Result<std::string>> run_transport(std::string_view protocol, const Json& vector) {
  const std::unique_ptr<Transport> transport = make_transport(protocol);
  if (transport == nullptr) return std::nullopt;
  return run(protocol, *transport, vector);
}

}  // namespace ems::io::detail
