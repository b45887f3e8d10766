"""`make mutants`: which small changes of the heart the tests do not notice; `ONLY='modes dispatch'` tries some modules.

mutmut makes the mutants and runs the quick tests against each, as pyproject.toml says. In the modules of `STRICT` each
survivor is killed by a test or has its reason in `excuses.toml`; those of the others are listed.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.excuses import Found, excused, unexcused, within

MUTMUT = Path(sys.executable).with_name("mutmut")
STRICT = ("modes", "executor", "dispatch", "recorder", "prediction", "text")
_RESULT = re.compile(r" *asyncmodes\.(\S+)\.(x\S+)__mutmut_(\d+): (.+)")


def said(*arguments: str) -> str:
    """What mutmut prints when it is asked for what it knows."""
    return subprocess.run([MUTMUT, *arguments], check=True, capture_output=True, text=True).stdout


def changed(mutant: str) -> str:
    """The line that this mutant has instead of ours."""
    difference = said("show", mutant).split("\n@@", 1)[1].splitlines()[1:]
    return " ".join(line[1:].strip() for line in difference if line.startswith("+"))


def tried() -> Iterator[tuple[str, str, Found | None]]:
    """The mutants that were tried: module, what became of it, and where and what it is unless it was killed."""
    for line in said("results", "--all", "True").splitlines():
        module, function, number, status = _RESULT.fullmatch(line).groups()
        if status == "killed":
            yield module, status, None
        elif status != "not checked":
            where = f"{module}.{re.sub('^x[_ǁ]', '', function).replace('ǁ', '.')}"
            yield module, status, (where, changed(f"asyncmodes.{module}.{function}__mutmut_{number}"))


def show(what: str, found: Iterable[Found]) -> None:
    """Say what was found, if anything was."""
    if lines := [f"  {where}: {line}" for where, line in sorted(found)]:
        print(f"\n{what}:", *lines, sep="\n")


def main(only: list[str]) -> int:
    """Try all mutants, or those of some modules, and say how it went; 1 if a survivor has no reason."""
    shutil.rmtree("mutants", ignore_errors=True)
    patterns = [f"asyncmodes.{module}.*" for module in only]
    if code := subprocess.run([MUTMUT, "run", "--max-children", "2", *patterns], check=False).returncode:
        return code

    figures: defaultdict[str, Counter[str]] = defaultdict(Counter)
    late: Counter[Found] = Counter()
    alive: Counter[Found] = Counter()
    for module, status, found in tried():
        figures[module][status] += 1
        if found:
            (late if status == "timeout" else alive)[found] += 1
    alive += late & excused("survivor")  # on a busy machine a survivor may be late

    print()
    for module, counted in sorted(figures.items()):
        print(f"{module}: {counted.total()} mutants,", ", ".join(f"{n} {what}" for what, n in counted.most_common()))
    show("never done, which counts as noticed, unless the machine was too busy", late.elements())
    show("noticed by no test", (each for each in (alive - excused("survivor")).elements() if not within(each, STRICT)))
    if asked := [module for module in STRICT if not only or module in only]:
        wrong = unexcused("survivor", alive, asked)
        count = sum(within(found, asked) for found in alive.elements())
        print(f"\n{', '.join(asked)}: {count} noticed by no test,", end=" ")
        print(*["without a reason:", *wrong] if wrong else ["each with its reason"], sep="\n")
        return int(bool(wrong))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
