// SPDX-License-Identifier: Apache-2.0
// The headers as C99 and, through header_alone.cpp, as C++11; warnings are errors.
#include <ems/ems.h>

ems_status_t (*const header_alone)(const ems_codec_t*, ems_codec_info_t*) = ems_codec_describe;
