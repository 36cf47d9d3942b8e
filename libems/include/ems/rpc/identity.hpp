// SPDX-License-Identifier: Apache-2.0
/// @file Who a peer is, for rpc; the words and the parser are io's, because pki issues them.
#pragma once

#include "ems/io/identity.hpp"

namespace ems::rpc {

using io::Identity;
using io::parse_identity;
using io::PeerKind;
using io::Role;
using io::to_string;
using io::to_uri;

}  // namespace ems::rpc
