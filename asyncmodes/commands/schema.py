"""The command `schema`: the JSON Schemas of what asyncmodes reads and writes."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from asyncmodes.commands.options import Options
from asyncmodes.commands.output import write_stdout
from asyncmodes.errors import UsageError


class SchemaOptions(Options):
    """What `schema` can be told."""

    what: Annotated[str, typer.Argument(metavar="spec|result", help="The schema of spec files, or of results.")]


def schema(options: SchemaOptions) -> int:
    """Print the JSON Schema (draft 2020-12) of spec files or of results.

    Editors complete spec files by it: asyncmodes schema spec > asyncmodes.schema.json
    """
    if options.what not in _SCHEMAS:
        raise UsageError.at("schema", f"there is none of {options.what[:60]!r}", f"write {' or '.join(_SCHEMAS)}")
    write_stdout(json.dumps(_SCHEMAS[options.what](), indent=2) + "\n")
    return 0


def _spec() -> dict[str, Any]:
    from asyncmodes.spec.schema import spec_schema

    return spec_schema()


def _result() -> dict[str, Any]:
    from asyncmodes.exports.result_schema import result_schema

    return result_schema()


_SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {"spec": _spec, "result": _result}
