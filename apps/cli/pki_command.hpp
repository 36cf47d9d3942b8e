// SPDX-License-Identifier: Apache-2.0
// emsctl pki: a development authority and the identities it issues.
#pragma once

#include <CLI/CLI.hpp>

namespace ems::cli {

/// Adds `pki init|agent|server|user|show`.
void add_pki_command(CLI::App& app);

}  // namespace ems::cli
