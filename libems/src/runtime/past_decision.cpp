// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/past_decision.hpp"

#include <algorithm>
#include <deque>
#include <string_view>

#include "ems/io/store/store_reader.hpp"
#include "ems/runtime/decision_view.hpp"
#include "ems/telemetry/event_record.hpp"

namespace ems::runtime {
namespace {

constexpr std::size_t kHappeningsTold = 3;

std::string text_of(Bytes payload) {
  std::string text;
  for (const std::byte byte : payload) text += static_cast<char>(byte);
  return text;
}

/// `what by who: why` of an audit record, which is three lines.
std::string audit_text(std::string text) {
  const std::size_t who = text.find('\n');
  if (who == std::string::npos) return text;
  text.replace(who, 1, " by ");
  const std::size_t why = text.find('\n');
  if (why == std::string::npos) return text;
  return text.size() == why + 1 ? text.substr(0, why) : text.replace(why, 1, ": ");
}

/// Keeps the newest things that a person wants to know.
class Happenings final : public io::RowSink {
 public:
  bool row(const io::RowId&, const telemetry::Row&) override { return true; }
  bool record(const io::RowId&, const telemetry::Record& record) override {
    if (record.type == telemetry::RecordType::audit) {
      add(record.at, audit_text(text_of(record.payload)));
    } else if (record.type == telemetry::RecordType::event) {
      const auto event = telemetry::decode_event(record.payload);
      if (event && event->severity >= Severity::alarm) {
        add(record.at, std::string(to_name(event->asset).view()) + " " +
                           std::string(event->name.view()) +
                           (event->active ? " raised" : " cleared"));
      }
    }
    return true;
  }
  bool gap(const io::RowId&, const telemetry::Gap&) override { return true; }

  std::deque<Happening> newest;
  std::uint64_t before = 0;

 private:
  void add(UtcInstant at, std::string text) {
    newest.push_back({at, std::move(text)});
    if (newest.size() <= kHappeningsTold) return;
    newest.pop_front();
    ++before;
  }
};

}  // namespace

Result<Explanation> explain_past(const std::string& store_path, UtcInstant at) {
  Result<io::StoreReader> reader = io::StoreReader::open(store_path);
  if (!reader) return fail(reader.error());
  const auto found = reader->newest(telemetry::Stream::decisions, at);
  if (!found) return fail(found.error());
  if (!*found) return fail(Errc::not_found, 0, "no decision is stored at or before that time");
  if ((*found)->gap) {
    return fail(Errc::corrupt, 0, "the decisions of that time were evicted, or are damaged");
  }
  Result<DecisionView> view = from_record(text_of((*found)->payload));
  if (!view) return fail(view.error());

  Happenings happenings;
  const io::UtcRange until{view->at + microseconds(1), at + microseconds(1)};
  const Result<void> read = reader->read(telemetry::Stream::audit, until, happenings);
  if (!read) return fail(read.error());
  Explanation explanation;
  explanation.decision = std::move(*view);
  explanation.asked = at;
  explanation.happened.assign(happenings.newest.begin(), happenings.newest.end());
  explanation.happened_before = happenings.before;
  explanation.text = explain(explanation);
  return explanation;
}

Result<std::optional<UtcInstant>> earliest_decision(const std::string& store_path) {
  Result<io::StoreReader> reader = io::StoreReader::open(store_path);
  if (!reader) return fail(reader.error());
  return reader->earliest(telemetry::Stream::decisions);
}

}  // namespace ems::runtime
