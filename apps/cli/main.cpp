// SPDX-License-Identifier: Apache-2.0
// emsctl: libems for a person. Each command is a file beside this one.
#include "command.hpp"
#include "common/manual.hpp"
#include "config_command.hpp"
#include "ems/core/version.hpp"
#include "pki_command.hpp"
#include "repo_command.hpp"
#include "sim_command.hpp"
#include "tuf_command.hpp"

namespace {

constexpr ems::app::Entry kFiles[] = {
    {"/run/ems/agent.sock", "The agent's socket, in the Debian package; see EMS_SOCKET."},
};
constexpr ems::app::Entry kExits[] = {
    {"0", "Done."},
    {"1", "It ran and failed; standard error says what, with a code."},
    {"2", "Wrong words."},
    {"3", "detect: no battery protocol was found."},
    {"4", "detect: several protocols fit; choose one of them."},
    {"5", "detect: somebody else speaks on the line; nothing was sent."},
    {"130", "detect: interrupted."},
};
constexpr ems::app::Manual kManual{
    1,
    "Shows what a site does and why, commands it for a limited time, asks a server, checks "
    "configuration, makes development certificates, decodes frames, simulates a site, publishes "
    "and verifies updates.\n\n"
    "Powers are positive when they deliver into the site: discharge, PV and import; load is "
    "positive when it consumes.",
    kFiles, kExits, "ems-agent(8), ems-server(8)"};

/// A word where a subcommand should be; CLI11 itself would only say that one is required.
const CLI::App* app_with_unknown_word(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return at->get_require_subcommand_min() > 0 && at->remaining_size() > 0 ? at : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Look at, command and try out battery energy storage", "emsctl"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(ems::kVersion));
  ems::cli::add_site_commands(app);
  ems::cli::add_limits_command(app);
  ems::cli::add_decode_command(app);
  ems::cli::add_detect_command(app);
  ems::cli::add_protocols_command(app);
  ems::cli::add_fleet_command(app);
  ems::cli::add_store_command(app);
  ems::cli::add_config_command(app);
  ems::cli::add_pki_command(app);
  ems::cli::add_repo_command(app);
  ems::cli::add_sim_command(app);
  ems::cli::add_tuf_command(app);
  ems::app::add_print_page(app, kManual);
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
