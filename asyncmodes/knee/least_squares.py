"""Least squares for a handful of unknowns, by the normal equations. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Sequence


def least_squares(rows: Sequence[Sequence[float]], targets: Sequence[float], damping: float) -> list[float] | None:
    """Solve the normal equations, columns scaled to length 1; None if they have no single solution."""
    lengths = _lengths(rows)
    if lengths is None:
        return None
    normal = _normal(rows, lengths)
    for index in range(len(lengths)):
        normal[index][index] += damping
    right = [sum(row[j] * target for row, target in zip(rows, targets)) / length for j, length in enumerate(lengths)]
    solved = _eliminated(normal, right)
    return None if solved is None else [each / length for each, length in zip(solved, lengths)]


def inverse_diagonal(rows: Sequence[Sequence[float]]) -> list[float] | None:
    """The diagonal of the inverse of the normal equations: the variances for misses of 1."""
    lengths = _lengths(rows)
    if lengths is None:
        return None
    normal = _normal(rows, lengths)
    diagonal = []
    for index, length in enumerate(lengths):
        solved = _eliminated(normal, [float(each == index) for each in range(len(lengths))])
        if solved is None or solved[index] < 0:
            return None
        diagonal.append(solved[index] / (length * length))
    return diagonal


def _lengths(rows: Sequence[Sequence[float]]) -> list[float] | None:
    lengths = [math.sqrt(sum(row[j] ** 2 for row in rows)) for j in range(len(rows[0]))]
    return lengths if all(0 < each < math.inf for each in lengths) else None


def _normal(rows: Sequence[Sequence[float]], lengths: Sequence[float]) -> list[list[float]]:
    count = range(len(lengths))
    return [[sum(row[i] * row[j] for row in rows) / (lengths[i] * lengths[j]) for j in count] for i in count]


def _eliminated(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float] | None:
    """Gaussian elimination with pivoting; None if the matrix is singular, or nearly."""
    rows = [[*row, each] for row, each in zip(matrix, right)]
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda index: abs(rows[index][column]))
        if abs(rows[pivot][column]) < 1e-13:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for index in range(size):
            if index != column:
                factor = rows[index][column] / rows[column][column]
                rows[index] = [ours - factor * theirs for ours, theirs in zip(rows[index], rows[column])]
    return [row[-1] / row[index] for index, row in enumerate(rows)]
