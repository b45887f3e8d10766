"""What may survive and what may stay unreached, each with its reason: `tests/excuses.toml`, read.

An entry names its place by module and function and quotes the line, so it holds until that code changes. A line that
is quoted once excuses one find.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

FILE = Path(__file__).with_name("excuses.toml")

Found = tuple[str, str]
"""Where (`modes.Mode.decides`), and the line that is as it should not be, without what is around it."""


def within(found: Found, modules: Iterable[str]) -> bool:
    """Whether it is in one of these modules or folders."""
    return found[0].startswith(tuple(f"{module}." for module in modules))


def excused(kind: str) -> Counter[Found]:
    """What has a reason, of this kind: `survivor` or `uncovered`."""
    entries = tomllib.loads(FILE.read_text("utf-8")).get(kind, ())
    return Counter((entry["where"], line) for entry in entries for line in entry["lines"] if entry["why"])


def unexcused(kind: str, found: Counter[Found], modules: Iterable[str]) -> list[str]:
    """What is wrong in these modules, one a line: found and not excused, or excused and not found any more."""
    modules, reasons = list(modules), excused(kind)
    wrong, stale = (
        [f"  {where}: {line}" for where, line in sorted(finds.elements()) if within((where, line), modules)]
        for finds in (found - reasons, reasons - found)
    )
    return wrong + ([f"excused in {FILE.name}, but no {kind} any more:", *stale] if stale else [])
