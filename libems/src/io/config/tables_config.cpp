// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/tables_config.hpp"

#include <algorithm>

#include "io/config/bind.hpp"
#include "io/config/reader.hpp"
#include "io/config/tables.hpp"

namespace ems::io {
namespace {

using namespace config;  // NOLINT(google-build-using-namespace): the table's own words
using T = SchemaType;

constexpr std::int64_t kTablePowerMax = 100'000'000;
constexpr std::int64_t kTablePriceMax = 1'000'000'000'000;
constexpr std::int64_t kSlotsMax = 2'000;
constexpr std::size_t kPlanIdMax = 48;
static_assert(sizeof(decision::PlanId) >= kPlanIdMax);

// clang-format off
constexpr SchemaKey kScheduleKeys[] = {
    {.path = "entries", .type = T::section_list, .min = 0, .max = kSlotsMax, .required = true,
     .doc = "By time, without overlap. Between two entries the policy asks for nothing."},
    {.path = "entries[].from", .type = T::utc, .required = true, .doc = "From this moment ..."},
    {.path = "entries[].to", .type = T::utc, .required = true, .doc = "... until this one."},
    {.path = "entries[].power_w", .type = T::quantity, .digits = kWattDigits, .min = -kTablePowerMax,
     .max = kTablePowerMax, .required = true, .doc = "Of all batteries together, at ac; positive discharges."},
};

constexpr SchemaKey kPlanKeys[] = {
    {.path = "id", .type = T::text, .required = true, .doc = "Its name in the records; at most 48 characters."},
    {.path = "made_at", .type = T::utc, .required = true, .doc = "When it was made."},
    {.path = "valid_for_s", .type = T::quantity, .digits = kSecondDigits, .min = seconds_us(1),
     .max = seconds_us(604'800), .required = true, .doc = "It is followed for so long from then on."},
    {.path = "slots", .type = T::section_list, .min = 1, .max = kSlotsMax, .required = true,
     .doc = "By time, without overlap; gaps are allowed."},
    {.path = "slots[].start", .type = T::utc, .required = true, .doc = "From this moment ..."},
    {.path = "slots[].end", .type = T::utc, .required = true, .doc = "... until this one."},
    {.path = "slots[].power_w", .type = T::quantity, .digits = kWattDigits, .min = -kTablePowerMax,
     .max = kTablePowerMax, .one_of = "power", .doc = "Of all batteries together, at ac; positive discharges."},
    {.path = "slots[].pcc_target_w", .type = T::quantity, .digits = kWattDigits, .min = -kTablePowerMax,
     .max = kTablePowerMax, .one_of = "power", .doc = "Power at the PCC instead; positive imports."},
};

constexpr SchemaKey kPriceKeys[] = {
    {.path = "currency", .type = T::text, .required = true, .doc = "ISO 4217 (`EUR`)."},
    {.path = "made_at", .type = T::utc, .required = true, .doc = "When it was made."},
    {.path = "end", .type = T::utc, .required = true, .doc = "End of the last slot."},
    {.path = "slots", .type = T::section_list, .min = 1, .max = kSlotsMax, .required = true,
     .doc = "By time; each holds until the next one starts."},
    {.path = "slots[].start", .type = T::utc, .required = true, .doc = "From this moment."},
    {.path = "slots[].buy_per_kwh", .type = T::quantity, .digits = kPriceDigits, .min = -kTablePriceMax,
     .max = kTablePriceMax, .required = true, .doc = "Paid for import."},
    {.path = "slots[].sell_per_kwh", .type = T::quantity, .digits = kPriceDigits, .min = -kTablePriceMax,
     .max = kTablePriceMax, .required = true, .doc = "Got for export."},
};
// clang-format on

/// Where a fault of decision::validate() is: `offset` is the place in the list.
Place place_in(const Section& root, const char* list, const Error& error) {
  const std::vector<Section>& items = root.list(list);
  return error.offset < items.size() ? items[error.offset].place : root.place;
}

bool is_currency(const std::string& text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

template <class File>
Loaded<File> load(const std::filesystem::path& path,
                  Loaded<File> (*parse)(std::string_view, const std::filesystem::path&)) {
  std::vector<ConfigError> errors;
  const std::optional<std::string> text = read_file(path, errors);
  if (!text) return {std::nullopt, std::move(errors)};
  return parse(*text, path);
}

}  // namespace

const Schema& schedule_schema() noexcept {
  static constexpr Schema kSchema{"schedule", "The schedule file", kScheduleKeys};
  return kSchema;
}
const Schema& plan_schema() noexcept {
  static constexpr Schema kSchema{"plan", "The plan file", kPlanKeys};
  return kSchema;
}
const Schema& price_schema() noexcept {
  static constexpr Schema kSchema{"price", "The price file", kPriceKeys};
  return kSchema;
}

Loaded<ScheduleFile> parse_schedule(std::string_view text, const std::filesystem::path& path) {
  Reader reader(schedule_schema(), path.string(), nullptr);
  const Section root = reader.read(text);
  if (!reader.ok()) return {std::nullopt, reader.take_errors()};
  ScheduleFile out;
  for (const Section& item : root.list("entries")) {
    out.entries.push_back(
        {moment(item, "from"), moment(item, "to"), quantity<Watt>(item, "power_w")});
  }
  if (const Result<void> valid = decision::validate(out.entries); !valid) {
    reader.error(place_in(root, "entries", valid.error()), valid.error().code, valid.error().what);
    return {std::nullopt, reader.take_errors()};
  }
  return {std::move(out), {}};
}

Loaded<PlanFile> parse_plan(std::string_view text, const std::filesystem::path& path) {
  Reader reader(plan_schema(), path.string(), nullptr);
  const Section root = reader.read(text);
  const Value* id = root.find("id");
  if (id != nullptr && id->text.size() > kPlanIdMax) {
    reader.error(id->place, Errc::out_of_range, "\"id\" is longer than 48 characters");
  }
  if (!reader.ok()) return {std::nullopt, reader.take_errors()};
  PlanFile out;
  out.id = decision::PlanId(id->text);
  out.made_at = moment(root, "made_at");
  out.valid_for = quantity<Duration>(root, "valid_for_s");
  for (const Section& item : root.list("slots")) {
    out.slots.push_back({moment(item, "start"), moment(item, "end"),
                         maybe<Watt>(item, "power_w").value_or(Watt{}),
                         maybe<Watt>(item, "pcc_target_w")});
  }
  if (const Result<void> valid = decision::validate(out.plan()); !valid) {
    reader.error(place_in(root, "slots", valid.error()), valid.error().code, valid.error().what);
    return {std::nullopt, reader.take_errors()};
  }
  return {std::move(out), {}};
}

Loaded<PriceFile> parse_prices(std::string_view text, const std::filesystem::path& path) {
  Reader reader(price_schema(), path.string(), nullptr);
  const Section root = reader.read(text);
  const Value* currency = root.find("currency");
  if (currency != nullptr && !is_currency(currency->text)) {
    reader.error(
        currency->place, Errc::invalid_argument,
        "\"currency\": \"" + currency->text + "\" is not three capital letters (ISO 4217)");
  }
  if (!reader.ok()) return {std::nullopt, reader.take_errors()};
  PriceFile out;
  out.currency = decision::Currency(currency->text);
  out.made_at = moment(root, "made_at");
  out.end = moment(root, "end");
  for (const Section& item : root.list("slots")) {
    out.slots.push_back({moment(item, "start"), quantity<decision::Price>(item, "buy_per_kwh"),
                         quantity<decision::Price>(item, "sell_per_kwh")});
  }
  if (const Result<void> valid = decision::validate(out.table()); !valid) {
    reader.error(place_in(root, "slots", valid.error()), valid.error().code, valid.error().what);
    return {std::nullopt, reader.take_errors()};
  }
  return {std::move(out), {}};
}

Loaded<ScheduleFile> load_schedule(const std::filesystem::path& path) {
  return load(path, &parse_schedule);
}
Loaded<PlanFile> load_plan(const std::filesystem::path& path) { return load(path, &parse_plan); }
Loaded<PriceFile> load_prices(const std::filesystem::path& path) {
  return load(path, &parse_prices);
}

}  // namespace ems::io
