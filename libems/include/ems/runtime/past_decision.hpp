// SPDX-License-Identifier: Apache-2.0
/// @file The decision in force at a moment of the past, out of the store's file.
#pragma once

#include <optional>
#include <string>

#include "ems/core/result.hpp"
#include "ems/runtime/explanation.hpp"

namespace ems::runtime {

/// The decision that was in force at `at`, in words, with what is stored to have happened from then
/// until `at`. Rows reach the file within a second.
///
/// @param store_path  The edge store's file; its writer may be at work.
/// @errors not_found  every stored decision is of a later time (see earliest_decision()).
///         corrupt    the record, or the block it was in, is damaged or was evicted.
///         header, schema, io  as io::StoreReader.
/// @thread_safety     Any thread but the strand: it reads a file.
[[nodiscard]] Result<Explanation> explain_past(const std::string& store_path, UtcInstant at);

/// When the oldest stored decision was made; nullopt when there is none. @errors as explain_past().
[[nodiscard]] Result<std::optional<UtcInstant>> earliest_decision(const std::string& store_path);

}  // namespace ems::runtime
