// SPDX-License-Identifier: Apache-2.0
#include "ems/device_pack/device.hpp"

#include <algorithm>

#include "ems/device_pack/value.hpp"

namespace ems::device_pack {
namespace {

// SunSpec Information Model Specification V1.9: "SunS", model headers, end marker.
constexpr std::uint16_t kMarkerHigh = 0x5375;
constexpr std::uint16_t kMarkerLow = 0x6E53;
constexpr std::uint16_t kEndModel = 0xFFFF;
constexpr std::uint16_t kHeaderRegisters = 2;
constexpr std::uint16_t kModelsMax = 128;  // A longer chain is a broken device.
constexpr std::uint32_t kAddressSpace = 0x10000;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;

constexpr std::uint32_t end_of(const RegisterPoint& point) noexcept {
  return static_cast<std::uint32_t>(point.offset) + point.registers;
}

// The registers of one answered block, addressed by offset from the section's start.
struct Window {
  std::uint16_t offset = 0;
  std::span<const std::uint16_t> registers;

  [[nodiscard]] bool has(std::uint16_t at, std::size_t count) const noexcept {
    return at >= offset && static_cast<std::size_t>(at - offset) + count <= registers.size();
  }
  [[nodiscard]] std::span<const std::uint16_t> get(std::uint16_t at,
                                                   std::size_t count) const noexcept {
    return registers.subspan(static_cast<std::size_t>(at - offset), count);
  }
};

void decode_point(const RegisterPoint& point, const Window& window, ReadingSink& sink) noexcept {
  if (!window.has(point.offset, point.registers)) return;  // The device's model ends before it.
  const auto registers = window.get(point.offset, point.registers);
  if (point.use == PointUse::text) {
    std::array<char, 2 * kTextRegistersMax> room{};
    const std::string_view text = register_text(registers, room);
    if (!text.empty()) sink.text(point.text, text, 0);
    return;
  }
  int exponent = 0;
  if (point.scale_at != kNoRegister) {
    if (!window.has(point.scale_at, 1)) return;
    const std::optional<int> known = scale_exponent(window.get(point.scale_at, 1)[0]);
    if (!known) return;
    exponent = *known;
  }
  const auto value = point_value(point, load_words(registers, point.order), exponent);
  if (!value) return;
  sink.reading({.signal = point.signal, .element = point.element, .value = *value});
}

}  // namespace

Result<std::size_t> BoundWrite::encode(MutableBytes out) const noexcept {
  return protocol::modbus::encode_write_multiple_request(address, values.view(), out);
}

PackDevice::PackDevice(const Pack& pack) noexcept : pack_(&pack) {
  EMS_ASSERT(!pack.sections.empty() && pack.sections.size() <= kSectionsMax);
  reset();
}

void PackDevice::reset() noexcept {
  sections_ = {};
  blocks_.clear();
  scale_ = {};
  missing_model_ = 0;
  models_ = 0;
  at_ = pack_->sunspec_base;
  state_ = State::marker;
  if (!pack_->sunspec) bind_fixed();
}

void PackDevice::bind_fixed() noexcept {
  for (std::size_t i = 0; i < pack_->sections.size(); ++i) {
    const Section& section = pack_->sections[i];
    const std::uint32_t room = kAddressSpace - section.base;
    sections_[i] = {.found = true,
                    .address = section.base,
                    .registers = section.registers == 0
                                     ? room
                                     : std::min<std::uint32_t>(room, section.registers)};
  }
  make_blocks();
}

void PackDevice::bind_model(std::uint16_t model, std::uint16_t address,
                            std::uint32_t registers) noexcept {
  for (std::size_t i = 0; i < pack_->sections.size(); ++i) {
    if (pack_->sections[i].model != model || sections_[i].found) continue;
    sections_[i] = {.found = true, .address = address, .registers = registers};
    return;  // A second instance of the model belongs to the pack's second section of it, if any.
  }
}

void PackDevice::make_blocks() noexcept {
  for (std::size_t i = 0; i < pack_->sections.size(); ++i) {
    const Section& section = pack_->sections[i];
    const BoundSection& bound = sections_[i];
    for (std::size_t b = 0; b < section.blocks.size(); ++b) {
      const ReadBlock& block = section.blocks[b];
      if (block.offset >= bound.registers) continue;  // The device's model ends before it.
      const std::uint32_t count =
          std::min<std::uint32_t>(block.count, bound.registers - block.offset);
      blocks_.push_back(
          {.request = {.function = section.function,
                       .address = static_cast<std::uint16_t>(bound.address + block.offset),
                       .count = static_cast<std::uint16_t>(count)},
           .section = static_cast<std::uint16_t>(i),
           .block = static_cast<std::uint16_t>(b),
           .every = section.every});
    }
  }
  state_ = State::ready;
}

Failure PackDevice::broken(Errc code, std::size_t offset, const char* what) noexcept {
  state_ = State::failed;
  return fail(code, offset, what);
}

std::optional<ReadRequest> PackDevice::next_discovery() const noexcept {
  const auto at = static_cast<std::uint16_t>(at_);
  switch (state_) {
    case State::marker:
    case State::header:
      return ReadRequest{Function::read_holding_registers, at, kHeaderRegisters};
    case State::end_marker:
      return ReadRequest{Function::read_holding_registers, at, 1};
    case State::ready:
    case State::failed:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<void> PackDevice::end_of_chain() noexcept {
  for (std::size_t i = 0; i < pack_->sections.size(); ++i) {
    if (sections_[i].found) continue;
    missing_model_ = pack_->sections[i].model;
    return broken(Errc::not_found, 0, "sunspec: the device lacks a model of the pack");
  }
  make_blocks();
  return {};
}

Result<void> PackDevice::discovered(std::span<const std::uint16_t> registers) noexcept {
  const std::optional<ReadRequest> asked = next_discovery();
  EMS_ASSERT(asked && "discovered() without next_discovery()");
  if (registers.size() < asked->count) {
    return broken(Errc::truncated, registers.size(), "sunspec: fewer registers than asked for");
  }
  if (state_ == State::marker) {
    if (registers[0] != kMarkerHigh || registers[1] != kMarkerLow) {
      return broken(Errc::header, 0, "sunspec: no SunS marker at the base address");
    }
    at_ += kHeaderRegisters;
    state_ = State::header;
    return {};
  }
  const std::uint16_t model = registers[0];
  if (model == kEndModel) return end_of_chain();
  if (state_ == State::end_marker) {
    return broken(Errc::truncated, 1, "sunspec: a model header cannot be read");
  }
  const std::uint32_t size = kHeaderRegisters + static_cast<std::uint32_t>(registers[1]);
  if (at_ + size > kAddressSpace - kHeaderRegisters || ++models_ > kModelsMax) {
    return broken(Errc::out_of_range, 0, "sunspec: the chain of models does not end");
  }
  bind_model(model, static_cast<std::uint16_t>(at_), size);
  at_ += size;
  const auto bound = std::span{sections_}.first(pack_->sections.size());
  if (std::all_of(bound.begin(), bound.end(), [](const BoundSection& s) { return s.found; })) {
    make_blocks();  // Nothing more to look for.
  }
  return {};
}

Result<void> PackDevice::discovery_refused(const Error& error) noexcept {
  if (state_ == State::header && error.code == Errc::exception) {
    state_ = State::end_marker;
    return {};
  }
  return broken(error.code, error.offset, error.what);
}

void PackDevice::learn_scale(const BoundBlock& block,
                             std::span<const std::uint16_t> registers) noexcept {
  if (pack_->control == nullptr || pack_->control->section != block.section) return;
  const Window window{pack_->sections[block.section].blocks[block.block].offset, registers};
  for (const WriteStep& step : pack_->control->setpoint) {
    for (const WriteField& field : step.fields) {
      if (field.source != WriteSource::setpoint || field.scale_at == kNoRegister) continue;
      if (!window.has(field.scale_at, 1)) continue;
      const std::optional<int> exponent = scale_exponent(window.get(field.scale_at, 1)[0]);
      scale_ = {.known = exponent.has_value(),
                .exponent = static_cast<std::int16_t>(exponent.value_or(0))};
    }
  }
}

Result<void> PackDevice::decode_block(const BoundBlock& block,
                                      std::span<const std::uint16_t> registers,
                                      ReadingSink& sink) noexcept {
  EMS_ASSERT(block.section < pack_->sections.size());
  const Section& section = pack_->sections[block.section];
  EMS_ASSERT(block.block < section.blocks.size());
  if (registers.size() < block.request.count) {
    return fail(Errc::truncated, registers.size(), "block: registers missing");
  }
  if (registers.size() > block.request.count) {
    return fail(Errc::length, registers.size(), "block: too many registers");
  }
  const ReadBlock& read = section.blocks[block.block];
  const Window window{read.offset, registers};
  for (const RegisterPoint& point : section.points.subspan(read.first_point, read.point_count)) {
    EMS_ASSERT(end_of(point) <= static_cast<std::uint32_t>(read.offset) + read.count);
    decode_point(point, window, sink);
  }
  learn_scale(block, registers);
  return {};
}

std::optional<ControlInfo> PackDevice::control() const noexcept {
  if (pack_->control == nullptr) return std::nullopt;
  const PowerControl& control = *pack_->control;
  return ControlInfo{.lease_min = control.lease_min,
                     .lease_max = control.lease_max,
                     .device_reverts = control.device_reverts,
                     .volatile_registers = control.volatile_registers,
                     .heartbeat_period = control.heartbeat_period,
                     .stop = control.stop,
                     .standby = control.standby};
}

Result<std::int64_t> PackDevice::field_value(const WriteField& field,
                                             const WriteValues& values) const noexcept {
  constexpr std::uint32_t kCounterMask = 0x7FFF;  // Fits every integer register.
  std::int64_t raw = field.constant;
  if (field.source == WriteSource::lease_seconds) {
    const std::int64_t lease = values.lease.count();
    raw = lease / kMicrosPerSecond + (lease % kMicrosPerSecond != 0 ? 1 : 0);
  } else if (field.source == WriteSource::counter) {
    raw = values.beat & kCounterMask;
  } else if (field.source == WriteSource::setpoint) {
    const Watt p = values.p;
    const bool needs_scale = field.scale_at != kNoRegister && p != Watt{};
    if (needs_scale && !scale_.known) {
      return fail(Errc::failed_precondition, 0, "set-point: its scale factor was not read yet");
    }
    const auto scaled = field_raw(field, p.count(), needs_scale ? scale_.exponent : 0);
    if (!scaled) return fail(Errc::out_of_range, 0, "set-point: does not fit the register");
    raw = *scaled;
  }
  if (!fits_wire(field.type, raw)) {
    return fail(Errc::out_of_range, field.source == WriteSource::lease_seconds ? 1 : 0,
                "set-point: does not fit the register");
  }
  return raw;
}

Result<WritePlan> PackDevice::encode_leased(std::span<const WriteStep> steps, Watt p,
                                            Duration lease) const noexcept {
  const PowerControl& control = *pack_->control;
  if (control.device_reverts && (lease < control.lease_min || lease > control.lease_max)) {
    return fail(Errc::out_of_range, 1, "set-point: lease outside what the device takes");
  }
  return encode_steps(steps, {.p = p, .lease = lease});
}

Result<WritePlan> PackDevice::encode_steps(std::span<const WriteStep> steps,
                                           const WriteValues& values) const noexcept {
  if (!ready()) return fail(Errc::failed_precondition, 0, "set-point: device not discovered yet");
  const BoundSection& bound = sections_[pack_->control->section];
  WritePlan plan;
  for (const WriteStep& step : steps) {
    EMS_ASSERT(!step.fields.empty());
    BoundWrite write;
    write.address = static_cast<std::uint16_t>(bound.address + step.fields.front().offset);
    for (const WriteField& field : step.fields) {
      const std::size_t size = registers_of(field.type);
      if (field.offset + size > bound.registers) {
        return fail(Errc::failed_precondition, 0, "set-point: the device's model is too short");
      }
      const Result<std::int64_t> raw = field_value(field, values);
      if (!raw) return fail(raw.error());
      std::array<std::uint16_t, 4> words{};
      store_words(static_cast<std::uint64_t>(*raw), field.order, std::span{words}.first(size));
      for (std::size_t i = 0; i < size; ++i) write.values.push_back(words[i]);
    }
    plan.push_back(write);
  }
  return plan;
}

Result<WritePlan> PackDevice::encode_setpoint(Watt p, Duration lease) const noexcept {
  if (pack_->control == nullptr) {
    return fail(Errc::unimplemented, 0, "set-point: the pack has none");
  }
  return encode_leased(pack_->control->setpoint, p, lease);
}

Result<WritePlan> PackDevice::encode_command(const InverterCommand& command,
                                             Duration lease) const noexcept {
  const PowerControl* control = pack_->control;
  if (control == nullptr) return fail(Errc::unimplemented, 0, "command: the pack has no control");
  if (command.q != Var{}) return fail(Errc::unimplemented, 0, "command: no reactive set-point");
  CommandSupport support = CommandSupport::none;
  std::span<const WriteStep> steps;
  switch (command.kind) {
    case CommandKind::follow:
      return encode_setpoint(command.p, lease);
    case CommandKind::stop:
      support = control->stop;
      steps = control->stop_steps;
      break;
    case CommandKind::standby:
      support = control->standby;
      steps = control->standby_steps;
      break;
    case CommandKind::form:
    case CommandKind::open:
      break;
  }
  switch (support) {
    case CommandSupport::zero_power:
      return encode_setpoint(Watt{}, lease);
    case CommandSupport::steps:
      return encode_leased(steps, Watt{}, lease);
    case CommandSupport::none:
      break;
  }
  return fail(Errc::unimplemented, 0, "command: the pack cannot express it");
}

Result<BoundWrite> PackDevice::encode_heartbeat(std::uint32_t beat) const noexcept {
  if (pack_->control == nullptr || pack_->control->heartbeat_period == Duration::zero()) {
    return fail(Errc::unimplemented, 0, "heartbeat: the pack has none");
  }
  const Result<WritePlan> plan = encode_steps(pack_->control->heartbeat, {.beat = beat});
  if (!plan) return fail(plan.error());
  return (*plan)[0];
}

}  // namespace ems::device_pack
