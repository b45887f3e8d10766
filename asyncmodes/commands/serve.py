"""The command `serve`: a server to try things on, until it is interrupted."""

import asyncio
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmodes.commands.options import Options
from asyncmodes.commands.output import note, write_stdout
from asyncmodes.commands.signals import Signals
from asyncmodes.errors import Problem, UsageError

if TYPE_CHECKING:
    from asyncmodes.capacity import Server


class ServeOptions(Options):
    """What `serve` can be told."""

    host: Annotated[str, typer.Option(metavar="HOST", help="Where to listen; others can reach it only if told so.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, typer.Option(metavar="N", help="The port; 0 is any that is free.")] = 0
    latency: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long a request takes that does not say it, such as 50ms.")
    ] = None
    jitter: Annotated[
        str | None, typer.Option(metavar="TIME", help="The most by which a request takes more or less than that.")
    ] = None
    capacity: Annotated[
        str | None, typer.Option(metavar="N", help="How many requests it can serve at once (default: any number).")
    ] = None
    overload: Annotated[
        str | None,
        typer.Option(
            metavar="queue|slow|reject|usl:σ,κ",
            help="What becomes of more: they wait, slow each other down, or get status 503.",
        ),
    ] = None
    reject_latency: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long it takes to reject a request (default: 20ms).")
    ] = None
    fail_rate: Annotated[
        str | None, typer.Option(metavar="SHARE", help="How many fail with status 500, from 0 to 1.")
    ] = None
    seed: Annotated[str | None, typer.Option(metavar="N", help="For jitter and failures: the same, the same luck.")] = (
        None
    )

    @property
    def server(self) -> "Server":
        """The server that this describes. Raises UsageError in the words of the options."""
        from asyncmodes.spec.servers import SERVER_ALLOWED, server_of

        said = {key: value for key in SERVER_ALLOWED if (value := getattr(self, key)) is not None}
        try:
            return server_of(said, "serve")
        except UsageError as error:
            raise UsageError(*map(_as_option, error.problems)) from None


def _as_option(problem: Problem) -> Problem:
    _, _, key = problem.where.partition(": ")
    where = f"--{key.replace('_', '-')}" if key else "asyncmodes serve"
    return Problem(where, problem.what, problem.instead)


def serve(options: ServeOptions) -> int:
    """Start a server that can be slow, overloaded and unreliable, to try things on.

    Its address is the first line on standard output; its front page lists its paths, such as /delay/300ms. Ctrl-C
    stops it, with exit code 130 (SIGTERM: 143).
    """
    server = options.server
    from asyncmodes.server import address_of, bound

    with Signals() as signals, bound(options.host, options.port) as listener:
        if not _is_loopback(listener):
            note(f"warning: other machines can reach {address_of(listener)}; leave out --host to keep it to yourself")
        with asyncio.Runner() as runner:
            signals.run(lambda: _served(server, listener), runner)
    return 128 + (signals.received or 0)


async def _served(server: "Server", listener: socket.socket) -> None:
    from asyncmodes.server import Demo, address_of, serving

    try:
        async with serving(Demo(server), listener):
            write_stdout(f"{address_of(listener)}\n")
            await asyncio.Event().wait()
    except asyncio.CancelledError:  # interrupted, as is meant to be
        pass


def _is_loopback(listener: socket.socket) -> bool:
    from ipaddress import ip_address

    return ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback
