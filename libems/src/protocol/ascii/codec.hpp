// SPDX-License-Identifier: Apache-2.0
/// @file Private: the conversation that Pylontech, Seplos V2, PACE and EG4 share. A protocol says
/// what it asks and what the INFO of a reply means.
///
/// A reply does not say which command it answers: the request has to be known, or the INFO has to
/// have the shape of one reply only.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>

#include "ems/protocol/poll_codec.hpp"
#include "protocol/ascii/frame.hpp"

namespace ems::protocol::ascii {

/// What differs between the envelopes. Static.
struct Dialect {
  std::uint8_t version = 0x20;
  std::uint8_t device = 0x46;                ///< CID1.
  bool version_echoed = false;               ///< A reply of another version is not ours.
  std::span<const std::uint8_t> refusals{};  ///< RTN that would else be taken for a command.
  std::span<const std::uint8_t> writes{};    ///< Commands that change something.
};

/// A sound reply and what it answers.
struct Exchange {
  std::uint8_t command = 0;  ///< CID2 asked.
  Info asked{};              ///< INFO of the request; empty when the request is not known.
  Frame reply{};
};

/// What the configured codecs have.
struct Settings {
  std::uint8_t address = 0;
  std::uint8_t variant = 0;  ///< Place in ProtocolInfo::variants.
};

class AsciiCodec : public PollCodec {
 public:
  [[nodiscard]] Duration reply_timeout() const noexcept final;
  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t number,
                                                MutableBytes out) const noexcept final;
  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand& command,
                                                  MutableBytes out) const noexcept final;
  [[nodiscard]] FrameScan scan(Bytes request, Bytes received) const noexcept final;
  [[nodiscard]] Result<void> decode(Bytes request, Bytes reply,
                                    ReadingSink& sink) const noexcept final;
  [[nodiscard]] Result<void> decode_request(Bytes request, ReadingSink& sink) const noexcept final;

 protected:
  constexpr explicit AsciiCodec(Settings settings) noexcept : settings_(settings) {}
  AsciiCodec(const AsciiCodec&) = default;
  AsciiCodec& operator=(const AsciiCodec&) = default;
  ~AsciiCodec() = default;

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] Result<std::size_t> encode_command(std::uint8_t command, Bytes info,
                                                   MutableBytes out) const noexcept;

  [[nodiscard]] virtual const Dialect& dialect() const noexcept = 0;
  /// VER of requests.
  [[nodiscard]] virtual std::uint8_t version() const noexcept { return dialect().version; }
  /// The INFO of a request of the poll plan is the address; else it has none.
  [[nodiscard]] virtual bool names_pack(std::uint8_t command) const noexcept = 0;
  /// The byte that names the pack in a request.
  [[nodiscard]] virtual std::uint8_t pack() const noexcept { return settings_.address; }
  /// Whether the device at `replied` may answer a request to `asked`.
  [[nodiscard]] virtual bool may_reply(std::uint8_t command, std::uint8_t asked,
                                       std::uint8_t replied) const noexcept;
  /// Reads the INFO of a sound reply. Gives nothing on failure.
  [[nodiscard]] virtual Result<void> read(const Exchange& exchange,
                                          ReadingSink& sink) const noexcept = 0;
  /// The command that a reply of this shape answers; nullopt: none, or more than one.
  [[nodiscard]] virtual std::optional<std::uint8_t> recognise(const Info& info) const noexcept = 0;
  /// What a request says beyond its command.
  virtual void read_request(const Frame& request, ReadingSink& sink) const noexcept;

 private:
  [[nodiscard]] bool is_refusal(int code) const noexcept;
  [[nodiscard]] bool may_answer(Bytes request, Bytes frame) const noexcept;
  [[nodiscard]] Result<void> check_reply(Bytes request, const std::optional<Frame>& asked,
                                         Bytes reply, const Frame& frame) const noexcept;

  Settings settings_;
};

/// A command and whether an INFO has the shape of its reply.
struct Shape {
  std::uint8_t command = 0;
  bool fits = false;
};
/// The command of the only shape that fits. A content of lists that add up counts before one that
/// only has the right size.
[[nodiscard]] std::optional<std::uint8_t> only_fit(
    std::initializer_list<Shape> lists, std::initializer_list<Shape> sizes = {}) noexcept;

/// The reply cannot be told from those of other commands, or its command is not read.
[[nodiscard]] Failure not_read() noexcept;

}  // namespace ems::protocol::ascii
