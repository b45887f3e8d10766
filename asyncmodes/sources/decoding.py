"""The sizes of compressed bodies, unpacked piece by piece: how much it is counts, and whether it is whole.

aiohttp (3.14.5) would unpack them too, but takes a gzip body that is cut off for a whole one, and offers the server
whatever codings happen to be installed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

ACCEPTED = "gzip, deflate"
"""What requests offer, with or without other libraries that could unpack more."""

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
_UNSUPPORTED = {"br", "zstd", "compress", "x-compress", "dcb", "dcz"}
_SLICE = 16 * 1024  # of many tiny members in one portion each copies what follows it
_PIECE = 64 * 1024


class Undecodable(ValueError):
    """The body is not what its content encoding says."""


def decoder_of(encoding: str) -> Decoder | None:
    """What unpacks a body with this Content-Encoding, all header lines in one; None if there is nothing to unpack.

    Names that are no content coding, such as the `utf-8` of confused servers, stand for nothing. Raises Undecodable
    for one that is known and yet not supported, or for several of them.
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    codings = [name for name in names if name in _WINDOWS or name in _UNSUPPORTED]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] in _UNSUPPORTED:
        raise Undecodable(f"the content encoding {', '.join(codings)[:60]} cannot be decoded")
    return Decoder(codings[0])


class Decoder:
    """Unpacks the body of one response."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._window = _WINDOWS[coding]
        self._member: Any = None  # zlib does not name the type

    def sizes(self, data: bytes) -> Iterator[int]:
        """The sizes of the pieces that this part of the body unpacks to, each at most 64 KiB.

        Raises Undecodable.
        """
        for start in range(0, len(data), _SLICE):
            yield from self._sizes(data[start : start + _SLICE])

    def _sizes(self, rest: bytes) -> Iterator[int]:
        full = False
        while rest or full:
            if self._member is None or self._member.eof:  # gzip bodies may consist of several members
                if not rest:
                    return
                self._member = zlib.decompressobj(self._window_for(rest))
            try:
                size = len(self._member.decompress(rest, _PIECE))
            except zlib.error:
                raise Undecodable(f"the {self._coding} body is broken") from None
            yield size
            full = size == _PIECE  # there may be more to come without any further input
            rest = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def _window_for(self, beginning: bytes) -> int:
        """Some servers send deflate without the header that tells it is."""
        return _RAW if self._window == _ZLIB and beginning[0] & 0xF != 8 else self._window

    def end(self) -> None:
        """Raise Undecodable if more should have come. A body without a single byte is whole: HEAD has such."""
        if self._member is not None and not self._member.eof:
            raise Undecodable(f"the {self._coding} body ends too early")
