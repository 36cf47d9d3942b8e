// SPDX-License-Identifier: Apache-2.0
// numpy arrays as one Arrow record batch, by the Arrow C data interface and its PyCapsule protocol.
// Values are shared with numpy, not copied; only validity bitmaps and booleans are packed.
//
// Source: Arrow, "The Arrow C data interface" (the two structs are its ABI, copied from its text,
// Apache-2.0) and "The Arrow PyCapsule Interface" (names of the capsules, who releases).
#include <algorithm>
#include <array>
#include <optional>

#include "native.hpp"

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

}  // extern "C"

namespace ems::python {
namespace {

constexpr std::int64_t kNullable = 2;  ///< ARROW_FLAG_NULLABLE.

/// What one field of the batch is made of.
struct Field {
  std::string name;
  std::string format;                ///< Arrow's: `g`, `l`, `tsu:UTC`, `b` ...
  py::array values;                  ///< C-contiguous, length * max(width, 1) elements.
  std::optional<py::array> valid{};  ///< bool, as long as values; absent: no nulls.
  std::int64_t width = 0;            ///< > 0: a fixed-size list of so many.
};

/// Gives back what nobody has moved out.
struct Releaser {
  template <class Struct>
  void operator()(Struct* held) const {
    if (held->release != nullptr) held->release(held);
    delete held;
  }
};
using SchemaPtr = std::unique_ptr<ArrowSchema, Releaser>;
using ArrayPtr = std::unique_ptr<ArrowArray, Releaser>;

// ---- schema
// --------------------------------------------------------------------------------------

struct SchemaNode {
  std::string format;
  std::string name;
  std::vector<SchemaPtr> children;
  std::vector<ArrowSchema*> pointers;
};

void release_schema(ArrowSchema* schema) {
  delete static_cast<SchemaNode*>(schema->private_data);
  schema->release = nullptr;
}

void fill(ArrowSchema& schema, std::unique_ptr<SchemaNode> node, std::int64_t flags) {
  for (const auto& child : node->children) node->pointers.push_back(child.get());
  schema = {.format = node->format.c_str(),
            .name = node->name.c_str(),
            .metadata = nullptr,
            .flags = flags,
            .n_children = static_cast<std::int64_t>(node->children.size()),
            .children = node->pointers.data(),
            .dictionary = nullptr,
            .release = &release_schema,
            .private_data = node.get()};
  static_cast<void>(node.release());  // Owned by `schema` from here on.
}

SchemaPtr schema_of(const Field& field) {
  auto node = std::make_unique<SchemaNode>();
  node->name = field.name;
  node->format = field.format;
  if (field.width > 0) {
    node->format = "+w:" + std::to_string(field.width);
    node->children.push_back(schema_of({"item", field.format, field.values, field.valid, 0}));
  }
  SchemaPtr schema(new ArrowSchema{});
  fill(*schema, std::move(node), field.valid ? kNullable : 0);
  return schema;
}

// ---- array
// ---------------------------------------------------------------------------------------

struct ArrayNode {
  std::vector<std::uint8_t> bitmap;  ///< Validity, one bit per element, lowest first.
  std::vector<std::uint8_t> bits;    ///< Values of a boolean array, packed likewise.
  std::optional<py::object> owner;   ///< Keeps the values alive.
  std::vector<const void*> buffers;
  std::vector<ArrayPtr> children;
  std::vector<ArrowArray*> pointers;
};

/// Any thread may call it, with or without the GIL.
void release_array(ArrowArray* array) {
  const std::unique_ptr<ArrayNode> node(static_cast<ArrayNode*>(array->private_data));
  if (node->owner) {
    if (Py_IsInitialized() != 0) {
      const py::gil_scoped_acquire gil;
      node->owner.reset();
    } else {
      static_cast<void>(node->owner->release());  // Python has gone, and its memory with it.
    }
  }
  array->release = nullptr;
}

void fill(ArrowArray& array, std::unique_ptr<ArrayNode> node, std::int64_t length,
          std::int64_t null_count) {
  for (const auto& child : node->children) node->pointers.push_back(child.get());
  array = {.length = length,
           .null_count = null_count,
           .offset = 0,
           .n_buffers = static_cast<std::int64_t>(node->buffers.size()),
           .n_children = static_cast<std::int64_t>(node->children.size()),
           .buffers = node->buffers.data(),
           .children = node->pointers.data(),
           .dictionary = nullptr,
           .release = &release_array,
           .private_data = node.get()};
  static_cast<void>(node.release());  // Owned by `array` from here on.
}

std::vector<std::uint8_t> packed(const py::array& flags) {
  const auto size = static_cast<std::size_t>(flags.size());
  const auto* bytes = static_cast<const std::uint8_t*>(flags.data());
  std::vector<std::uint8_t> bits((size + 7) / 8);
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << (i % 8));
  }
  return bits;
}

