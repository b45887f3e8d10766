"""What a result is held against in CI: expectations and a reference, read before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from asyncmodes.commands.exporting import StepSummary
from asyncmodes.commands.options import Common
from asyncmodes.commands.output import note
from asyncmodes.errors import Problem, UsageError
from asyncmodes.record import Comparison

if TYPE_CHECKING:
    from asyncmodes.expectations import Expectation
    from asyncmodes.measure import Plan
    from asyncmodes.rulings import Change, Ruling

Parsed = TypeVar("Parsed")
MISSED = 3
_PERCENT = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)\s?%")


class Gate(NamedTuple):
    """The expectations, the reference and its file, the slowdown allowed as a share, and where a report goes."""

    expectations: tuple[Expectation, ...]
    reference: Comparison | None
    file: str
    max_slowdown: float | None
    strict: bool
    exports: tuple[StepSummary, ...]

    @classmethod
    def of(cls, options: Common, made: Plan) -> Gate:
        """What the options ask for. Raises UsageError if it cannot be held against what the plan will run."""
        if options.max_slowdown is not None and options.against is None:
            raise UsageError.at("--max-slowdown", "there is nothing to be slower than", "add --against FILE.json")
        if options.strict and not options.expect and options.max_slowdown is None:
            raise UsageError.at("--strict", "nothing is expected", "add --expect, or --against with --max-slowdown")
        max_slowdown = None if options.max_slowdown is None else _share(options.max_slowdown)
        exports = (StepSummary(),) if options.summary else ()
        reference = None
        if options.against is not None:
            reference = _reference(options.against, made)
        return cls(
            _expectations(options, made), reference, options.against or "", max_slowdown, options.strict, exports
        )

    def announce(self, made: Plan) -> None:
        """Say what makes the reference less fit to compare with, if anything does."""
        if self.reference is None or self.reference.clock == "virtual":
            return
        from asyncmodes import __version__
        from asyncmodes.expectations.references import differences
        from asyncmodes.measure import environment

        differs = differences(self.reference, environment(made.loop), __version__)
        if differs:
            note(f"warning: --against {self.file}: measured elsewhere: {'; '.join(differs)}")

    def judged(self, comparison: Comparison) -> Comparison:
        """The comparison with what became of the expectations, and with its changes against the reference."""
        if self.expectations:
            from asyncmodes.expectations import judge

            comparison = replace(comparison, judgements=tuple(judge(self.expectations, comparison, strict=self.strict)))
        if self.reference is not None:
            from asyncmodes.expectations.references import compared

            against = compared(
                comparison, self.reference, self.file, max_slowdown=self.max_slowdown, strict=self.strict
            )
            comparison = replace(comparison, against=against)
        return comparison


def told(comparison: Comparison, *, quiet: bool) -> int:
    """Say in one line each what was missed, and unless `quiet` what is open; the exit code, 0 if nothing was."""
    if not comparison.judgements and comparison.against is None:
        return 0
    from asyncmodes.rulings import Ruling
    from asyncmodes.views.rulings import change_line, judgement_line

    lines: list[tuple[Ruling | None, str]] = [(each.ruling, judgement_line(each)) for each in comparison.judgements]
    if comparison.against is not None:
        lines += [(_ruling(each), change_line(each)) for each in comparison.against.changes]
    missed = [line for ruling, line in lines if ruling is Ruling.FAIL]
    for line in missed:
        note(f"missed: {line}")
    for ruling, line in lines:
        if ruling is Ruling.INCONCLUSIVE and not quiet:
            note(f"inconclusive: {line}")
    return MISSED if missed else 0


def _ruling(change: Change) -> Ruling | None:
    """How the change stands to the slowdown allowed; without any, whether it is open at all."""
    from asyncmodes.rulings import Movement, Ruling

    if change.ruling is None and change.movement is Movement.INCONCLUSIVE:
        return Ruling.INCONCLUSIVE
    return change.ruling


def _expectations(options: Common, made: Plan) -> tuple[Expectation, ...]:
    if not options.expect:
        return ()
    from asyncmodes.expectations import check_expectations, parse_expectation

    expectations = all_parsed(options.expect, parse_expectation)
    check_expectations(expectations, made.modes, made.clock)
    return expectations


def all_parsed(texts: Iterable[str], parse: Callable[[str], Parsed]) -> tuple[Parsed, ...]:
    """Each expectation, once. Raises UsageError, which lists all that are none."""
    problems: list[Problem] = []
    parsed: dict[Parsed, None] = {}
    for text in texts:
        try:
            parsed[parse(text)] = None
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    return tuple(parsed)


def _share(text: str) -> float:
    match = _PERCENT.fullmatch(text.strip())
    if match is None:
        hint = f"write {text}%" if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) else "write for example 10%"
        raise UsageError.at("--max-slowdown", f"{text[:60]!r} is no percentage", hint)
    return float(match[1]) / 100


def _reference(file: str, made: Plan) -> Comparison:
    from asyncmodes.expectations.references import check_reference, differences
    from asyncmodes.exports.json import read_json
    from asyncmodes.exports.saved import read_text
    from asyncmodes.stats import summarise

    where = f"--against {file}"
    text, _ = read_text(file, "name a result that was saved with -o FILE.json", where)
    reference = read_json(text, where)
    try:
        check_reference(reference, list(made.tasks), made.modes, made.clock, where)
        summarise(reference)
        differences(reference, {}, "")
    except UsageError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # Nothing in a file may spoil, once the runs are done, what they gave.
        what = f"is not a result of asyncmodes ({type(error).__name__}: {error})".replace("\n", " ")
        raise UsageError.at(where, what, "name a file that asyncmodes wrote with -o FILE.json") from error
    return reference
