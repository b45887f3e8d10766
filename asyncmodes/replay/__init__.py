"""Measured durations as tasks to be simulated, to see what they would have cost in another mode."""

from __future__ import annotations

import os

from asyncmodes.collector import collector_paused
from asyncmodes.documents import parsed
from asyncmodes.exports.saved import read_text
from asyncmodes.replay.har import har_entries
from asyncmodes.replay.results import result_tasks
from asyncmodes.spec.entries import tasks_of, too_many
from asyncmodes.spec.model import Defaults, Spec

_ADVICE = "name a result written with -o FILE.json, or a HAR that a browser saved"


@collector_paused()
def read_replay(path: str, defaults: Defaults | None = None) -> Spec:
    """The tasks of a result of asyncmodes or of a HAR (HTTP Archive 1.2) as delays of the durations measured there.

    What had failed is declared to fail. `-` stands for standard input. Raises UsageError, with the place in the file.
    """
    defaults = defaults or Defaults()
    text, where = read_text(path, _ADVICE)
    document = parsed(text, where, _ADVICE)
    name = "standard input" if path == "-" else os.path.basename(path)
    if isinstance(document.value, dict) and "log" in document.value:
        tasks = tasks_of(har_entries(document), defaults)
        measured = f"in {name}, without what requests waited for a connection there"
    else:
        mode, tasks = result_tasks(document)
        if len(tasks) > defaults.max_tasks:
            raise too_many(where, len(tasks), defaults.max_tasks)
        measured = f"in {name} in mode {mode}"
    note = f"simulated from the durations measured {measured}, as if tasks did not slow each other down"
    return Spec(name, tuple(tasks), notes=(note,))
