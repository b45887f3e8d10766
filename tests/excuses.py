"""What may survive and what may stay unreached, each with its reason: `tests/excuses.toml`, read.

An entry names its place by module and function and quotes the line, so it holds until that code changes.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path

FILE = Path(__file__).with_name("excuses.toml")

Found = tuple[str, str]
"""Where (`modes.Mode.decides`), and the line that is as it should not be, without what is around it."""


def excused(kind: str) -> dict[Found, str]:
    """The reasons of this kind, `survivor` or `uncovered`; ValueError for an entry that stands there twice."""
    reasons: dict[Found, str] = {}
    for entry in tomllib.loads(FILE.read_text("utf-8")).get(kind, ()):
        for line in entry["lines"]:
            found = entry["where"], line
            if found in reasons or not entry["why"]:
                raise ValueError(f"{FILE.name}: {found}: stands there twice, or has no reason")
            reasons[found] = entry["why"]
    return reasons


def unexcused(kind: str, found: Iterable[Found], modules: Iterable[str]) -> list[str]:
    """What is wrong in these modules, one a line: found and not excused, or excused and not found any more."""
    seen, asked, reasons = set(found), tuple(f"{module}." for module in modules), excused(kind)
    wrong = [f"  {where}: {line}" for where, line in sorted(seen - set(reasons)) if where.startswith(asked)]
    stale = [f"  {where}: {line}" for where, line in sorted(set(reasons) - seen) if where.startswith(asked)]
    return wrong + ([f"excused in {FILE.name}, but no {kind} any more:", *stale] if stale else [])
