# SPDX-License-Identifier: Apache-2.0
"""Verified updates: what a repository's signatures vouch for, fetched and installed (docs/explanation/updates.md).

A failure's class is its exception: ``SignatureError``, ``RollbackError``, ``ExpiredError`` ... There is no unsigned mode.
"""
from __future__ import annotations

import os
import typing as _t
from datetime import datetime, timezone

from . import _ems
from ._call import call as _call
from ._call import octets
from ._time import micros
from .numbers import Number

if _t.TYPE_CHECKING:
    from ._time import _Moment

__all__ = ["Client", "Device", "Event", "Failure", "Image", "Payload", "PayloadStore", "Target", "verify_ed25519", "verify_image"]


def verify_ed25519(key: bytes, message: bytes, signature: bytes) -> None:
    """Returns when ``signature`` is one of ``message`` under ``key``, and raises otherwise.

    Stricter than most libraries, which take forged signatures for keys of small order.

    :param key: 32 bytes.
    :param message: what was signed.
    :param signature: 64 bytes.
    :raises BadKeyError: a key that nobody may trust.
    :raises SignatureError: not a signature of this message under this key.
    """
    _call(_ems.verify_ed25519, octets(key), octets(message), octets(signature))


class Image(_t.NamedTuple):
    """What a verified image of MCUboot's format says."""

    version: tuple[int, int, int, int]  #: major, minor, revision, build
    counter: int  #: its security counter
    payload_offset: int  #: bytes
    payload_size: int  #: bytes
    size: int  #: bytes that were verified; what follows is not the image's
    sha256: bytes  #: of header, payload and signed values


def verify_image(
    image: bytes,
    keys: _t.Sequence[bytes],
    *,
    slot_size: int | None = None,
    counter_floor: int = 0,
    vendor_id: bytes | None = None,
    class_id: bytes | None = None,
) -> Image:
    """Verifies a microcontroller's image as its bootloader does: form, SHA-256, key, Ed25519, security counter, vendor and class.

    :param image: the image; what follows it in its slot may be there.
    :param keys: Ed25519 keys of 32 bytes; any one of them may have signed.
    :param slot_size: bytes of the slot that it is for; ``None``: as many as ``image`` has.
    :param counter_floor: the image's counter must not be less.
    :param vendor_id: 16 bytes that the image must carry; ``None``: not asked for.
    :param class_id: the same for its class.
    :raises EmsError: ``MalformedError``, ``HashError``, ``SignatureError``, ``RollbackError``, ``WrongHardwareError``, ``NoSpaceError`` ...
    """
    data = octets(image)
    room = len(data) if slot_size is None else slot_size
    return Image(**_call(
        _ems.verify_image, data, [octets(key) for key in keys], room, counter_floor,
        None if vendor_id is None else octets(vendor_id), None if class_id is None else octets(class_id)))


class Device(_t.NamedTuple):
    """What updates are for. ``None``: not checked."""

    hardware_id: str | None = None  #: must be one of a target's ``hardware_ids``
    release_counter: int | None = None  #: installed; a target's must not be less
    security_floor: int | None = None  #: a target's release counter must not be less
    capacity: int | None = None  #: bytes of the place a target goes to
    payloads: tuple[str, ...] | None = None  #: types that can be installed; ``None``: raw, rauc and mcuboot, where one of the first three is set


class Event(_t.NamedTuple):
    """One line for a journal."""

    code: str  #: the class: ``"rollback"``
    file: str  #: ``timestamp.json``; a target's path
    message: str  #: for people


class Target:
    """A target that metadata vouches for. Nothing of its bytes was read yet. Only :meth:`Client.find` makes one."""

    def __init__(self, native: _ems.UpdateTarget) -> None:
        fields = native.fields()
        self._native = native
        self.path: str = fields["path"]  #: as asked for
        self.length: int = fields["length"]  #: bytes, exact
        self.sha256: bytes | None = fields["sha256"]  #: at least one of the two hashes is there
        self.sha512: bytes | None = fields["sha512"]
        self.role: str = fields["role"]  #: that signed it
        self.component: str | None = fields["component"]  #: ``"edge"``, or the kind of a payload
        self.version: str | None = fields["version"]  #: for people
        self.hardware_ids: list[str] = fields["hardware_ids"]
        self.release_counter: int | None = fields["release_counter"]

    def __repr__(self) -> str:
        return f"Target({self.path!r}, {self.length} bytes, by {self.role!r})"


