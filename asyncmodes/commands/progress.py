"""A line on standard error that tells which run is under way, where somebody can see it."""

from __future__ import annotations

import os
import sys

from asyncmodes.measure import Progress

_BACK_AND_CLEAR = "\r\x1b[K"


class ProgressLine:
    """Shows the line while it is entered, if it is wanted and standard error is a terminal; then removes it."""

    def __init__(self, *, wanted: bool) -> None:
        stream = sys.stderr
        self._stream = stream if wanted and stream is not None and stream.isatty() else None
        if os.environ.get("TERM") in ("dumb", "unknown"):
            self._stream = None

    def watch(self, progress: Progress) -> None:
        """Say which run begins."""
        if self._stream is not None:
            from asyncmodes.views.progress import progress_text

            mode = str(progress.snapshot().mode)
            text = progress_text(
                progress.number, progress.count, mode, is_warmup=progress.is_warmup, left_ns=progress.left_ns
            )
            self._write(_BACK_AND_CLEAR + text)

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._write(_BACK_AND_CLEAR)

    def _write(self, text: str) -> None:
        if self._stream is not None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError:
                self._stream = None
