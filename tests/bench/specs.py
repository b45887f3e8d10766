"""A spec file of 100,000 tasks, read, checked and made into tasks, against the standard library's TOML alone."""

import gc
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from asyncmodes.spec import read_spec
from tests.bench.goal import Goal, medians

COUNT = 100_000
KINDS = {
    "delays": 'name = "task {}"\ndelay = "{}ms"\n',
    "delays with all that can be said of them": 'name = "task {}"\ndelay = "{}ms"\ntimeout = "2s"\nfails = "no"\n',
    "URLs": 'url = "https://example.org/page/{}?n={}"\nexpect_status = [200, 404]\n',
}


def timed(work: Callable[[], object]) -> float:
    """The processor time of the work in seconds; what it made is thrown away only afterwards."""
    gc.collect()
    began = time.process_time()
    made = work()
    took = time.process_time() - began
    del made
    return took


def goals() -> Iterator[Goal]:
    """Yield the goals of spec files."""
    for kind, keys in KINDS.items():
        text = "".join("[[tasks]]\n" + keys.format(number, number % 400) for number in range(COUNT))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "spec.toml"
            path.write_text(text)
            took = medians(
                {
                    "tomllib": lambda text=text: timed(lambda: tomllib.loads(text)),
                    "read": lambda path=path: timed(lambda: read_spec(path)),
                },
                rounds=9,
            )
        yield Goal(f"a spec of {COUNT:,} {kind} against tomllib alone", took["read"] / took["tomllib"], 2)
