// SPDX-License-Identifier: Apache-2.0
#include "ems/io/can_recording.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <string_view>

#include "ems/protocol/can_log.hpp"

namespace ems::io {
namespace {

Result<std::string> read_text(const std::filesystem::path& file) {
  std::error_code error;  // What cannot be seen cannot be opened either.
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error)) {
    return fail(Errc::io, 0, "the recording is no regular file");  // A pipe might never end.
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(Errc::io, 0, "the recording cannot be opened");
  std::string text;
  std::array<char, 4096> block{};
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kCanRecordingSize) {
      return fail(Errc::resource_exhausted, 0, "the recording is larger than 64 MiB");
    }
  }
  if (stream.bad()) return fail(Errc::io, 0, "the recording cannot be read");
  return text;
}

/// Puts the frames on one time scale.
class Timeline {
 public:
  Duration at(const std::optional<Duration>& stated) {
    if (started_) {
      const bool timed = stated && last_stated_;
      // Time never runs back; where two logs were joined, no time passed.
      now_ += timed ? max_of(*stated - *last_stated_, Duration::zero()) : kUntimedFrameGap;
    }
    started_ = true;
    last_stated_ = stated;
    return now_;
  }

 private:
  bool started_ = false;
  std::optional<Duration> last_stated_;
  Duration now_{};
};

}  // namespace

Result<CanRecording> read_can_recording(const std::filesystem::path& file) {
  const Result<std::string> text = read_text(file);
  if (!text) return fail(text.error());
  CanRecording recording;
  Timeline timeline;
  protocol::CanLogReader reader;
  std::string_view rest = *text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const Result<std::optional<protocol::CanRecord>> record = reader.read(line);
    if (record && !*record) continue;
    const Result<protocol::CanFrame> frame = record
                                                 ? protocol::to_can_frame(**record)
                                                 : Result<protocol::CanFrame>(fail(record.error()));
    if (frame) {
      recording.frames.push_back({timeline.at((*record)->time), *frame});
      continue;
    }
    ++recording.refused;
    if (!recording.first_refused) recording.first_refused = RefusedLine{number, frame.error()};
  }
  if (recording.frames.empty()) {
    const std::size_t line = recording.first_refused ? recording.first_refused->line : 0;
    return fail(Errc::syntax, line, "no line of the recording holds a CAN frame");
  }
  return recording;
}

}  // namespace ems::io
