"""The shape of a spec file. Only a spec file that is read needs this module, and with it pydantic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Required

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationInfo
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12, and brings it

from asyncmodes.capacity import MOST_CAPACITY
from asyncmodes.spec.durations import parse_delay, parse_duration, parse_timeout
from asyncmodes.spec.paths import Files
from asyncmodes.spec.servers import parse_overload, server_of
from asyncmodes.spec.web import check_data, check_header, check_method, check_url


def _checked(check: Callable[[str], Any]) -> AfterValidator:
    """Lets `check` object to a text, and passes the text on: it is read where it is used."""

    def passed(text: str) -> str:
        check(text)
        return text

    return AfterValidator(passed)


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        check_header(name, value)
    return headers


def _check_file(text: str, info: ValidationInfo) -> str:
    files = info.context
    assert isinstance(files, Files)
    files.expand(text)
    return text


Text = Annotated[str, Field(min_length=1)]
Status = Annotated[int, Field(ge=100, le=999)]
_STRICT = ConfigDict(strict=True, extra="forbid")


class TaskTable(TypedDict, total=False):
    """One `[[tasks]]`: a delay, a block, CPU work, a fake request, a URL or a file, and what is said about it."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]  # where pydantic looks for it

    name: Text
    delay: Annotated[str, _checked(parse_delay)]
    block: Annotated[str, _checked(parse_delay)]
    cpu: Annotated[str, _checked(parse_delay)]
    request: Annotated[str, _checked(parse_delay)]
    url: Annotated[str, _checked(check_url)]
    file: Annotated[str, AfterValidator(_check_file)]
    fails: bool | Text
    cpu_in: Literal["inline", "thread", "process"]
    timeout: Annotated[str, _checked(parse_timeout)]
    repeat: Annotated[int, Field(ge=1)]
    headers: Annotated[dict[str, str], AfterValidator(_check_headers)]
    method: Annotated[str, _checked(check_method)]
    data: Annotated[str, _checked(check_data)]
    expect_status: Status | Annotated[list[Status], Field(min_length=1)]


class ServerTable(TypedDict, total=False):
    """The `[server]` that fake requests and URLs that are just a path go to."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]  # where pydantic looks for it

    capacity: Annotated[int, Field(ge=1, le=MOST_CAPACITY)]
    overload: Annotated[str, _checked(parse_overload)]
    latency: Annotated[str, _checked(parse_duration)]
    reject_latency: Annotated[str, _checked(parse_duration)]
    jitter: Annotated[str, _checked(parse_duration)]
    fail_rate: Annotated[float, Field(ge=0, le=1)]
    seed: int


def _check_server(table: ServerTable) -> ServerTable:
    server_of(table, "server")
    return table


class SpecTable(TypedDict, total=False):
    """A whole spec file."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]  # where pydantic looks for it

    title: str
    server: Annotated[ServerTable, AfterValidator(_check_server)]
    tasks: Required[Annotated[list[TaskTable], Field(min_length=1)]]


SPEC = TypeAdapter(SpecTable)
