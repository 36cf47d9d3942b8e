// SPDX-License-Identifier: Apache-2.0
// Frames: one to JSON, many to columns.
#include <optional>

#include "codec_keywords.hpp"
#include "ems/io/decode.hpp"
#include "ems/io/decode_columns.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/codec.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

/// A codec's address or count.
std::uint8_t byte_of(std::int64_t number, const char* what) {
  if (number < 0 || number > 0xFF) raise(Errc::out_of_range, 0, what);
  return static_cast<std::uint8_t>(number);
}

std::string decode(const std::string& protocol, const py::bytes& request,
                   const std::optional<py::bytes>& response, const CodecKeywords& given) {
  const protocol::CodecOptions options = options_of(given);
  if (!response) return take(io::decode_to_json(protocol, bytes_of(request), {}, options));
  return take(io::decode_reply_to_json(protocol, bytes_of(request), bytes_of(*response), options));
}

std::vector<std::string> protocols() {
  std::vector<std::string> names;
  for (const protocol::Codec* codec : protocol::codecs()) names.push_back(text(codec->name()));
  return names;
}

/// Views of many frames, and what keeps their bytes alive and in place while nobody holds the GIL.
struct Frames {
  std::vector<Bytes> views;
  std::vector<py::object> owners;
  std::vector<py::buffer_info> buffers;
};

const std::byte* data_of(const py::buffer_info& info) {
  return static_cast<const std::byte*>(info.ptr);
}

/// Bytes one after the other; frame i is [offsets[i], offsets[i + 1]).
Frames from_offsets(const py::buffer& bytes, const py::array_t<std::int64_t>& offsets) {
  Frames frames;
  const py::buffer_info& info = frames.buffers.emplace_back(bytes.request());
  if (info.ndim != 1 || info.itemsize != 1 || (info.size > 1 && info.strides[0] != 1)) {
    raise(Errc::invalid_argument, 0, "frames: a contiguous buffer of bytes is needed");
  }
  if (offsets.ndim() != 1 || offsets.size() < 1) {
    raise(Errc::invalid_argument, 0, "offsets: one more than there are frames");
  }
  const auto at = offsets.unchecked<1>();
  const Bytes all(data_of(info), static_cast<std::size_t>(info.size));
  frames.views.reserve(static_cast<std::size_t>(offsets.size() - 1));
  for (py::ssize_t i = 0; i + 1 < offsets.size(); ++i) {
    if (at(i) < 0 || at(i) > at(i + 1) || at(i + 1) > info.size) {
      raise(Errc::out_of_range, static_cast<std::size_t>(i),
            "offsets: must ascend inside the buffer");
    }
    frames.views.push_back(
        all.subspan(static_cast<std::size_t>(at(i)), static_cast<std::size_t>(at(i + 1) - at(i))));
  }
  return frames;
}

/// Every row of a two-dimensional array of bytes is a frame.
Frames from_matrix(const py::buffer& matrix) {
  Frames frames;
  const py::buffer_info& info = frames.buffers.emplace_back(matrix.request());
  if (info.ndim != 2 || info.itemsize != 1 || (info.shape[1] > 1 && info.strides[1] != 1)) {
    raise(Errc::invalid_argument, 0, "frames: uint8 of two dimensions, each row contiguous");
  }
  frames.views.reserve(static_cast<std::size_t>(info.shape[0]));
  for (py::ssize_t i = 0; i < info.shape[0]; ++i) {
    frames.views.emplace_back(data_of(info) + i * info.strides[0],
                              static_cast<std::size_t>(info.shape[1]));
  }
  return frames;
}

Frames from_sequence(const py::sequence& sequence) {
  Frames frames;
  frames.owners.emplace_back(py::tuple(sequence));  // The list may change meanwhile; this may not.
  const py::tuple held = frames.owners.front();
  frames.views.reserve(held.size());
  for (std::size_t i = 0; i < held.size(); ++i) {
    PyObject* item = PyTuple_GET_ITEM(held.ptr(), static_cast<py::ssize_t>(i));
    if (PyBytes_Check(item) == 0) raise(Errc::wrong_type, i, "frames: every frame must be bytes");
    frames.views.emplace_back(reinterpret_cast<const std::byte*>(PyBytes_AS_STRING(item)),
                              static_cast<std::size_t>(PyBytes_GET_SIZE(item)));
  }
  return frames;
}

Frames frames_of(const py::object& frames, const py::object& offsets) {
  if (!offsets.is_none()) {
    if (PyObject_CheckBuffer(frames.ptr()) == 0) {
      raise(Errc::wrong_type, 0, "frames: with offsets they must be one buffer of bytes");
    }
    return from_offsets(frames.cast<py::buffer>(), offsets.cast<py::array_t<std::int64_t>>());
  }
  if (PyList_Check(frames.ptr()) != 0 || PyTuple_Check(frames.ptr()) != 0) {
    return from_sequence(frames.cast<py::sequence>());
  }
  if (PyBytes_Check(frames.ptr()) != 0 || PyObject_CheckBuffer(frames.ptr()) == 0) {
    raise(Errc::wrong_type, 0, "frames: a list of bytes, a buffer with offsets, or uint8 rows");
  }
  return from_matrix(frames.cast<py::buffer>());
}

/// (errors, offsets, [(name, module, is element, digits, width, values, valid)]).
py::tuple decode_columns(const std::string& protocol, const py::bytes& request,
                         const py::object& frames, const py::object& offsets,
                         const CodecKeywords& given) {
  const Frames held = frames_of(frames, offsets);
  const Bytes asked = bytes_of(request);
  const protocol::CodecOptions options = options_of(given);
  io::DecodedFrames decoded = [&] {
    const py::gil_scoped_release release;
    return take(io::decode_columns(protocol, asked, held.views, options));
  }();
  py::list columns;
  for (io::FrameColumn& column : decoded.columns) {
    const SignalInfo* info = find_signal(column.signal);
    if (info == nullptr) raise(Errc::internal, 0, "a codec gave a signal without a name");
    columns.append(py::make_tuple(text(si_name(*info).view()), column.module,
                                  info->kind == SignalKind::element, unit_info(info->unit).digits,
                                  column.width, own(std::move(column.values)),
                                  as_bool(own(std::move(column.valid)))));
  }
  return py::make_tuple(own(std::move(decoded.errors)), own(std::move(decoded.offsets)), columns);
}

}  // namespace

protocol::CodecOptions options_of(const CodecKeywords& given) {
  const auto& [variant, address, cell_count, temperature_count] = given;
  protocol::CodecOptions options{
      .variant = variant,
      .cell_count = byte_of(cell_count, "cell_count: 0 .. 255"),
      .temperature_count = byte_of(temperature_count, "temperature_count: 0 .. 255")};
  if (address) options.address = byte_of(*address, "address: 0 .. 255");
  return options;
}

void register_frames(py::module_& module) {
  module.def("protocols", &protocols);
  module.def("decode", &decode);
  module.def("decode_columns", &decode_columns);
}

}  // namespace ems::python
