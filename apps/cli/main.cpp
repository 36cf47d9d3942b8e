// SPDX-License-Identifier: Apache-2.0
// emsctl: libems for a person. Each command is a file beside this one.
#include "command.hpp"
#include "config_command.hpp"
#include "ems/core/version.hpp"
#include "pki_command.hpp"
#include "sim_command.hpp"

namespace {

/// A word where a subcommand should be; CLI11 itself would only say that one is required.
const CLI::App* app_with_unknown_word(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return at->get_require_subcommand_min() > 0 && at->remaining_size() > 0 ? at : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Looks at, commands and tries out battery energy storage."};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(ems::kVersion));
  ems::cli::add_site_commands(app);
  ems::cli::add_limits_command(app);
  ems::cli::add_decode_command(app);
  ems::cli::add_fleet_command(app);
  ems::cli::add_config_command(app);
  ems::cli::add_pki_command(app);
  ems::cli::add_sim_command(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    if (const CLI::App* at = app_with_unknown_word(app); at != nullptr) {
      std::fprintf(
          stderr, "emsctl: \"%s\" is no subcommand or option\nRun with --help for what there is.\n",
          at->remaining().front().c_str());
      return ems::cli::kExitUsage;
    }
    const int code = app.exit(error);
    return code == 0 ? 0 : ems::cli::kExitUsage;
  }
  return 0;
}
