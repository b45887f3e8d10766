"""Whether the proxies and the netrc file of the environment can be used, asked before anything runs.

aiohttp reads them in the midst of a run: a file that never ends would be waited for without any timeout, a proxy that
it does not support would be passed by, and a mistake in either would be said of the URL.
"""

from __future__ import annotations

import os
import sys
from netrc import NetrcParseError, netrc
from pathlib import Path
from urllib.request import getproxies

from yarl import URL

from asyncmodes.errors import UsageError
from asyncmodes.text import without_passwords

_HOW = "or leave out --trust-env"
_SHOWN = 60


def check_environment() -> None:
    """Raise UsageError if a proxy that the environment names, or the netrc file, is of no use."""
    for scheme, proxy in getproxies().items():
        if scheme in ("http", "https"):
            _check_proxy(f"{scheme}_proxy", proxy)
    _check_netrc()


def _check_proxy(where: str, proxy: str) -> None:
    shown = repr(without_passwords(proxy[:_SHOWN]))
    try:
        url = URL(proxy)
        usable = url.scheme == "http" and bool(url.host) and url.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise UsageError.at(where, f"{shown} is no proxy that can be used", f"write http://host:port, {_HOW}")


def _check_netrc() -> None:
    named = os.environ.get("NETRC")
    path = Path(named or os.path.expanduser("~/.netrc" if sys.platform != "win32" else "~/_netrc"))
    where = f"netrc {path}"
    try:
        if not named and not path.exists():
            return
        if path.is_file():
            netrc(str(path))
            return
        what = "it is no regular file" if path.exists() else "there is no such file"
    except (OSError, ValueError, NetrcParseError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "msg", None) or str(error)
        what = f"it cannot be read ({reason})"
    raise UsageError.at(where, what, f"mend it, name another in NETRC, {_HOW}")
