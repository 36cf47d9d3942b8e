// SPDX-License-Identifier: Apache-2.0
#include "ems/model/catalogue.hpp"

#include "capi.hpp"

// The texts of the .def tables are string literals: each ends with a NUL.
namespace ems::capi {
namespace {

constexpr const char* kBadSignalOut = "out is NULL or its struct_size is too small";

ems_signal_info_t signal_info(const SignalInfo& row) noexcept {
  const UnitInfo& unit = unit_info(row.unit);
  ems_signal_info_t info{};
  info.number = static_cast<std::uint16_t>(row.signal);
  info.unit = static_cast<std::uint8_t>(row.unit);
  info.digits = static_cast<std::uint8_t>(unit.digits);
  info.has_elements = row.kind == SignalKind::element ? 1 : 0;
  info.stale_after_ms = ceil_ms(row.stale_after);
  info.name = row.name.data();
  info.list_name = row.list_name.data();
  info.unit_name = unit.name.data();
  info.unit_symbol = unit.symbol.data();
  info.meaning = row.meaning.data();
  static_assert(sizeof info.integer_name > kSignalNameSize);
  (void)copy_text(integer_name(row).view(), info.integer_name, sizeof info.integer_name);
  (void)copy_text(si_name(row).view(), info.si_name, sizeof info.si_name);
  return info;
}

}  // namespace

extern "C" {

EMS_API std::size_t ems_signal_count(void) { return signal_table().size(); }

EMS_API ems_status_t ems_signal_at(std::size_t index, ems_signal_info_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadSignalOut);
    if (index >= signal_table().size()) return failed(EMS_E_OUT_OF_RANGE, "no such signal");
    give(out, signal_info(signal_table()[index]));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_signal_get(std::uint16_t number, ems_signal_info_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadSignalOut);
    const SignalInfo* row = find_signal(static_cast<Signal>(number));
    if (row == nullptr) return failed(EMS_E_NOT_FOUND, "no signal has that number");
    give(out, signal_info(*row));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_signal_find(const char* name, ems_signal_info_t* out) {
  return guarded([&]() -> ems_status_t {
    if (name == nullptr) return invalid("name is NULL");
    if (!sized(out)) return invalid(kBadSignalOut);
    const SignalInfo* row = find_signal(std::string_view(name));
    if (row == nullptr) return failed(EMS_E_NOT_FOUND, "no signal has that name");
    give(out, signal_info(*row));
    return EMS_OK;
  });
}

EMS_API const char* ems_alarm_name(std::uint32_t bit) {
  const auto name = alarm_name(bit);
  return name ? name->data() : nullptr;
}

EMS_API const char* ems_text_field_name(std::uint8_t field) {
  const std::string_view name = text_name(static_cast<TextField>(field));
  return name == "unknown" ? nullptr : name.data();
}

EMS_API std::uint64_t ems_catalogue_hash(void) { return catalogue_hash(); }

EMS_API ems_status_t ems_asset_name(ems_asset_t asset, std::size_t size, char* name) {
  return guarded([&]() -> ems_status_t {
    if (name == nullptr) return invalid("name is NULL");
    if (asset.kind > EMS_ASSET_LOAD) return invalid("asset.kind is no EMS_ASSET_*");
    const AssetName text = to_name(from_c(asset));
    if (text.view().size() >= size) {
      return failed(EMS_E_RESOURCE_EXHAUSTED, "size is smaller than the name with its NUL");
    }
    (void)copy_text(text.view(), name, text.view().size() + 1);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_asset_parse(const char* name, ems_asset_t* out) {
  return guarded([&]() -> ems_status_t {
    if (name == nullptr || out == nullptr) return invalid("name or out is NULL");
    const Result<AssetId> asset = parse_asset(name);
    if (!asset) return failed(asset.error());
    *out = to_c(*asset);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
