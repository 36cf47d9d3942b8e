// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/payload.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "support/ota_image.hpp"

namespace ems::ota {
namespace {

const test::ToyCrypto kCrypto;

Payload payload(std::uint8_t content, std::int64_t counter = 1) {
  Payload out{.version = FixedString<32>("1." + std::to_string(content)),
              .size = 10U + content,
              .counter = counter};
  out.sha256.fill(std::byte{content});
  return out;
}
PayloadRecord limits() { return *PayloadRecord::of("limits"); }
Errc code(const auto& result) { return result ? Errc::internal : result.error().code; }

void install(PayloadRecord& record, const Payload& what) {
  ASSERT_TRUE(record.offer(what));
  ASSERT_TRUE(record.loaded());
}
PayloadRecord reread(const PayloadRecord& record) {
  std::array<std::byte, PayloadRecord::kEncodedSize> bytes{};
  EXPECT_TRUE(record.encode(kCrypto, bytes));
  const auto back = PayloadRecord::decode(record.kind(), kCrypto, bytes);
  EXPECT_TRUE(back);
  return back ? *back : limits();
}

TEST(PayloadRecord, TakesTheNamesOfKindsOnly) {
  for (const std::string_view kind : {"model", "configuration", "limits", "model-pv-2"}) {
    EXPECT_TRUE(PayloadRecord::of(kind)) << kind;
  }
  for (const std::string_view kind :
       {"", "Model", "a/b", "..", "a b", "a.b", "aaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(code(PayloadRecord::of(kind)), Errc::invalid_argument) << kind;
  }
}

TEST(PayloadRecord, KeepsTheVersionBeforeAndNeverWritesOverEither) {
  PayloadRecord record = limits();
  for (std::uint8_t n = 1; n < 20; ++n) {
    const auto place = record.offer(payload(n, n));
    ASSERT_TRUE(place);
    ASSERT_LT(*place, PayloadRecord::kPlaces);
    if (record.current()) {
      EXPECT_NE(*place, record.current()->place);
    }
    if (record.previous()) {
      EXPECT_NE(*place, record.previous()->place);
    }
    ASSERT_TRUE(record.loaded());
    EXPECT_EQ(record.current()->payload, payload(n, n));
    EXPECT_EQ(record.current()->place, *place);
    if (n > 1) {
      EXPECT_EQ(record.previous()->payload, payload(n - 1, n - 1));
    }
    EXPECT_FALSE(record.trial());
  }
}

TEST(PayloadRecord, StaysWithTheVersionInUseUntilTheNewOneIsLoaded) {
  PayloadRecord record = limits();
  install(record, payload(1));
  ASSERT_TRUE(record.offer(payload(2)));
  EXPECT_EQ(record.current()->payload, payload(1));
  ASSERT_TRUE(record.failed("its 3rd line is no number"));
  EXPECT_EQ(record.current()->payload, payload(1));
  EXPECT_TRUE(record.is_quarantined(payload(2).sha256));
  EXPECT_EQ(record.quarantine()[0].reason.view(), "its 3rd line is no number");
  EXPECT_EQ(code(record.offer(payload(2))), Errc::failed_precondition);
  EXPECT_EQ(code(record.failed("again")), Errc::failed_precondition);
  EXPECT_EQ(code(record.loaded()), Errc::failed_precondition);
}

TEST(PayloadRecord, OffersAQuarantinedVersionAgainOnlyWhenAPersonReleasedIt) {
  PayloadRecord record = limits();
  ASSERT_TRUE(record.offer(payload(2)));
  ASSERT_TRUE(record.failed("no"));
  EXPECT_EQ(code(record.release(payload(3).sha256)), Errc::not_found);
  ASSERT_TRUE(record.release(payload(2).sha256));
  EXPECT_TRUE(record.offer(payload(2)));
}

TEST(PayloadRecord, RollsBackOnceAndThenToNone) {
  PayloadRecord record = limits();
  EXPECT_EQ(code(record.roll_back("nothing there")), Errc::not_found);
  install(record, payload(1));
  install(record, payload(2));
  ASSERT_TRUE(record.roll_back("the site tripped"));
  EXPECT_EQ(record.current()->payload, payload(1));
  EXPECT_FALSE(record.previous());
  EXPECT_EQ(code(record.offer(payload(2))), Errc::failed_precondition);
  ASSERT_TRUE(record.roll_back("and again"));
  EXPECT_FALSE(record.current());
}

TEST(PayloadRecord, MayInstallAgainWhatWasOnlyDamaged) {
  PayloadRecord record = limits();
  EXPECT_EQ(code(record.drop_damaged()), Errc::not_found);
  install(record, payload(1));
  install(record, payload(2));
  ASSERT_TRUE(record.drop_damaged());
  EXPECT_EQ(record.current()->payload, payload(1));
  EXPECT_TRUE(record.offer(payload(2)));
}

TEST(PayloadRecord, RefusesAnOlderCounterAndTakesTheSame) {
  PayloadRecord record = limits();
  install(record, payload(1, 5));
  EXPECT_EQ(code(record.offer(payload(2, 4))), Errc::rollback);
  EXPECT_EQ(code(record.offer(payload(2, std::numeric_limits<std::int64_t>::min()))),
            Errc::rollback);
  EXPECT_TRUE(record.offer(payload(2, 5)));
}

TEST(PayloadRecord, RefusesWhatIsInUseAndWhatIsNothing) {
  PayloadRecord record = limits();
  install(record, payload(1));
  EXPECT_EQ(code(record.offer(payload(1))), Errc::already_exists);
  Payload nothing = payload(2);
  nothing.size = 0;
  EXPECT_EQ(code(record.offer(nothing)), Errc::invalid_argument);
  Payload nameless = payload(2);
  nameless.version.clear();
  EXPECT_EQ(code(record.offer(nameless)), Errc::invalid_argument);
  EXPECT_FALSE(record.trial());
}

// Power goes while the new version is loaded: once may be chance, twice is the version.
TEST(PayloadRecord, QuarantinesWhatEndedEverythingTwice) {
  PayloadRecord record = limits();
  install(record, payload(1));
  ASSERT_TRUE(record.offer(payload(2)));
  record = reread(record);
  EXPECT_EQ(record.trial()->tries, 1);
  ASSERT_TRUE(record.offer(payload(2)));
  record = reread(record);
  EXPECT_EQ(record.trial()->tries, 2);
  EXPECT_EQ(code(record.offer(payload(2))), Errc::failed_precondition);
  EXPECT_TRUE(record.is_quarantined(payload(2).sha256));
  EXPECT_FALSE(record.trial());
  EXPECT_EQ(record.current()->payload, payload(1));
}

TEST(PayloadRecord, CountsTriesOfOneVersionOnly) {
  PayloadRecord record = limits();
  ASSERT_TRUE(record.offer(payload(2)));
  ASSERT_TRUE(record.offer(payload(3)));
  EXPECT_EQ(record.trial()->tries, 1);
  ASSERT_TRUE(record.offer(payload(2)));
  EXPECT_EQ(record.trial()->tries, 1);
}

TEST(PayloadRecord, ForgetsTheOldestFailureFirst) {
  PayloadRecord record = limits();
  for (std::uint8_t n = 0; n <= PayloadRecord::kQuarantineMax; ++n) {
    ASSERT_TRUE(record.offer(payload(n)));
    ASSERT_TRUE(record.failed("no"));
  }
  EXPECT_EQ(record.quarantine().size(), PayloadRecord::kQuarantineMax);
  EXPECT_FALSE(record.is_quarantined(payload(0).sha256));
  EXPECT_TRUE(record.is_quarantined(payload(1).sha256));
}

PayloadRecord full() {
  PayloadRecord record = limits();
  install(record, payload(1, -7));
  install(record, payload(2, 3));
  EXPECT_TRUE(record.offer(payload(9, 3)));
  EXPECT_TRUE(record.failed(std::string(80, 'r')));
  EXPECT_TRUE(record.offer(payload(3, std::numeric_limits<std::int64_t>::max())));
  return record;
}

TEST(PayloadRecord, ReadsBackWhatItWrote) {
  EXPECT_EQ(reread(limits()), limits());
  EXPECT_EQ(reread(full()), full());
  std::array<std::byte, PayloadRecord::kEncodedSize - 1> small{};
  EXPECT_EQ(code(full().encode(kCrypto, small)), Errc::resource_exhausted);
}

TEST(PayloadRecord, TakesNoDamagedRecordAndNoneOfAnotherKind) {
  std::array<std::byte, PayloadRecord::kEncodedSize> bytes{};
  ASSERT_TRUE(full().encode(kCrypto, bytes));
  EXPECT_EQ(code(PayloadRecord::decode("model", kCrypto, bytes)), Errc::corrupt);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(code(PayloadRecord::decode("limits", kCrypto, Bytes(bytes).first(size))),
              Errc::corrupt);
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= std::byte{1};
    EXPECT_EQ(code(PayloadRecord::decode("limits", kCrypto, bytes)), Errc::corrupt) << i;
    bytes[i] ^= std::byte{1};
  }
}

// Whole by its checksum, and still nothing that encode() writes.
TEST(PayloadRecord, TakesNoRecordThatContradictsItself) {
  constexpr std::size_t kStored = 26;  // Current, previous, trial: 82 bytes each.
  constexpr std::size_t kTries = kStored + 3 * 82;
  const struct {
    const char* why;
    std::size_t at;
    std::uint8_t value;
  } cases[] = {
      {"another format", 0, 2},
      {"a place that is not there", kStored, 3},
      {"two in one place", kStored, 0},  // The previous is in place 0, the current in 1.
      {"the trial in the place of the current", kStored + 2 * 82, 1},
      {"the trial in the place of the previous", kStored + 2 * 82, 0},
      {"a version longer than its room", kStored + 49, 33},
      {"a previous without a current", kStored, 0xFF},
      {"a trial that was never tried", kTries, 0},
      {"more failures than fit", kTries + 1, 9},
      {"a reason longer than its room", kTries + 2 + 32, 49},
  };
  for (const auto& c : cases) {
    std::array<std::byte, PayloadRecord::kEncodedSize> bytes{};
    ASSERT_TRUE(full().encode(kCrypto, bytes));
    ASSERT_NE(load_u8(bytes, c.at), c.value) << c.why;
    store_u8(bytes, c.at, c.value);
    const std::size_t body = bytes.size() - 32;
    std::ranges::copy(kCrypto.sha256(Bytes(bytes).first(body)),
                      bytes.begin() + static_cast<std::ptrdiff_t>(body));
    EXPECT_EQ(code(PayloadRecord::decode("limits", kCrypto, bytes)), Errc::corrupt) << c.why;
  }
}

}  // namespace
}  // namespace ems::ota
