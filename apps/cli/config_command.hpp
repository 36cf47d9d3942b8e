// SPDX-License-Identifier: Apache-2.0
/// @file `emsctl config check|schema|reference`.
#pragma once

namespace CLI {
class App;
}

namespace ems::cli {

/// Adds the command to `app`, which it must not outlive. A failed check throws CLI::RuntimeError
/// with exit status 1 after it has printed what is wrong.
void add_config_command(CLI::App& app);

}  // namespace ems::cli
