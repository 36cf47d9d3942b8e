// SPDX-License-Identifier: Apache-2.0
/// @file Rules of a site file that join several keys: ids, references, lines, meters.
#pragma once

#include "io/config/reader.hpp"

namespace ems::io::config {

/// Reports every broken rule. Looks only at what is valid by itself, so it may run on a file that
/// has other errors.
void check_site_rules(const Section& root, Reader& reader);

/// `metrics.listen` of any file: a listener without authentication is for this machine only.
void check_metrics(const Section& root, Reader& reader);

}  // namespace ems::io::config
