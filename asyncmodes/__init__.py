"""One by one, all at once, or five at a time? Run the same tasks in several async modes and see what happened.

    import asyncmodes

    tasks = [*asyncmodes.words("rice=400ms", "sauce=200ms"), asyncmodes.call(my_coroutine_function)]
    comparison = asyncmodes.compare(tasks, ["sequential", "parallel", "limited=2"])
    print(asyncmodes.render(comparison, width=100))

Names are loaded when they are first used: `import asyncmodes` itself costs next to nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # type checkers know the name; importing typing for it would cost what --version takes
if TYPE_CHECKING:
    from asyncmodes.api import parse_server, read_json, read_spec, render, words, write_json
    from asyncmodes.capacity import Overload, Server
    from asyncmodes.errors import OutputError, UsageError
    from asyncmodes.measure import compare, execute
    from asyncmodes.modes import Leftovers, Mode, Stop, parse_mode
    from asyncmodes.prediction import predict
    from asyncmodes.record import Comparison, Run, Span, Verdict
    from asyncmodes.stats import Summary, summarise
    from asyncmodes.tasks import Failure, Outcome, State, Task, TaskFailed, call
    from asyncmodes.virtual_time import VirtualTimeError, VirtualTimeLoop

_HOMES = {
    "api": ("parse_server", "read_json", "read_spec", "render", "words", "write_json"),
    "capacity": ("Overload", "Server"),
    "errors": ("OutputError", "UsageError"),
    "measure": ("compare", "execute"),
    "modes": ("Leftovers", "Mode", "Stop", "parse_mode"),
    "prediction": ("predict",),
    "record": ("Comparison", "Run", "Span", "Verdict"),
    "stats": ("Summary", "summarise"),
    "tasks": ("Failure", "Outcome", "State", "Task", "TaskFailed", "call"),
    "virtual_time": ("VirtualTimeError", "VirtualTimeLoop"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Comparison",
    "Failure",
    "Leftovers",
    "Mode",
    "Outcome",
    "OutputError",
    "Overload",
    "Run",
    "Server",
    "Span",
    "State",
    "Stop",
    "Summary",
    "Task",
    "TaskFailed",
    "UsageError",
    "Verdict",
    "VirtualTimeError",
    "VirtualTimeLoop",
    "call",
    "compare",
    "execute",
    "parse_mode",
    "parse_server",
    "predict",
    "read_json",
    "read_spec",
    "render",
    "summarise",
    "words",
    "write_json",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'asyncmodes' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"asyncmodes.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
