"""Shell completion: a script for the user's shell to read, and what it asks the program for. No file is ever edited."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from asyncmodes.errors import UsageError, nearest
from asyncmodes.modes import DEFAULT_MODES, MODIFIERS, ROWS, parse_mode

VARIABLE = "_ASYNCMODES_COMPLETE"
SHELLS = ("bash", "zsh", "fish", "powershell")

# Typer's own script for bash hands over its words, which `=` breaks in two: limited=5 would never be completed. This
# one hands over the line, and takes off again what stands before the last `=`.
_BASH = """\
_asyncmodes_completion() {
    local IFS=$'\\n' line="${COMP_LINE:0:COMP_POINT}" word="${COMP_LINE:0:COMP_POINT}" reply
    word="${word##*[[:space:]]}"
    COMPREPLY=()
    while read -r reply; do
        reply="${reply%%$'\\t'*}"
        [[ $reply == *[=/] ]] && compopt -o nospace 2>/dev/null
        [[ $word == *=* ]] && reply="${reply#"${word%=*}="}"
        [[ -n $reply ]] && COMPREPLY+=("$reply")
    done < <(_TYPER_COMPLETE_ARGS="$line" _TYPER_COMPLETE_FISH_ACTION=get-args _ASYNCMODES_COMPLETE=complete_fish "$1")
}
complete -o default -F _asyncmodes_completion asyncmodes
"""


def script(shell: str) -> str:
    """The script that makes the shell complete `asyncmodes`. Raises UsageError for a shell that is not known."""
    if shell not in SHELLS:
        guess = nearest(shell, SHELLS)
        hint = f"did you mean {guess}? " if guess else ""
        raise UsageError.at("--show-completion", f"there is no {shell[:60]!r}", f"{hint}write {', '.join(SHELLS)}")
    if shell == "bash":
        return _BASH
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # it is there, unannounced

    return get_completion_script(prog_name="asyncmodes", complete_var=VARIABLE, shell=shell) + "\n"


def complete(program: Any, instruction: str) -> int:
    """Print what fits the unfinished line of which the shell told in the environment. Silent whatever goes wrong."""
    from typer.completion import completion_init, shell_complete  # type: ignore[attr-defined]  # it is there

    try:
        completion_init()
        for command in (program, *map(program.load, list(program.commands.values()))):
            for parameter in command.params:
                _teach(parameter)
        return shell_complete(program, {}, "asyncmodes", VARIABLE, instruction)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    except Exception:  # a message would land in the middle of the line that is being typed
        return 1


def _teach(parameter: Any) -> None:
    """Let the parameter complete its values, by its name, or by the alternatives that its metavar lists."""
    metavar = getattr(parameter, "metavar", None) or ""
    if parameter.name in _VALUES:
        values = _VALUES[parameter.name]
    elif "|" in metavar:
        choices = metavar.split("|")

        def values(_: str) -> Iterable[str]:
            return choices
    else:
        return
    # The attribute behind Typer's `autocompletion`, which would have to be imported and inspected at every start.
    parameter._custom_shell_complete = lambda _context, _parameter, begun: [
        value for value in values(begun) if value.startswith(begun)
    ]


def _modes(begun: str) -> list[str]:
    """Modes, with `limited=` to be gone on with; after a whole mode its modifiers, as far as they mean something."""
    base, plus, _ = begun.rpartition("+")
    if not plus:
        names = [f"{name}=" if row.takes_number else name for name, row in ROWS.items()]
        if "=" in begun:
            names += [mode for mode in DEFAULT_MODES if "=" in mode]
            names += [f"{begun}+{modifier}" for modifier in MODIFIERS] if begun[-1:].isdigit() else []
            names = [name for name in names if name != begun]
        return names
    fitting = []
    for modifier in MODIFIERS:
        with suppress(UsageError):
            parse_mode(f"{base}+{modifier}")
            fitting.append(f"{base}+{modifier}")
    return fitting


def _files(*endings: str) -> Callable[[str], list[str]]:
    """Files with these endings, and directories on the way to some."""

    def found(begun: str) -> list[str]:
        folder, slash, _ = begun.rpartition("/")
        names = []
        with suppress(OSError), os.scandir(folder + slash or ".") as entries:
            for entry in entries:
                if entry.is_dir():
                    names.append(f"{folder}{slash}{entry.name}/")
                elif entry.name.endswith(endings):
                    names.append(f"{folder}{slash}{entry.name}")
        hidden = begun[len(folder + slash) :].startswith(".")
        return sorted(name for name in names if hidden or not name[len(folder + slash) :].startswith("."))

    return found


def _lessons(_: str) -> list[str]:
    from asyncmodes.lessons.pack import read_pack

    return [lesson.name for lesson in read_pack().lessons]


def _topics(_: str) -> Sequence[str]:
    from asyncmodes.topics import names

    return names()


_VALUES: Mapping[str, Callable[[str], Iterable[str]]] = {
    "mode": _modes,
    "baseline": _modes,
    "spec": _files(".toml", ".json"),
    "against": _files(".json"),
    "lesson": _lessons,
    "topic": _topics,
    "show_completion": lambda _: SHELLS,
}
