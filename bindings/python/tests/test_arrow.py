# SPDX-License-Identifier: Apache-2.0
"""The Arrow C data interface, read by a consumer of our own (ctypes): formats, values, nulls, lifetime, release exactly once.

Not run against pyarrow, which Debian does not have.
"""
import ctypes as c
import gc
import weakref

import numpy as np
import pytest
from test_frames import BASIC, cells

import ems


class Schema(c.Structure):
    pass


class Array(c.Structure):
    pass


ReleaseSchema = c.CFUNCTYPE(None, c.POINTER(Schema))
ReleaseArray = c.CFUNCTYPE(None, c.POINTER(Array))
Schema._fields_ = [
    ("format", c.c_char_p), ("name", c.c_char_p), ("metadata", c.c_char_p), ("flags", c.c_int64), ("n_children", c.c_int64),
    ("children", c.POINTER(c.POINTER(Schema))), ("dictionary", c.POINTER(Schema)), ("release", c.c_void_p), ("private_data", c.c_void_p),
]
Array._fields_ = [
    ("length", c.c_int64), ("null_count", c.c_int64), ("offset", c.c_int64), ("n_buffers", c.c_int64), ("n_children", c.c_int64),
    ("buffers", c.POINTER(c.c_void_p)), ("children", c.POINTER(c.POINTER(Array))), ("dictionary", c.POINTER(Array)),
    ("release", c.c_void_p), ("private_data", c.c_void_p),
]
c.pythonapi.PyCapsule_GetPointer.restype = c.c_void_p
c.pythonapi.PyCapsule_GetPointer.argtypes = [c.py_object, c.c_char_p]
DTYPES = {b"g": np.float64, b"l": np.int64, b"tsu:UTC": np.int64, b"C": np.uint8, b"L": np.uint64, b"I": np.uint32, b"S": np.uint16}


def structs(thing):
    """The two structs inside the capsules, and the capsules."""
    schema, array = thing.__arrow_c_array__()
    return (
        Schema.from_address(c.pythonapi.PyCapsule_GetPointer(schema, b"arrow_schema")),
        Array.from_address(c.pythonapi.PyCapsule_GetPointer(array, b"arrow_array")),
        (schema, array),
    )


def move(struct):
    """What a consumer does: takes the struct over and marks the producer's as released."""
    moved = type(struct).from_buffer_copy(struct)
    struct.release = None
    return moved


def release(struct):
    (ReleaseSchema if isinstance(struct, Schema) else ReleaseArray)(struct.release)(c.byref(struct))
    assert struct.release is None, "released, but not marked so"


def read(schema, array):
    """One column: values with None where null, lists where the elements are a list."""
    if schema.format.startswith(b"+w:"):
        width = int(schema.format[3:])
        assert array.n_buffers == 1 and array.buffers[0] is None and array.null_count == 0
        flat = read(schema.children[0].contents, array.children[0].contents)
        assert len(flat) == array.length * width
        return [flat[i * width:(i + 1) * width] for i in range(array.length)]
    assert array.n_buffers == 2 and array.n_children == 0 and array.offset == 0
    dtype = np.dtype(DTYPES[schema.format])
    raw = (c.c_uint8 * (array.length * dtype.itemsize)).from_address(array.buffers[1])
    values = np.frombuffer(raw, dtype)
    if array.buffers[0] is None:
        assert array.null_count == 0 and schema.flags == 0
        return values.tolist()
    bits = np.frombuffer((c.c_uint8 * ((array.length + 7) // 8)).from_address(array.buffers[0]), np.uint8)
    valid = np.unpackbits(bits, bitorder="little")[: array.length].astype(bool)
    assert array.null_count == (~valid).sum() and schema.flags == 2
    return [value if ok else None for value, ok in zip(values.tolist(), valid)]


def table(schema, array):
    assert schema.format == b"+s" and array.n_buffers == 1 and array.buffers[0] is None
    assert schema.n_children == array.n_children
    return {
        schema.children[i].contents.name.decode(): read(schema.children[i].contents, array.children[i].contents)
        for i in range(schema.n_children)
    }


@pytest.fixture
def column():
    valid = np.arange(19) % 3 != 0
    raw = np.where(valid, np.arange(19) * 1000, 0)
    return ems.Column(
        "battery/1 pack_voltage_v", np.arange(19).astype("datetime64[us]"), np.where(valid, raw / 1000, np.nan), raw, valid,
        np.where(valid, 3, 0).astype(np.uint8), np.arange(1, 20, dtype=np.uint64), np.ones(19, np.uint32))


def test_a_column_is_a_record_batch(column):
    schema, array, capsules = structs(column)
    got = table(schema, array)
    assert list(got) == ["time", "value", "raw", "quality", "sequence", "epoch"]
    assert got["time"] == list(range(19)) and got["sequence"] == list(range(1, 20))
    assert got["value"] == [None if i % 3 == 0 else float(i) for i in range(19)]
    assert got["raw"] == [None if i % 3 == 0 else i * 1000 for i in range(19)]
    assert array.children[2].contents.buffers[1] == column.raw.ctypes.data, "copied"
    del capsules


def test_decoded_frames_are_a_record_batch():
    schema, array, capsules = structs(ems.decode_column("jbd", [cells(3300), BASIC, cells(3301, 3302), b""]))
    got = table(schema, array)
    assert got["cell_voltages_v"] == [[3.3, None], [None, None], [3.301, 3.302], [None, None]]
    assert got["error"][0] == 0 and got["error"][3] != 0
    assert got["cycle_count"][0] is None and got["cycle_count"][1] is not None
    del capsules


def test_an_empty_batch():
    schema, array, capsules = structs(ems.decode_column("jbd", []))
    assert table(schema, array) == {"error": [], "offset": []}
    del capsules


def test_the_consumer_owns_what_it_moved(column):
    raw = np.array(column.raw)
    died = []
    weakref.finalize(raw, died.append, True)
    column = column._replace(raw=raw)
    schema, array, capsules = structs(column)
    mine, my_schema = move(array), move(schema)
    del column, raw, capsules
    gc.collect()
    assert not died, "the memory went although the consumer has it"
    assert table(my_schema, mine)["raw"][1] == 1000
    release(mine)
    assert died == [True]
    release(my_schema)


def test_a_child_may_be_moved_out_and_outlive_its_parent(column):
    raw = np.array(column.raw)
    died = []
    weakref.finalize(raw, died.append, True)
    schema, array, capsules = structs(column._replace(raw=raw))
    mine = move(array)
    child = move(mine.children[2].contents)
    del raw, capsules
    release(mine)
    gc.collect()
    assert not died
    assert read(type("S", (), {"format": b"l", "flags": 2}), child)[2] == 2000
    release(child)
    assert died == [True]


def test_what_nobody_takes_is_released_with_the_capsule(column):
    raw = np.array(column.raw)
    died = []
    weakref.finalize(raw, died.append, True)
    capsules = column._replace(raw=raw).__arrow_c_array__()
    del raw
    gc.collect()
    assert not died
    del capsules
    gc.collect()
    assert died == [True]


def test_release_works_from_a_thread_without_the_gil(column):
    import threading

    _, array, capsules = structs(column)
    mine = move(array)
    thread = threading.Thread(target=release, args=(mine,))  # ctypes lets the GIL go around the call.
    thread.start()
    thread.join(10)
    assert not thread.is_alive() and mine.release is None
    del capsules


def test_columns_of_different_length_are_refused(column):
    with pytest.raises(ems.errors.InvalidArgumentError):
        column._replace(raw=column.raw[:3]).__arrow_c_array__()
