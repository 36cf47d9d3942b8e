// SPDX-License-Identifier: Apache-2.0
/// @file The structs of runtime/site_port.hpp <-> messages of SiteService.
#pragma once

#include "ems/core/result.hpp"
#include "ems/runtime/site_port.hpp"
#include "ems/v1/site.pb.h"
#include "rpc/convert.hpp"

namespace ems::rpc {

void set(v1::SiteStatus& to, const runtime::SiteStatus& status, const PointFilters& filters);
/// @errors invalid_argument  a name or number that is none of ours.
[[nodiscard]] Result<runtime::SiteStatus> from(const v1::SiteStatus& status);

void set(v1::Decision& to, const runtime::DecisionView& decision);
/// @errors as above.
[[nodiscard]] Result<runtime::DecisionView> from(const v1::Decision& decision);

void set(v1::CommandRecord& to, const runtime::CommandView& command);
[[nodiscard]] runtime::CommandView from(const v1::CommandRecord& command);

}  // namespace ems::rpc
