// SPDX-License-Identifier: Apache-2.0
// emsctl repo: makes and signs a repository of updates.
#pragma once

#include <CLI/CLI.hpp>

namespace ems::cli {

/// Adds `repo key|init|add|remove|delegate|renew|rotate|sign|publish|show`.
void add_repo_command(CLI::App& app);

}  // namespace ems::cli
