// SPDX-License-Identifier: Apache-2.0
#include "io/config/suggest.hpp"

#include <algorithm>

namespace ems::io::config {
namespace {

/// Longer words are not compared: nothing in the schema is near them.
constexpr std::size_t kWordSizeMax = 64;
constexpr std::size_t kPrefixSizeMin = 3;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment; three rows of the usual table.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.empty() || word.size() > kWordSizeMax) return {};
  for (const std::string_view candidate : known) {  // Only the unit is missing.
    const std::size_t unit = candidate.rfind('_');
    if (unit != std::string_view::npos && candidate.substr(0, unit) == word) {
      return std::string(candidate);
    }
  }
  std::string_view best;
  std::size_t best_distance = kWordSizeMax;
  for (const std::string_view candidate : known) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    const std::size_t shorter = std::min(word.size(), candidate.size());
    const bool prefix =
        shorter >= kPrefixSizeMin && word.substr(0, shorter) == candidate.substr(0, shorter);
    // A short word shares letters with everything: at most half of it may differ.
    const std::size_t allowed = std::min(std::max<std::size_t>(2, longer / 3), longer / 2);
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > allowed && !prefix) continue;
    const std::size_t score = prefix ? std::min<std::size_t>(distance, allowed) : distance;
    if (score < best_distance) {
      best = candidate;
      best_distance = score;
    }
  }
  return std::string(best);
}

}  // namespace ems::io::config