class Client:
    """The TUF client over a repository in a folder or on a web server.

    >>> client = ems.ota.Client("trusted", "https://updates.example.com/metadata", "https://updates.example.com/targets")
    >>> client.init(factory_root)
    >>> client.refresh()
    >>> client.download(client.find("fw/edge/edge-2.4.1.img"), "edge.img")

    Every failure leaves the trusted files as they were, and the next call starts clean. Threads take turns.

    :param store: folder of the trusted files; made if need be; one program at a time.
    :param metadata: ``https://...``, a folder, or ``http://`` towards this machine.
    :param targets: the same; empty: targets cannot be fetched.
    :param device: what the updates are for.
    :param ca_file: PEM authorities that a web server's certificate must come from; empty: the system's.
    :param time_floor: a clock before this moment counts as this moment.
    :param factory_root: the last resort when the stored roots are damaged.
    :param offline_grace_s: s that metadata may be past its expiry, for repositories on media.
    """

    def __init__(
        self,
        store: str | os.PathLike[str],
        metadata: str | os.PathLike[str],
        targets: str | os.PathLike[str] = "",
        *,
        device: Device = Device(),
        ca_file: str | os.PathLike[str] = "",
        time_floor: _Moment | None = None,
        factory_root: bytes = b"",
        offline_grace_s: Number = 0,
    ) -> None:
        payloads = None if device.payloads is None else list(device.payloads)
        fields = (device.hardware_id, device.release_counter, device.security_floor, device.capacity, payloads)
        floor = None if time_floor is None else micros(time_floor)
        self._native = _call(
            _ems.UpdateClient, str(store), str(metadata), str(targets), str(ca_file), fields, floor, octets(factory_root), offline_grace_s)

    def init(self, root: bytes) -> None:
        """Makes ``root`` the root of trust of an empty store. The root that is there already is no error.

        :param root: ``root.json``, from a source that is trusted.
        :raises AlreadyExistsError: another root is there.
        """
        _call(self._native.init, octets(root))

    def refresh(self, now: _Moment | None = None) -> None:
        """One cycle: root chain, timestamp, snapshot, targets.

        :param now: judges expiry; ``None``: this machine's clock.
        """
        _call(self._native.refresh, micros(datetime.now(timezone.utc) if now is None else now))

    def find(self, path: str) -> Target:
        """Finds a target through the delegations and checks it against the device; after :meth:`refresh`.

        :param path: as the repository names it: ``"fw/edge/edge-2.4.1.img"``.
        """
        return Target(_call(self._native.find, path))

    def download(self, target: Target, file: str | os.PathLike[str]) -> None:
        """Fetches a target into a file, which is there when it is whole and verified, never before.

        What the file holds already is not fetched again, and an interrupted download goes on.

        :param target: from :meth:`find`.
        :param file: its folder must be there.
        """
        _call(self._native.download, target._native, str(file))

    def read(self, target: Target) -> bytes:
        """Fetches a target into memory.

        :param target: from :meth:`find`.
        """
        return _call(self._native.read, target._native)

    def take_events(self) -> list[Event]:
        """What was refused or noticed since the last call, oldest first."""
        return [Event(*event) for event in _call(self._native.take_events)]


class Payload(_t.NamedTuple):
    """One version of a payload."""

    version: str  #: for people
    sha256: bytes  #: what it is known by
    size: int  #: bytes
    release_counter: int  #: never less than that of the one in use


class Failure(_t.NamedTuple):
    """A version that is not installed again by itself."""

    sha256: bytes  #: what it is known by
    reason: str  #: for people; cut after 48 bytes


