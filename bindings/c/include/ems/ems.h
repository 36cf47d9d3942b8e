/* SPDX-License-Identifier: Apache-2.0 */
/** @file libems for C: battery energy storage from bytes to commands, without heap, threads, I/O or
 *  a clock. One include; the rules are in docs/reference/c-abi.md. */
#ifndef EMS_EMS_H
#define EMS_EMS_H

#include <ems/capi/alarm.h>
#include <ems/capi/can.h>
#include <ems/capi/catalogue.h>
#include <ems/capi/codec.h>
#include <ems/capi/codes.h>
#include <ems/capi/control.h>
#include <ems/capi/decision.h>
#include <ems/capi/detect.h>
#include <ems/capi/image.h>
#include <ems/capi/ota.h>
#include <ems/capi/poller.h>
#include <ems/capi/query.h>
#include <ems/capi/safety.h>
#include <ems/capi/status.h>
#include <ems/capi/telemetry.h>
#include <ems/capi/types.h>

#endif