std::int64_t count_false(const py::array& flags) {
  const auto* bytes = static_cast<const std::uint8_t*>(flags.data());
  return std::count(bytes, bytes + flags.size(), std::uint8_t{0});
}

ArrayPtr values_of(const Field& field) {
  auto node = std::make_unique<ArrayNode>();
  std::int64_t null_count = 0;
  if (field.valid) {
    node->bitmap = packed(*field.valid);
    null_count = count_false(*field.valid);
  }
  const bool is_bool = field.format == "b";
  if (is_bool) {
    node->bits = packed(field.values);
  } else {
    node->owner = field.values;
  }
  node->buffers = {field.valid ? node->bitmap.data() : nullptr,
                   is_bool ? node->bits.data() : field.values.data()};
  ArrayPtr array(new ArrowArray{});
  fill(*array, std::move(node), field.values.size(), null_count);
  return array;
}

ArrayPtr array_of(const Field& field, std::int64_t rows) {
  if (field.width == 0) return values_of(field);
  auto node = std::make_unique<ArrayNode>();
  node->buffers = {nullptr};  // A list is never null: its elements are.
  node->children.push_back(values_of(field));
  ArrayPtr array(new ArrowArray{});
  fill(*array, std::move(node), rows, 0);
  return array;
}

// ---- capsules
// ------------------------------------------------------------------------------------

constexpr const char* kSchemaName = "arrow_schema";
constexpr const char* kArrayName = "arrow_array";

template <class Struct, const char* const& Name>
void destroy(PyObject* capsule) {
  const std::unique_ptr<Struct, Releaser> held(
      static_cast<Struct*>(PyCapsule_GetPointer(capsule, Name)));
}

template <class Struct, const char* const& Name>
py::object capsule_of(std::unique_ptr<Struct, Releaser> held) {
  PyObject* capsule = PyCapsule_New(held.get(), Name, &destroy<Struct, Name>);
  if (capsule == nullptr) throw py::error_already_set();
  static_cast<void>(held.release());
  return py::reinterpret_steal<py::object>(capsule);
}

Field field_of(const py::handle& row, std::int64_t rows) {
  const auto parts = row.cast<py::tuple>();
  Field field{parts[0].cast<std::string>(),
              parts[1].cast<std::string>(),
              parts[2].cast<py::array>(),
              {},
              parts[4].cast<std::int64_t>()};
  if (!parts[3].is_none()) field.valid = parts[3].cast<py::array>();
  const std::int64_t size = rows * std::max<std::int64_t>(field.width, 1);
  const auto fits = [size](const py::array& array) {
    return array.size() == size && (array.flags() & py::array::c_style) != 0;
  };
  if (!fits(field.values) ||
      (field.valid && (!fits(*field.valid) || field.valid->itemsize() != 1))) {
    raise(Errc::invalid_argument, 0, "arrow: columns of different lengths: " + field.name);
  }
  return field;
}

/// One struct array, which is how Arrow passes a record batch.
/// @param fields  (name, format, values, valid or None, width) each.
py::tuple arrow_batch(const py::list& fields, std::int64_t rows) {
  auto schema_node = std::make_unique<SchemaNode>();
  schema_node->format = "+s";
  auto array_node = std::make_unique<ArrayNode>();
  array_node->buffers = {nullptr};
  for (const py::handle& row : fields) {
    const Field field = field_of(row, rows);
    schema_node->children.push_back(schema_of(field));
    array_node->children.push_back(array_of(field, rows));
  }
  SchemaPtr schema(new ArrowSchema{});
  fill(*schema, std::move(schema_node), 0);
  ArrayPtr array(new ArrowArray{});
  fill(*array, std::move(array_node), rows, 0);
  py::object schema_capsule = capsule_of<ArrowSchema, kSchemaName>(std::move(schema));
  return py::make_tuple(schema_capsule, capsule_of<ArrowArray, kArrayName>(std::move(array)));
}

}  // namespace

void register_arrow(py::module_& module) { module.def("arrow_batch", &arrow_batch); }

}  // namespace ems::python
