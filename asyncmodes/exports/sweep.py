"""A sweep as JSON and back: that of its comparison, and under `sweep` its plan and what was found."""

from __future__ import annotations

import json

from asyncmodes.documents import Place
from asyncmodes.exports.json import as_document
from asyncmodes.knee import MORE_FAILED, Findings, Point, Sweep, mode_of
from asyncmodes.knee.usl import Fit
from asyncmodes.record import Comparison
from asyncmodes.tasks import State


def write_sweep(sweep: Sweep) -> str:
    """The sweep as one JSON document, all characters ASCII, ending in a newline. Rates are tasks a second."""
    document = {**as_document(sweep.comparison), "sweep": _sweep(sweep, sweep.findings)}
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def write_curve(sweep: Sweep, command: str = "sweep", rows: int | None = None) -> str:  # noqa: ARG001  # it has none
    """The sweep's curve, 100 columns wide, as one SVG document."""
    from asyncmodes.exports.svg import COLUMNS, lines_svg
    from asyncmodes.views.curve import curve
    from asyncmodes.views.picture import Look

    drawn = curve(sweep, Look(width=COLUMNS, command=command))
    return lines_svg(list(drawn.split("\n", allow_blank=True)), COLUMNS)


def sweep_of(comparison: Comparison, place: Place) -> Sweep:
    """The sweep of a document: what was found is found again, from its runs. Raises UsageError if it is broken."""
    for mode in comparison.modes:
        if mode.width is None or mode != mode_of(mode.width):
            raise place.refused(f"{mode} is no mode of a sweep")
    budget = place.get("budget_s")
    return Sweep(
        comparison,
        limits=_limits(place["limits"]),
        dropped=_limits(place["dropped_limits"]),
        budget_ns=None if budget is None else budget.ns(),
        over_budget=place["over_budget"].flag(),
        exact=place["exact"].flag(),
    )


def _limits(place: Place) -> tuple[int, ...]:
    limits = tuple(limit.count(least=1) for limit in place)
    if list(limits) != sorted(set(limits)):
        raise place.refused("its limits do not rise")
    return limits


def _sweep(sweep: Sweep, found: Findings) -> dict[str, object]:
    return {
        "limits": list(sweep.limits),
        "dropped_limits": list(sweep.dropped),
        "budget_s": None if sweep.budget_ns is None else sweep.budget_ns / 1e9,
        "over_budget": sweep.over_budget,
        "exact": sweep.exact,
        "recommended": found.recommended,
        "recommended_interval": None if found.sure is None else [found.sure.low, found.sure.high],
        "sure": None if found.sure is None else found.sure.share,
        "best": found.best,
        "as_good_as_best": [] if found.choice is None else list(found.choice.alike),
        "best_ok_per_s": None if found.choice is None else found.choice.best_per_s,
        "problem": found.problem,
        "points": [_point(point) for point in found.points],
        "fit": _fit(found.law),
    }


def _point(point: Point) -> dict[str, object]:
    total = point.summary.total
    full = point.full
    return {
        "limit": point.limit,
        "mode": str(point.summary.mode),
        "runs": len(point.samples),
        "total_s": {"mean": total.mean / 1e9, "stddev": None if total.stddev is None else total.stddev / 1e9},
        "ok": point.summary.counts[State.OK],
        "failed": max(sample.failed for sample in point.samples),
        "ok_per_s": point.per_s,
        "ok_per_s_by_run": [sample.per_s for sample in point.samples],
        "fails_more": full == MORE_FAILED,
        "full_load_per_s": None if isinstance(full, str) else full.rate,
        "full_load_error": None if isinstance(full, str) else full.error,
        "not_fitted_because": full if isinstance(full, str) else None,
        "fitted_ok_per_s": point.fitted_per_s,
    }


def _fit(law: Fit | str) -> dict[str, object]:
    """The law's figures; where it does not fit, why not, and the figures that nobody should use are null."""
    if isinstance(law, str) or law.problem is not None:
        problem = law if isinstance(law, str) else law.problem
        figures = ("per_s_alone", "sigma", "sigma_interval", "kappa", "kappa_interval", "best_limit")
        return {"law": "usl", "problem": problem, **dict.fromkeys(figures), "off": _off(law)}
    return {
        "law": "usl",
        "problem": None,
        "per_s_alone": law.rate,
        "sigma": law.sigma,
        "sigma_interval": list(law.sigma_interval),
        "kappa": law.kappa,
        "kappa_interval": list(law.kappa_interval),
        "best_limit": law.peak,
        "off": _off(law),
    }


def _off(law: Fit | str) -> float | None:
    return None if isinstance(law, str) else law.off
