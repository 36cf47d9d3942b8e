// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>

#include "ems/device_pack/value.hpp"
#include "io/pack_compiler.hpp"

namespace ems::io::detail {
namespace {

using device_pack::CommandSupport;
using device_pack::kNoRegister;
using device_pack::PowerControl;
using device_pack::WireType;
using device_pack::WriteField;
using device_pack::WriteSource;
using device_pack::WriteStep;

constexpr std::int64_t kLeaseMaxSeconds = 86'400;

// What compile_control() hands down.
struct Context {
  PackReader& reader;
  PackStorage& storage;
  const std::vector<Definition>& definitions;
  bool heartbeat = false;  ///< Of the two groups of values, which may be written.
};

const Definition* find_definition(const Context& context, const YAML::Node& node) {
  const auto name = context.reader.text(node, "point", true);
  if (!name) return nullptr;
  std::vector<std::string_view> names;
  for (const Definition& d : context.definitions) {
    if (d.name == *name) return &d;
    names.push_back(d.name);
  }
  context.reader.error(Errc::not_found, node["point"],
                       "point: no '" + *name + "' in the section" + suggestion(*name, names));
  return nullptr;
}

std::optional<WriteField> read_field(const Context& context, const YAML::Node& node) {
  PackReader& reader = context.reader;
  if (!reader.is_map(node, "field", {"point", "constant", "value"})) return std::nullopt;
  const Definition* definition = find_definition(context, node);
  if (definition == nullptr) return std::nullopt;
  const device_pack::RegisterPoint& point = definition->point;
  if (point.type == WireType::f32 || point.type == WireType::text) {
    reader.error(Errc::wrong_type, node["point"], "point: only integers can be written");
    return std::nullopt;
  }
  WriteField field{.name = point.name,
                   .offset = point.offset,
                   .type = point.type,
                   .order = point.order,
                   .source = WriteSource::constant,
                   .constant = 0,
                   .multiplier = point.multiplier,
                   .divisor = point.divisor,
                   .scale_at = point.scale_at};
  static constexpr std::array<std::string_view, 3> kValues = {"setpoint", "lease_s", "counter"};
  constexpr std::size_t kCounterAt = 2;
  const auto allowed = context.heartbeat ? std::span{kValues}.subspan(kCounterAt)
                                         : std::span{kValues}.first(kCounterAt);
  const auto constant = reader.integer(node, "constant", INT64_MIN + 1, INT64_MAX, false);
  const auto value = reader.choice(node, "value", allowed, false);
  if (node["constant"].IsDefined() == node["value"].IsDefined()) {
    reader.error(Errc::invalid_argument, node, "field: give either 'constant' or 'value'");
    return std::nullopt;
  }
  if (value) {
    field.source = context.heartbeat ? WriteSource::counter
                   : *value == 0     ? WriteSource::setpoint
                                     : WriteSource::lease_seconds;
    const bool watts = definition->unit == "W" || definition->unit == "kW";
    if (field.source == WriteSource::setpoint && !watts) {
      reader.error(Errc::wrong_type, node["point"], "point: a set-point has the unit W or kW");
    }
    const bool seconds_plain = definition->unit == "s" && point.multiplier == 1 &&
                               point.divisor == 1 && point.scale_at == kNoRegister;
    if (field.source == WriteSource::lease_seconds && !seconds_plain) {
      reader.error(Errc::wrong_type, node["point"], "point: a lease is in whole seconds, unit s");
    }
  } else if (constant) {
    field.constant = *constant;
    if (!device_pack::fits_wire(field.type, field.constant)) {
      reader.error(Errc::out_of_range, node["constant"], "constant: does not fit the register");
    }
  }
  return field;
}

std::span<const WriteStep> read_steps(const Context& context, const YAML::Node& list,
                                      std::string_view what) {
  PackReader& reader = context.reader;
  if (!reader.is_list(list, what)) return {};
  if (list.size() > device_pack::kWriteStepsMax) {
    reader.error(Errc::out_of_range, list,
                 std::string(what) + ": at most " + std::to_string(device_pack::kWriteStepsMax) +
                     " requests");
    return {};
  }
  std::vector<WriteStep> steps;
  for (const YAML::Node& step : list) {
    if (!reader.is_list(step, std::string(what) + ": a request")) continue;
    std::vector<WriteField> fields;
    std::size_t registers = 0;
    for (const YAML::Node& node : step) {
      const auto field = read_field(context, node);
      if (!field) continue;
      if (!fields.empty() && field->offset != fields.front().offset + registers) {
        reader.error(Errc::invalid_argument, node,
                     std::string(what) + ": registers of one request must follow one another");
      }
      registers += device_pack::registers_of(field->type);
      fields.push_back(*field);
    }
    if (registers > device_pack::kWriteStepRegistersMax) {
      reader.error(Errc::out_of_range, step,
                   std::string(what) + ": at most " +
                       std::to_string(device_pack::kWriteStepRegistersMax) + " registers");
    }
    if (!fields.empty()) {
      steps.push_back({context.storage.keep(context.storage.fields_, std::move(fields))});
    }
  }
  return context.storage.keep(context.storage.steps_, std::move(steps));
}

CommandSupport read_command(const Context& context, const YAML::Node& node, std::string_view key,
                            std::span<const WriteStep>& steps) {
  static constexpr std::array<std::string_view, 3> kSupport = {"none", "zero_power", "steps"};
  PackReader& reader = context.reader;
  const auto support = reader.choice(node, key, kSupport, true).value_or(0);
  const std::string steps_key = std::string(key) + "_steps";
  const bool wanted = support == static_cast<std::size_t>(CommandSupport::steps);
  const auto list = reader.find(node, steps_key, wanted);
  if (list && !wanted) {
    reader.error(Errc::invalid_argument, *list,
                 steps_key + ": only with '" + std::string(key) + ": steps'");
  } else if (list) {
    steps = read_steps(context, *list, steps_key);
  }
  return static_cast<CommandSupport>(support);
}

void read_lease(PackReader& reader, const YAML::Node& control, PackStorage& storage) {
  PowerControl& out = storage.control_;
  const auto node = reader.find(control, "lease", true);
  if (!node || !reader.is_map(*node, "lease", {"min_s", "max_s", "device_reverts", "after"})) {
    return;
  }
  const auto lo = reader.integer(*node, "min_s", 1, kLeaseMaxSeconds, true);
  const auto hi = reader.integer(*node, "max_s", 1, kLeaseMaxSeconds, true);
  if (lo && hi && *lo > *hi) {
    reader.error(Errc::out_of_range, *node, "lease: min_s is more than max_s");
  }
  out.lease_min = seconds(lo.value_or(1));
  out.lease_max = seconds(hi.value_or(1));
  out.device_reverts = reader.boolean(*node, "device_reverts", true).value_or(false);
  out.after_lease = storage.keep(reader.text(*node, "after", true).value_or(""));
}

constexpr int kSecondDigits = 6;
constexpr std::int64_t kHeartbeatMin = 50'000;
constexpr std::int64_t kHeartbeatMax = 60'000'000;

void read_heartbeat(const Context& context, const YAML::Node& control) {
  PackReader& reader = context.reader;
  const auto node = reader.find(control, "heartbeat", false);
  if (!node || !reader.is_map(*node, "heartbeat", {"period_s", "request"})) return;
  PowerControl& out = context.storage.control_;
  out.heartbeat_period =
      Duration{reader.decimal(*node, "period_s", kSecondDigits, kHeartbeatMin, kHeartbeatMax, true)
                   .value_or(kHeartbeatMin)};
  const auto request = reader.find(*node, "request", true);
  if (!request) return;
  YAML::Node steps;
  steps.push_back(*request);
  out.heartbeat =
      read_steps({reader, context.storage, context.definitions, true}, steps, "heartbeat");
  const auto counts = [](const WriteField& field) { return field.source == WriteSource::counter; };
  if (!out.heartbeat.empty() &&
      std::none_of(out.heartbeat[0].fields.begin(), out.heartbeat[0].fields.end(), counts)) {
    reader.error(Errc::missing_key, *request, "heartbeat: no field has 'value: counter'");
  }
}

template <class F>
void for_each_field(std::span<const WriteStep> steps, const F& f) {
  for (const WriteStep& step : steps) {
    for (const WriteField& field : step.fields) f(field);
  }
}

void check_setpoint(PackReader& reader, const YAML::Node& node, const PackStorage& storage) {
  const PowerControl& control = storage.control_;
  int setpoints = 0;
  int leases = 0;
  std::optional<std::uint16_t> scale_at;
  for_each_field(control.setpoint, [&](const WriteField& field) {
    leases += field.source == WriteSource::lease_seconds ? 1 : 0;
    if (field.source != WriteSource::setpoint) return;
    ++setpoints;
    if (scale_at && *scale_at != field.scale_at) {
      reader.error(Errc::invalid_argument, node, "setpoint: two different scale factors");
    }
    scale_at = field.scale_at;
  });
  if (setpoints == 0) {
    reader.error(Errc::missing_key, node, "setpoint: no field has 'value: setpoint'");
  }
  if (control.device_reverts && leases == 0) {
    reader.error(Errc::missing_key, node,
                 "setpoint: device_reverts needs a field with 'value: lease_s'");
  }
  if (!scale_at || *scale_at == kNoRegister) return;
  const auto blocks = storage.sections_[control.section].blocks;
  const auto covers = [at = *scale_at](const device_pack::ReadBlock& block) {
    return at >= block.offset && at - block.offset < block.count;
  };
  if (std::none_of(blocks.begin(), blocks.end(), covers)) {
    reader.error(Errc::invalid_argument, node,
                 "setpoint: its scale factor is never read; give the point a signal");
  }
}

}  // namespace

void compile_control(PackReader& reader, const YAML::Node& node, PackStorage& storage,
                     const std::vector<std::vector<Definition>>& definitions) {
  if (!reader.is_map(node, "control",
                     {"section", "setpoint", "lease", "volatile", "heartbeat", "stop", "stop_steps",
                      "standby", "standby_steps"})) {
    return;
  }
  std::vector<std::string_view> names;
  for (const device_pack::Section& section : storage.sections_) names.push_back(section.name);
  const auto index = reader.choice(node, "section", names, true);
  read_lease(reader, node, storage);
  PowerControl& control = storage.control_;
  control.volatile_registers = reader.boolean(node, "volatile", true).value_or(false);
  if (!index) return;
  control.section = static_cast<std::uint16_t>(*index);
  const Context context{reader, storage, definitions[*index]};
  const auto setpoint = reader.find(node, "setpoint", true);
  if (setpoint) {
    control.setpoint = read_steps(context, *setpoint, "setpoint");
    check_setpoint(reader, *setpoint, storage);
  }
  read_heartbeat(context, node);
  control.stop = read_command(context, node, "stop", control.stop_steps);
  control.standby = read_command(context, node, "standby", control.standby_steps);
}

}  // namespace ems::io::detail
