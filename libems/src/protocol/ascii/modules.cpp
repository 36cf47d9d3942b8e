// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/modules.hpp"

namespace ems::protocol::ascii {
namespace {

/// INFO holds `count` packs and no more than the spare bytes behind them.
Result<void> check_modules(const Info& info, std::size_t count,
                           const ModuleReader& reader) noexcept {
  if (info.size() < kModulesAt) return info.wrong(info.size());
  std::size_t at = kModulesAt;
  for (std::size_t i = 0; i < count; ++i) {
    const Result<Module> module = reader.find(info, at);
    if (!module) return fail(module.error());
    at = module->end;
  }
  if (info.size() > at + reader.spare) return info.wrong(at);
  return {};
}

}  // namespace

std::optional<bool> all_modules(const Info& info, const ModuleReader& reader) noexcept {
  if (check_modules(info, 1, reader)) return false;
  if (info.size() < kModulesAt) return std::nullopt;
  if (check_modules(info, info.u8(kPackAt), reader)) return true;
  return std::nullopt;
}

Result<void> read_modules(const Exchange& exchange, const ModuleReader& reader,
                          ReadingSink& sink) noexcept {
  const Info& info = exchange.reply.info;
  bool all = exchange.asked.size() == 1 && exchange.asked.u8(0) == kAllModules;
  if (exchange.asked.empty()) all = all_modules(info, reader).value_or(false);
  const std::size_t count = !all ? 1 : info.size() > kPackAt ? info.u8(kPackAt) : 0;
  const Result<void> sound = check_modules(info, count, reader);
  if (!sound) return fail(sound.error());
  const Publisher whole(sink);
  if (all) {
    whole.value(Signal::module_count, static_cast<std::int64_t>(count));
  } else {
    whole.vendor("address", info.u8(kPackAt));
  }
  std::size_t at = kModulesAt;
  for (std::size_t i = 0; i < count; ++i) {
    const Module module = *reader.find(info, at);
    reader.give(Publisher(sink, all ? static_cast<std::uint8_t>(i + 1) : std::uint8_t{0}), info,
                module);
    at = module.end;
  }
  return {};
}

void give_soc(const Publisher& out, std::optional<std::int64_t> remaining,
              std::optional<std::int64_t> full) noexcept {
  if (!remaining || !full || *full <= 0 || *remaining > *full) return out.missing(Signal::soc);
  out.computed(Signal::soc, (*remaining * kFullBasisPoints + *full / 2) / *full);
}

}  // namespace ems::protocol::ascii
