// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/site.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "ems/core/assert.hpp"
#include "ems/protocol/jbd/codec.hpp"
#include "ems/sim/random.hpp"
#include "text.hpp"

namespace ems::sim {
namespace {

constexpr std::uint64_t kGarbageStream = 41;
constexpr std::size_t kNoiseMax = 24;
constexpr std::string_view kJbd = "jbd";

std::size_t index_of(Device device) { return static_cast<std::size_t>(device); }

/// Noise, a truncated frame, or a truncated frame between noise: never a whole frame. Choice and
/// bytes depend only on seed and turn.
ByteVector spoil(const ByteVector& frame, std::uint64_t seed, std::uint64_t turn) {
  enum class Form : std::uint8_t { noise, truncated, both };
  const std::uint64_t draw = hash64(seed, kGarbageStream, turn);
  const auto form = static_cast<Form>(draw % 3);
  ByteVector out;
  const auto add_noise = [&](std::uint64_t stream) {
    const std::size_t size = 1 + hash64(draw, stream, 0) % kNoiseMax;
    for (std::size_t i = 0; i < size; ++i) {
      out.push_back(static_cast<std::byte>(hash64(draw, stream, 1 + i) & 0xFF));
    }
  };
  if (form != Form::truncated) add_noise(1);
  if (form != Form::noise && frame.size() > 1) {
    const std::size_t size = 1 + hash64(draw, 2, 0) % (frame.size() - 1);
    out.insert(out.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
  }
  if (form == Form::both || out.empty()) add_noise(3);
  return out;
}

}  // namespace

Site::Site(const SiteConfig& config)
    : plant_(config.plant, config.seed),
      seed_(config.seed),
      battery_model_(config.battery_model),
      jbd_(
          plant_, [this] { return measured(Device::battery); }, config.battery_model),
      meter_registers_([this] { return measured(Device::meter); }),
      pcc_meter_(ModbusFraming::rtu, config.meter_unit, meter_registers_),
      pv_registers_([this] { return measured_pv(); }),
      pv_meter_(ModbusFraming::rtu, config.pv_meter_unit, pv_registers_),
      meter_(pcc_meter_, pv_meter_),
      pcs_registers_(plant_, [this] { return measured(Device::pcs); }),
      pcs_(ModbusFraming::tcp, config.pcs_unit, pcs_registers_) {
  for (const Fault& fault : config.faults) {
    const bool added = add_fault(fault).has_value();
    EMS_ASSERT(added);
  }
}

void Site::advance(Duration dt) {
  EMS_ASSERT(dt >= Duration::zero());
  while (dt > Duration::zero()) {
    const Duration part = min_of(dt, kPhysicsStep);
    refresh_faults();
    plant_.step(part);
    dt -= part;
  }
  refresh_faults();
}

Result<void> Site::add_fault(const Fault& fault) {
  if (fault.kind == FaultKind::cell_voltage &&
      (fault.cell < 1 || fault.cell > plant_.config().battery.cells)) {
    return fail(Errc::out_of_range, fault.cell, "fault: the battery has no such cell");
  }
  faults_.push_back(fault);
  cell_add_v_.emplace_back();
  refresh_faults();
  return {};
}

void Site::clear_faults() {
  faults_.clear();
  cell_add_v_.clear();
  refresh_faults();
}

const Fault* Site::active(FaultKind kind, Device device) const {
  const Instant now = plant_.now();
  const auto found = std::ranges::find_if(faults_, [&](const Fault& fault) {
    return fault.kind == kind && fault.active(now) &&
           (kind == FaultKind::load_peak || fault.device == device);
  });
  return found == faults_.end() ? nullptr : &*found;
}

void Site::refresh_faults() {
  const Instant now = plant_.now();
  for (std::size_t i = faults_.size(); i-- > 0;) {
    if (now >= faults_[i].at && !faults_[i].active(now)) {
      faults_.erase(faults_.begin() + static_cast<std::ptrdiff_t>(i));
      cell_add_v_.erase(cell_add_v_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  double extra_load_w = 0.0;
  plant_.clear_offsets();
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (!fault.active(now)) continue;
    if (fault.kind == FaultKind::load_peak) extra_load_w += fault.extra_load_w;
    if (fault.kind == FaultKind::cell_voltage) {
      const std::size_t cell = fault.cell - 1;
      if (!cell_add_v_[i]) {
        const double before_v = plant_.state().battery.cell_v[cell];
        cell_add_v_[i] = fault.cell_to_v ? *fault.cell_to_v - before_v : fault.cell_add_v;
      }
      plant_.offset_cell(cell, *cell_add_v_[i]);
    }
  }
  plant_.set_extra_load(extra_load_w);
  for (const Device device : kDevices) {
    std::optional<PlantState>& frozen = frozen_[index_of(device)];
    if (active(FaultKind::stuck, device) == nullptr) {
      frozen.reset();
    } else if (!frozen) {
      frozen = plant_.state();
    }
  }
}

PlantState Site::measured(Device device) const {
  const std::optional<PlantState>& frozen = frozen_[index_of(device)];
  PlantState state = frozen ? *frozen : plant_.state();
  // Registers that were written read back as they are: only measurements are stuck.
  state.control = plant_.state().control;
  state.revert_remaining = plant_.state().revert_remaining;
  if (active(FaultKind::wrong_sign, device) != nullptr) {
    switch (device) {
      case Device::battery:
        state.battery.current_a = -state.battery.current_a;
        break;
      case Device::meter:
        state.grid_w = -state.grid_w;
        for (double& w : state.phase_w) w = -w;
        break;
      case Device::pcs:
        state.battery_ac_w = -state.battery_ac_w;
        break;
    }
  }
  return state;
}

/// What a meter on the PV feeder sees: its power in place of the grid's, evenly on the phases.
PlantState Site::measured_pv() const {
  PlantState state = measured(Device::meter);
  const double sign = active(FaultKind::wrong_sign, Device::meter) != nullptr ? -1.0 : 1.0;
  state.grid_w = sign * state.pv_w;
  state.phase_w.fill(state.grid_w / static_cast<double>(kPhases));
  state.books.grid_import_j = state.books.pv_j;
  state.books.grid_export_j = 0.0;
  state.books.phase_import_j.fill(state.books.pv_j / static_cast<double>(kPhases));
  state.books.phase_export_j.fill(0.0);
  return state;
}

Result<void> Site::speak_battery(std::string_view name, const protocol::CodecOptions& options) {
  if (name == kJbd) {
    protocol::CodecRoom room;
    const auto sound = protocol::jbd::codec().with(options, room);
    if (!sound) return fail(sound.error());
    board_.reset();
    return {};
  }
  Result<BoardServer> board = BoardServer::make(
      name, options, plant_, [this] { return measured(Device::battery); }, battery_model_);
  if (!board) return fail(board.error());
  board_.emplace(std::move(board.value()));
  return {};
}

void Site::replay_battery(ReplayServer replay) { replay_.emplace(std::move(replay)); }

FrameServer& Site::server(Device device) {
  switch (device) {
    case Device::battery:
      if (replay_) return *replay_;
      if (board_) return *board_;
      return jbd_;
    case Device::meter:
      return meter_;
    case Device::pcs:
      break;
  }
  return pcs_;
}

std::optional<Reply> Site::deliver(Device device, ByteVector answer) {
  if (answer.empty()) return std::nullopt;
  if (active(FaultKind::garbage, device) != nullptr) answer = spoil(answer, seed_, garbage_++);
  const Fault* slow = active(FaultKind::slow, device);
  return Reply{std::move(answer), slow == nullptr ? Duration::zero() : slow->delay};
}

std::vector<std::string_view> battery_protocols() {
  std::vector<std::string_view> names = board_protocols();
  names.insert(names.begin(), kJbd);
  return names;
}

std::vector<Reply> Port::receive(Bytes bytes) {
  std::vector<Reply> replies;
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  FrameServer& server = site_.server(device_);
  std::size_t used = 0;
  while (used < pending_.size()) {
    const Bytes rest = Bytes(pending_).subspan(used);
    const protocol::FrameScan found = server.scan(rest);
    used += found.noise;
    if (found.size == 0) break;
    const Bytes request = rest.subspan(found.noise, found.size);
    used += found.size;
    // A silent device does not hear either: writes to it have no effect.
    if (site_.active(FaultKind::silence, device_) != nullptr) continue;
    ByteVector answer = server.answer(request);
    if (auto reply = site_.deliver(device_, std::move(answer))) {
      replies.push_back(std::move(*reply));
    }
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used));
  if (pending_.size() > kPending) pending_.clear();
  return replies;
}

}  // namespace ems::sim