#: Called with a payload and its bytes: makes it the one in use, or raises and leaves in use what was.
Loader = _t.Callable[[Payload, bytes], object]


class PayloadStore:
    """Models, configuration and limits that come as targets: installed, kept, rolled back.

    >>> store = ems.ota.PayloadStore("payloads")
    >>> store.install_from(client, "limits/limits.yaml", "limits", apply)

    A power cut at any moment leaves the version in use or the new one. The version before is kept. What ``load`` refused is quarantined by
    its hash.

    :param folder: made if need be; one program at a time.
    :param size_max: bytes of one payload.
    """

    def __init__(self, folder: str | os.PathLike[str], size_max: int = 16 << 20) -> None:
        self._native = _call(_ems.PayloadStore, str(folder), size_max)

    def install(self, kind: str, target: Target, content: bytes, load: Loader) -> Payload:
        """Installs a target whose bytes are here. What is in use already is not loaded again.

        :param kind: what is wanted: 1 to 24 of ``a-z 0-9 -``; the target's ``component`` must say the same.
        :param target: from :meth:`Client.find`.
        :param content: the target's bytes.
        :param load: called with the :class:`Payload` and its bytes; makes it the one in use, or raises and leaves in use what was.
        :raises FailedPreconditionError: it failed before; see :meth:`release`.
        :raises EmsError: ``WrongHardwareError`` (another kind), ``HashError``, ``LengthError``, ``RollbackError``; what ``load`` raised.
        """
        return Payload(**_call(self._native.install, kind, target._native, octets(content), _loader(load)))

    def install_from(self, client: Client, path: str, kind: str, load: Loader) -> Payload:
        """Finds a target, fetches it and installs it; after :meth:`Client.refresh`.

        :param client: where it comes from.
        :param path: the target's.
        :param kind: as of :meth:`install`.
        :param load: as of :meth:`install`.
        """
        target = client.find(path)
        return self.install(kind, target, client.read(target), load)

    def load(self, kind: str, load: Loader) -> Payload:
        """Loads the version in use, for a program's start. One that cannot be loaded is quarantined, and the version before loaded.

        :param kind: as of :meth:`install`.
        :param load: as of :meth:`install`.
        :raises NotFoundError: none was installed: the program's own default stays.
        """
        return Payload(**_call(self._native.load, kind, _loader(load)))

    def roll_back(self, kind: str, reason: str) -> None:
        """Goes back to the version before, or to none, and quarantines the one in use; :meth:`load` it then.

        :param kind: as of :meth:`install`.
        :param reason: for people; cut after 48 bytes.
        """
        _call(self._native.roll_back, kind, reason)

    def release(self, kind: str, sha256: bytes) -> None:
        """A person lets a quarantined version be installed again.

        :param kind: as of :meth:`install`.
        :param sha256: of the version, as :meth:`failures` gives it.
        """
        _call(self._native.release, kind, octets(sha256))

    def read(self, kind: str) -> bytes:
        """Bytes of the version in use, verified once more.

        :param kind: as of :meth:`install`.
        """
        return _call(self._native.read, kind)

    def current(self, kind: str) -> Payload | None:
        """The version in use; ``None``: the program's own default.

        :param kind: as of :meth:`install`.
        """
        return _payload(_call(self._native.record, kind)[0])

    def previous(self, kind: str) -> Payload | None:
        """The version before it.

        :param kind: as of :meth:`install`.
        """
        return _payload(_call(self._native.record, kind)[1])

    def failures(self, kind: str) -> list[Failure]:
        """What is quarantined, oldest first; at most 8 are kept.

        :param kind: as of :meth:`install`.
        """
        return [Failure(*failure) for failure in _call(self._native.record, kind)[2]]


def _payload(fields: dict[str, _t.Any] | None) -> Payload | None:
    return None if fields is None else Payload(**fields)


def _loader(load: Loader) -> _t.Callable[[dict[str, _t.Any], bytes], None]:
    def call(fields: dict[str, _t.Any], content: bytes) -> None:
        load(Payload(**fields), content)

    return call
