// SPDX-License-Identifier: Apache-2.0
// The conversation with a board that answers, answers damaged, or says anything, in pieces of any
// size. Input: a program of one-byte operations with their arguments.
#include <array>

#include "ems/protocol/jbd/codec.hpp"
#include "ems/protocol/poller.hpp"
#include "fuzz/fuzz.hpp"
#include "support/jbd_device.hpp"
#include "support/recording_sink.hpp"

using namespace ems;
using fuzz::require;

namespace {

class Conversation {
 public:
  explicit Conversation(fuzz::Feed feed) : feed_(feed) {}

  void run() {
    while (!feed_.empty()) {
      step(feed_.u8());
      check();
    }
  }

 private:
  void step(std::uint8_t operation) {
    switch (operation % 8) {
      case 0:
        now_ = now_ + milliseconds(feed_.u16());
        break;
      case 1:
        poller_.link_up(now_);
        up_ = true;
        break;
      case 2:
        poller_.link_down(now_);
        up_ = false;
        break;
      case 3:
        receive(feed_.take(feed_.u8()));
        break;
      case 4:
        receive(answer_);
        break;
      case 5: {
        test::Frame damaged = answer_;
        if (!damaged.empty())
          damaged[feed_.u8() % damaged.size()] ^= static_cast<std::byte>(feed_.u8());
        receive(damaged);
        break;
      }
      case 6: {
        const std::uint8_t switches = feed_.u8();
        (void)poller_.request(protocol::SwitchCommand{(switches & 1) != 0, (switches & 2) != 0});
        break;
      }
      default:
        next();
    }
  }

  void receive(Bytes bytes) {
    const std::uint32_t replies = poller_.counters().replies;
    const std::size_t readings = sink_.readings.size();
    poller_.receive(bytes, now_, sink_);
    require(poller_.counters().replies - replies <= 1, "at most one reply per request");
    require(sink_.readings.size() == readings || poller_.counters().replies == replies + 1,
            "no reading without a sound reply");
  }

  void next() {
    std::array<std::byte, protocol::kRequestSize> out{};
    const protocol::PollerAction action = poller_.next(now_, out);
    require(action.size <= out.size(), "a request fits its room");
    require(action.size == 0 || up_, "nothing is sent on a link that is down");
    require(action.wake_at > now_ || action.size > 0 || !up_, "time goes on");
    if (action.size > 0) answer_ = board_.answer(Bytes(out).first(action.size));
  }

  void check() const {
    const protocol::PollerCounters& c = poller_.counters();
    require(c.replies <= c.requests && c.timeouts <= c.requests, "counters add up");
    require(up_ == (poller_.health() != protocol::LinkHealth::offline),
            "offline is a link that is down");
    require((poller_.command_state() == protocol::CommandState::failed) ==
                poller_.command_error().has_value(),
            "a failed command says why");
  }

  fuzz::Feed feed_;
  Instant now_{seconds(1)};
  bool up_ = false;
  protocol::Poller poller_{protocol::jbd::codec(), protocol::PollerSettings{}};
  test::RecordingSink sink_;
  test::JbdDevice board_;
  test::Frame answer_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Conversation(fuzz::Feed(data, size)).run();
  return 0;
}
