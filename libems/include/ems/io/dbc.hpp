// SPDX-License-Identifier: Apache-2.0
/// @file DBC files, and batteries described by one: which signal of the file means what stands in a
/// small mapping file. A described battery needs no code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/io/pack_loader.hpp"
#include "ems/protocol/can_map/codec.hpp"

namespace ems::io {

/// An exact number of a DBC file, in lowest terms. @invariant denominator > 0.
struct DbcNumber {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  friend bool operator==(const DbcNumber&, const DbcNumber&) = default;
};

/// One SG_ line: raw * factor + offset. Texts point into the file.
struct DbcSignal {
  std::string_view name;
  unsigned start = 0;  ///< As it stands: the lowest bit, or (big_endian) the highest.
  unsigned size = 0;   ///< 1 .. 64.
  bool big_endian = false;
  bool is_signed = false;
  bool is_float = false;             ///< SIG_VALTYPE_: its bits are an IEEE number.
  bool selects = false;              ///< `M`: says which part of the message a frame is.
  std::optional<std::int32_t> part;  ///< `m3`: only in frames of part 3.
  std::optional<DbcNumber> factor;   ///< nullopt: more digits than 64 bits hold.
  std::optional<DbcNumber> offset;
  std::string_view unit;
  int line = 0;
  struct Name {
    std::int64_t value;
    std::string_view name;
  };
  std::vector<Name> values;  ///< VAL_.
};

/// One BO_ line and its signals.
struct DbcMessage {
  std::uint32_t id = 0;
  bool extended = false;
  std::string_view name;
  unsigned size = 0;  ///< Bytes.
  int line = 0;
  bool nested = false;  ///< Multiplexed more than once (`m3M`, SG_MUL_VAL_).
  std::vector<DbcSignal> signals;
};

/// What libems reads of a DBC file: messages, signals, names of values. Attributes, comments,
/// groups and nodes are passed over.
struct Dbc {
  std::vector<DbcMessage> messages;
  std::vector<PackError> errors;
};

/// Reads a DBC file. What is wrong with a line is an error with its place; the rest is read.
///
/// @param text       Outlives the result, which points into it.
/// @param file_name  For messages.
/// @errors           syntax          a line that is not what its first word promises; unknown_key
/// no
///                   such first word; already_exists  a message or signal twice; not_found  values
///                   of a signal that is not there; out_of_range  a size of no number. At most 50.
/// @thread_safety    Pure function. 300 kB take some milliseconds.
/// @source           The form as tools write it; foxBMS 2's file is read whole.
[[nodiscard]] Dbc parse_dbc(std::string_view text, std::string_view file_name);

/// A battery that files describe.
class DescribedBattery {
 public:
  virtual ~DescribedBattery() = default;
  /// Lives as long as this.
  [[nodiscard]] virtual const protocol::can_map::MapCodec& codec() const noexcept = 0;
};

/// A battery, or everything that is wrong with its files. Exactly one of the two is there.
struct BatteryDescription {
  std::shared_ptr<const DescribedBattery> battery;
  std::vector<PackError> errors;
};

/// Makes a codec of a DBC file and a mapping (docs/how-to/describe-a-can-battery.md).
///
/// Factors, offsets and units become exact whole numbers; what cannot be one is refused by name, as
/// are floating-point and doubly multiplexed signals. Only signals that the mapping names are
/// checked.
///
/// @param mapping  YAML.
/// @errors         Those of parse_dbc() and load_pack(); not_found  a message, signal or value that
///                 the DBC file does not have, with the nearest one; off_grid  a number that is not
///                 whole in the catalogue's unit; unimplemented  what libems cannot read.
/// @thread_safety  Pure function.
[[nodiscard]] BatteryDescription describe_battery(std::string_view dbc, std::string_view dbc_name,
                                                  std::string_view mapping,
                                                  std::string_view mapping_name);
/// The same from files of at most 16 MB.
/// @errors io  a file cannot be read. And those above.
/// @thread_safety Any thread; blocks on the files.
[[nodiscard]] BatteryDescription describe_battery(const std::filesystem::path& dbc,
                                                  const std::filesystem::path& mapping);

}  // namespace ems::io
