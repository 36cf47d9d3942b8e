// SPDX-License-Identifier: Apache-2.0
// emsctl limits: shows what the safety limits are, and records that a person accepts them.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "command.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/config/limits_config.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/known_names.hpp"
#include "ems/io/utc_text.hpp"

namespace ems::cli {
namespace {

struct LimitsOptions {
  std::string config;
  std::string name;
  std::string file;
};

io::SiteConfig load(const LimitsOptions& options) {
  const auto site = io::load_site_config(options.config, io::known_names());
  if (!site) {
    std::fputs(io::to_text(site.errors).c_str(), stderr);
    throw CLI::RuntimeError(kExitFailure);
  }
  return *site.value;
}

void show(const LimitsOptions& options) {
  const io::ControlPermission permission = io::control_permission(load(options));
  std::fputs(io::to_text(permission.errors).c_str(), stderr);
  if (permission.limits) {
    print(io::canonical_limits(permission.limits->chemistry, permission.limits->limits));
    print("hash=" + permission.limits->hash.hex());
  }
  if (permission.acceptance) {
    print("accepted by " + permission.acceptance->name + " at " +
          io::format_utc(permission.acceptance->accepted_at));
  }
  print(permission.control ? "control: armed" : "control: monitor only: " + permission.reason);
  if (!permission.errors.empty()) throw CLI::RuntimeError(kExitFailure);
}

io::LimitsConfig load_limits(const std::filesystem::path& file) {
  const auto limits = io::load_limits_config(file);
  if (!limits) {
    std::fputs(io::to_text(limits.errors).c_str(), stderr);
    throw CLI::RuntimeError(kExitFailure);
  }
  return *limits.value;
}

void accept(const LimitsOptions& options) {
  const io::SiteConfig site = load(options);
  if (!site.limits) {
    end_with(options.config, {Errc::missing_key, 0, "the site file names no limits file"});
  }
  const io::LimitsConfig limits = load_limits(*site.limits);
  const Result<void> accepted = io::accept_limits(limits, options.name, io::SystemClock{}.utc());
  if (!accepted) end_with("accept", accepted.error());
  print("limits " + limits.hash.hex() + " accepted by " + options.name +
        "; restart the agent to use them");
}

}  // namespace

void add_limits_command(CLI::App& app) {
  const auto options = std::make_shared<LimitsOptions>();
  CLI::App* limits = app.add_subcommand("limits", "Safety limits of a site");
  limits->require_subcommand(1);
  CLI::App* one = limits->add_subcommand("show", "Effective limits, their hash, who accepted them");
  one->add_option("--config", options->config, "The site file")->required();
  one->callback([options] { show(*options); });
  one = limits->add_subcommand("accept", "Record that you have read and accept the limits");
  one->add_option("--config", options->config, "The site file")->required();
  one->add_option("--name", options->name, "Your name")->required();
  one->callback([options] { accept(*options); });
  one = limits->add_subcommand("header", "The limits as a C++ header, for the firmware");
  one->add_option("FILE", options->file, "The limits file")->required();
  one->callback([options] {
    std::fputs(io::print_limits_header(load_limits(options->file)).c_str(), stdout);
  });
}

}  // namespace ems::cli
