"""What became of expectations and of a comparison with a reference, as fields of the JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asyncmodes.record import Comparison
from asyncmodes.rulings import Against, Change, Judgement, Movement, Ruling, Unit

_NS = 1e9
_LARGEST = 1e21  # more than there are bytes or nanoseconds in anything that was measured
_MEASURED = ("measured", "low", "high")  # null where nothing was


def rulings_document(comparison: Comparison) -> dict[str, object]:
    """The fields `expectations` and `against`, each only if it was asked for; times in seconds."""
    document: dict[str, object] = {}
    if comparison.judgements:
        document["expectations"] = [_judgement(judgement) for judgement in comparison.judgements]
    if comparison.against is not None:
        document["against"] = _against(comparison.against)
    return document


def read_judgements(document: Mapping[str, Any]) -> tuple[Judgement, ...]:
    """The judgements of a document, none if it has none. Raises KeyError, TypeError or ValueError if it is broken."""
    return tuple(_read_judgement(each) for each in document.get("expectations", ()))


def read_against(document: Mapping[str, Any]) -> Against | None:
    """The comparison with a reference, None if there is none. Raises like `read_judgements`."""
    against = document.get("against")
    if against is None:
        return None
    return Against(
        file=_text(against["file"]),
        started_at=_text(against["started_at"]),
        changes=tuple(_read_change(change) for change in against["modes"]),
        max_slowdown=None if against["max_slowdown"] is None else _number(against["max_slowdown"]),
        differs=tuple(map(_text, against["differs"])),
        missing=tuple(map(_text, against["missing"])),
    )


def _is_time(unit: str, relative_to: str) -> bool:
    return unit == Unit.TIME and not relative_to


def _judgement(judgement: Judgement) -> dict[str, object]:
    scale = _NS if _is_time(judgement.unit, judgement.relative_to) else 1
    figures = {name: getattr(judgement, name) for name in _MEASURED}
    return {
        "expectation": judgement.expectation,
        "verdict": judgement.ruling.value,
        "unit": "s" if scale == _NS else judgement.unit.value,
        **{name: None if value is None else value / scale for name, value in figures.items()},
        "bound": judgement.bound / scale,
        "relative_to": judgement.relative_to or None,
        "runs": judgement.runs,
        "method": judgement.method,
        "reason": judgement.reason,
    }


def _read_judgement(row: Mapping[str, Any]) -> Judgement:
    is_time = row["unit"] == "s"
    scale = _NS if is_time else 1
    figures: dict[str, Any] = {name: None if row[name] is None else _number(row[name]) * scale for name in _MEASURED}
    return Judgement(
        expectation=_text(row["expectation"]),
        ruling=Ruling(row["verdict"]),
        unit=Unit.TIME if is_time else Unit(row["unit"]),
        bound=_number(row["bound"]) * scale,
        relative_to=_text(row["relative_to"] or ""),
        runs=_count(row["runs"]),
        method=_text(row["method"]),
        reason=_text(row["reason"]),
        **figures,
    )


def _against(against: Against) -> dict[str, object]:
    return {
        "file": against.file,
        "started_at": against.started_at,
        "max_slowdown": against.max_slowdown,
        "differs": list(against.differs),
        "missing": list(against.missing),
        "modes": [
            {
                "mode": change.mode,
                "verdict": change.movement.value,
                "total_s": change.total_ns / _NS,
                "reference_total_s": change.reference_ns / _NS,
                "runs": change.runs,
                "reference_runs": change.reference_runs,
                "change": change.change,
                "change_low": change.low,
                "change_high": change.high,
                "threshold": None if change.ruling is None else change.ruling.value,
                "method": change.method,
                "reason": change.reason,
            }
            for change in against.changes
        ],
    }


def _read_change(row: Mapping[str, Any]) -> Change:
    return Change(
        mode=_text(row["mode"]),
        movement=Movement(row["verdict"]),
        total_ns=_number(row["total_s"]) * _NS,
        reference_ns=_number(row["reference_total_s"]) * _NS,
        runs=_count(row["runs"]),
        reference_runs=_count(row["reference_runs"]),
        change=None if row["change"] is None else _number(row["change"]),
        low=None if row["change_low"] is None else _number(row["change_low"]),
        high=None if row["change_high"] is None else _number(row["change_high"]),
        ruling=None if row["threshold"] is None else Ruling(row["threshold"]),
        method=_text(row["method"]),
        reason=_text(row["reason"]),
    )


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= _LARGEST:
        raise TypeError(f"{value!r:.40} is no number that could be here")
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise TypeError(f"{value!r:.40} is no number of runs")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value
