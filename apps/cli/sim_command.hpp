// SPDX-License-Identifier: Apache-2.0
/// @file `emsctl sim`: a simulated site on real transports.
#pragma once

#include <CLI/CLI.hpp>

namespace ems::cli {

/// Adds the command `sim`. It runs until SIGINT, SIGTERM, `quit` or --for, then ends with 0.
///
/// @errors Throws CLI::RuntimeError (exit code 1) after a message on stderr.
void add_sim_command(CLI::App& app);

}  // namespace ems::cli
