// SPDX-License-Identifier: Apache-2.0
// As header_alone.c.
#include <ems/ems.h>

namespace {
ems_status_t (*const header_alone)(const ems_codec_t*, ems_codec_info_t*) = ems_codec_describe;
}  // namespace

const void* header_alone_used() { return &header_alone; }
