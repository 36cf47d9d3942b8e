// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ems/core/assert.hpp"
#include "ems/core/decimal.hpp"
#include "ems/distribute/distribute.hpp"

namespace ems::distribute {

namespace {

class Line {
 public:
  Line& operator<<(std::string_view text) noexcept {
    text_.append(text);
    return *this;
  }
  Line& number(std::int64_t count, int digits) noexcept {
    char room[kDecimalTextSize];
    return *this << format_decimal(count, digits, room);
  }
  Line& kw(Watt power) noexcept { return number(power.count(), 3); }
  [[nodiscard]] std::string_view view() const noexcept { return text_.view(); }

 private:
  FixedString<kExplanationSize> text_;
};

std::string_view sentence_of(Reason reason) noexcept {
  switch (reason) {
    case Reason::unavailable:
      return "unavailable";
    case Reason::idle:
      return "idle";
    case Reason::by_energy:
      return "by energy";
    case Reason::equally:
      return "in equal parts";
    case Reason::at_limit:
      return "at its limit";
    case Reason::takes_rest:
      return "takes what others cannot";
    case Reason::forced:
      return "forced by its bounds";
  }
  return "unknown";
}

}  // namespace

std::string_view explain(const Distribution& distribution, std::span<char> out) noexcept {
  EMS_ASSERT(out.size() >= kExplanationSize);
  Line line;
  line.kw(distribution.target) << " kW";
  if (distribution.asked != distribution.target) {
    (line << " of ").kw(distribution.asked) << " kW asked";
  }
  std::int64_t index = 0;
  for (const Share& share : distribution.shares) {
    ++index;
    line << (index == 1 ? ": " : "; ") << "inverter ";
    line.number(index, 0) << " ";
    line.kw(share.power) << " of [";
    line.kw(share.bounds.lo) << ", ";
    line.kw(share.bounds.hi) << "] kW, " << sentence_of(share.reason);
    if (share.energy && share.reason == Reason::by_energy) {
      (line << " ").number(share.energy->count(), 3) << " kWh";
    }
  }
  if (distribution.cross_charging) line << "; one battery charges another";

  const std::string_view text = line.view();
  std::copy(text.begin(), text.end(), out.begin());
  return {out.data(), text.size()};
}

}  // namespace ems::distribute
