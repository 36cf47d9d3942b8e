# SPDX-License-Identifier: Apache-2.0
"""Which battery protocol does a port, a CAN bus, or a recording of one, speak?"""
from __future__ import annotations

import json as _json
import os
import typing as _t

from . import _ems
from ._call import call as _call
from .errors import InvalidArgumentError as _InvalidArgumentError

__all__ = ["CanDetected", "CanDetection", "Detected", "Detection", "Tried", "detect", "detect_can", "detect_candump"]


class Tried(_t.NamedTuple):
    """One way of asking that is done."""

    protocol: str  #: a name of :func:`ems.protocols`
    variant: str  #: empty: the protocol has none
    address: int | None  #: ``None``: the protocol's usual one, or it has none
    bit_rate: int  #: 0: the rate that the line has
    outcome: str  #: ``silent``, ``echo``, ``noise``, ``damaged``, ``refused`` or ``answered``
    received: int  #: bytes that came meanwhile


class Detected(_t.NamedTuple):
    """A protocol that is spoken on a line."""

    protocol: str  #: a name of :func:`ems.protocols`
    asked: int  #: requests that were sent in it; 0: it was only listened to
    answered: int  #: those of them that had a reply with values
    variant: str = ""  #: the safe one of ``variants``; empty: the protocol has none
    variants: tuple[str, ...] = ()  #: readings of the protocol that the reply fits; more than one: a person has to choose
    address: int | None = None  #: ``None``: the protocol's usual one, or it has none
    bit_rate: int | None = None  #: ``None``: the rate that the line has
    adds_up: bool | None = None  #: the cells add up to the pack voltage; ``None``: one of them was not said


class Detection(_t.NamedTuple):
    """What a port speaks."""

    verdict: str  #: ``found``; ``several`` (same replies: a person has to choose); ``nothing``; ``busy`` (others speak, nothing was sent)
    found: list[Detected]  #: best first; when busy, what it sounds like
    heard: dict[str, int]  #: ``unasked_bytes``, ``bytes``, and how many ways of asking ended in each outcome


class CanDetected(_t.NamedTuple):
    """A protocol that reads a bus."""

    protocol: str  #: a name of :func:`ems.protocols`
    bit_rate: int  #: of the bus
    messages: int  #: identifiers, and parts that share one, that it reads
    refused: int  #: frames of its own with contents that it refuses
    telling: bool  #: an identifier was heard that its relatives do not send


class CanDetection(_t.NamedTuple):
    """What a CAN bus, or a recording of one, speaks."""

    verdict: str  #: ``found``, ``several`` (equal evidence: a person has to choose) or ``nothing``
    found: list[CanDetected]  #: those the verdict is about
    others: list[CanDetected]  #: with less evidence, best first
    heard: dict[str, int]  #: ``frames``, ``identifiers``, ``refused`` (no classic frame); ``bit_rate`` of an slcan adapter


def _endpoint(tcp: str) -> tuple[str, int]:
    host, colon, port = tcp.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 0x10000):
        raise _InvalidArgumentError(f"tcp: HOST:PORT expected: {tcp}", 0)
    return host.removeprefix("[").removesuffix("]"), int(port)


def detect(
    port: str | os.PathLike[str] | None = None,
    *,
    tcp: str | None = None,
    bit_rate: int | None = None,
    address: int | None = None,
    all_addresses: bool = False,
    ask_by_writing: bool = False,
    even_if_busy: bool = False,
    listen_s: float = 2.0,
    on_tried: _t.Callable[[Tried], object] | None = None,
) -> Detection:
    """Finds out which battery protocol a serial port speaks.

    It listens, then asks in each protocol, the most usual first, what can be read from a battery; about a minute when nobody
    answers. Nothing is asked that changes a battery. The GIL is released; Ctrl-C ends it.

    :param port: a serial device, e.g. ``"/dev/ttyUSB0"``.
    :param tcp: instead of a port: ``"HOST:PORT"`` of a serial line behind TCP.
    :param bit_rate: only this rate, in bit/s; ``None``: those that each protocol is found at. Not for ``tcp``.
    :param address: only this address; ``None``: the usual one of each protocol.
    :param all_addresses: the others too, after everything else; takes minutes.
    :param ask_by_writing: last, send the request of JK PB boards, which is a write; it changes nothing there.
    :param even_if_busy: ask although somebody else was heard on the line.
    :param listen_s: s to listen before the first request.
    :param on_tried: called with each :class:`Tried`; an exception of its ends the search.
    :raises EmsError: ``IoError`` or ``UnavailableError`` when the port cannot be opened or is lost; ``InvalidArgumentError``;
        ``OutOfRangeError``.
    """
    if (port is None) == (tcp is None):
        raise _InvalidArgumentError("detect: a port, or tcp", 0)
    if tcp is not None and bit_rate is not None:
        raise _InvalidArgumentError("detect: nobody here can set the bit rate of a line behind TCP", 0)
    settings = (bit_rate, address, all_addresses, ask_by_writing, even_if_busy, listen_s)
    watch = None if on_tried is None else lambda *done: on_tried(Tried(*done))
    endpoint = None if tcp is None else _endpoint(tcp)
    said = _json.loads(_call(_ems.detect, "" if port is None else os.fspath(port), endpoint, settings, watch))
    for one in said["found"]:
        one["variants"] = tuple(one.get("variants", ()))
    return Detection(said["verdict"], [Detected(**one) for one in said["found"]], said["heard"])


def _can_detection(text: str) -> CanDetection:
    said = _json.loads(text)
    found, others = ([CanDetected(**one) for one in said[key]] for key in ("found", "others"))
    return CanDetection(said["verdict"], found, others, said["heard"])


def detect_can(bus: str, *, listen_s: float = 10.0, bit_rate: int | None = None, acknowledge: bool = False) -> CanDetection:
    """Finds out which battery protocol a live CAN bus speaks: it listens and sends nothing.

    Identifiers are the evidence, never one frame. The GIL is released; Ctrl-C ends it.

    :param bus: ``"socketcan:can0"``, ``"slcan:/dev/ttyACM0"`` (``@BAUD``: the tty's rate), ``"slcan_tcp:HOST:PORT"``,
        ``"socketcand:HOST:PORT"`` (``/BUS``) or ``"cannelloni:HOST:PORT"`` (``,LISTEN:PORT``).
    :param listen_s: s to listen, at each bit rate that is tried.
    :param bit_rate: of an slcan bus, in bit/s; ``None``: those of the protocols, until a frame is heard.
    :param acknowledge: open an slcan adapter normally, not listen-only: a battery that is alone on its bus needs somebody who
        acknowledges. At a wrong bit rate that disturbs the bus: say the bit rate.
    :raises EmsError: ``SyntaxError`` when ``bus`` is none; ``IoError``, ``UnavailableError``, ``DeviceError``, ``TimeoutError`` when it
        cannot be opened or is lost; ``InvalidArgumentError`` (no such bit rate, or it is needed); ``OutOfRangeError``.
    """
    return _can_detection(_call(_ems.detect_can, bus, (listen_s, bit_rate, acknowledge)))


def detect_candump(path: str | os.PathLike[str]) -> CanDetection:
    """Finds out which battery protocol a recording of a CAN bus speaks: nothing is sent.

    Identifiers are the evidence, never one frame.

    :param path: a file that ``candump -L`` wrote, of one bus.
    :raises EmsError: ``IoError``; ``SyntaxError`` when no line of it holds a frame.
    """
    return _can_detection(_call(_ems.detect_can_log, os.fspath(path)))
