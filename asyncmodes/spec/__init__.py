"""From words and spec files to tasks, or to what is wrong with them. Names are loaded when they are first used."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncmodes.spec.dinner import DINNER
    from asyncmodes.spec.durations import parse_delay, parse_duration, parse_timeout
    from asyncmodes.spec.files import read_spec
    from asyncmodes.spec.model import Defaults, Spec
    from asyncmodes.spec.servers import parse_server
    from asyncmodes.spec.web import parse_header
    from asyncmodes.spec.words import read_words

_HOME_OF = {
    "DINNER": "dinner",
    "Defaults": "model",
    "Spec": "model",
    "parse_delay": "durations",
    "parse_duration": "durations",
    "parse_header": "web",
    "parse_server": "servers",
    "parse_timeout": "durations",
    "read_spec": "files",
    "read_words": "words",
}

__all__ = [
    "DINNER",
    "Defaults",
    "Spec",
    "parse_delay",
    "parse_duration",
    "parse_header",
    "parse_server",
    "parse_timeout",
    "read_spec",
    "read_words",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
