"""What can be wrong with a request before it is sent: its URL, its headers, its method."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from asyncmodes.errors import UsageError
from asyncmodes.spec.pages import page_of
from asyncmodes.spec.wording import shown

_PASSWORD = re.compile(r"\A([^/?#]*//[^/?#:@]*:)[^/?#]*@")
_USER = re.compile(r"[^/?#]*//[^/?#]*@")
_HTTP = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*))(?::([0-9]*))?")
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_ZONE = re.compile(r"[A-Za-z0-9._~-]+")
_FRAMING = {"content-length", "transfer-encoding"}  # one that is wrong lets both sides wait for ever
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def masked(url: str) -> str:
    """The URL with its password replaced by `***`."""
    return _PASSWORD.sub(r"\1***@", url) if "@" in url else url


def check_credentials(url: str, headers: Iterable[tuple[str, str]], where: str) -> None:
    """Raise UsageError at `where` if a request would have two authorizations: that of its URL, and a header."""
    if "@" in url and _USER.match(url) and any(name.lower() == "authorization" for name, _ in headers):
        what = f"{shown(url)} has a user in it, and there is an Authorization header too"
        raise UsageError.at(where, what, "leave one of them out")


class _Fault(NamedTuple):
    what: str
    instead: str


def check_url(url: str, where: str = "url") -> None:
    """Raise UsageError at `where` unless this is an http or https URL that can be requested.

    A URL that is just a path has to be one of the demo server's.
    """
    if url.startswith("/") and not url.startswith("//"):
        page_of(url, where)
        return
    if fault := _fault(url):
        raise UsageError.at(where, f"{shown(url)} {fault.what}", fault.instead)


def _fault(url: str) -> _Fault | None:
    if " " in url or not url.isprintable():
        return _Fault("has white space or control characters in it", "write a space as %20")
    match = _HTTP.match(url)
    if match:
        return _authority_fault(match[1])
    scheme = _SCHEME.match(url)
    found = f"has the scheme {scheme[1][:20]}" if scheme else "is no complete URL"
    return _Fault(found, "write one that begins with http:// or https://")


@lru_cache(maxsize=256)  # many URLs, few hosts
def _authority_fault(authority: str) -> _Fault | None:
    """What is wrong with what stands between `//` and the path, if anything."""
    userinfo, _, address = authority.rpartition("@")
    if not userinfo.isascii() or not {"[", "]", "\\"}.isdisjoint(userinfo):
        what = "has a user or password with brackets, a backslash or non-ASCII characters"
        return _Fault(what, "write them percent-encoded")
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return _Fault("has no valid host and port", "write for example http://localhost:8000/ or http://[::1]:8000/")
    ipv6, name, port = match.groups(default="")
    if not ipv6 and not name:
        return _Fault("has no host", "write for example https://example.org/")
    if port and not (len(port) <= 5 and 1 <= int(port) <= 65535):
        return _Fault("has a port that does not exist", "write a port from 1 to 65535")
    if not (_is_ipv6(ipv6) if ipv6 else _is_host_name(name)):
        return _Fault("has a host that cannot exist", "write a host name or an address, an IPv6 one in [ ]")
    return None


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address

    address, percent, zone = text.partition("%")
    try:
        IPv6Address(address)
    except ValueError:
        return False
    return not percent or _ZONE.fullmatch(zone) is not None


def _is_host_name(text: str) -> bool:
    try:
        name = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return len(name) <= 253 and _HOST_NAME.fullmatch(name) is not None


def parse_header(text: str, where: str = "--header") -> tuple[str, str]:
    """Read `Name: value`. Raises UsageError at `where`; no message repeats the value, which may be a secret."""
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError.at(where, "there is no colon in it", "write 'Name: value'")
    name, value = name.strip(" \t"), value.strip(" \t")
    check_header(name, value, where)
    return name, value


def check_header(name: str, value: str, where: str = "headers") -> None:
    """Raise UsageError at `where` unless these can be sent; a value's non-ASCII characters are sent as UTF-8."""
    if not _TOKEN.fullmatch(name):
        raise UsageError.at(
            where,
            f"{shown(name)} is no header name",
            "write a name of ASCII letters, digits and hyphens, such as Accept",
        )
    if name.lower() in _FRAMING:
        raise UsageError.at(where, f"{name} is told by what is sent", "leave it out")
    if any((character < " " and character != "\t") or "\x7f" <= character <= "\x9f" for character in value):
        raise UsageError.at(where, f"the value of {name} has line breaks or control characters", "leave them out")
    check_data(value, where)


def check_data(text: str, where: str = "data") -> None:
    """Raise UsageError at `where` if the text cannot be sent as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = f"the character U+{ord(text[error.start]):04X} stands there without its other half"
        raise UsageError.at(where, found, "write valid Unicode") from None


def check_method(text: str, where: str = "method") -> None:
    """Raise UsageError at `where` unless the text has the form of an HTTP method."""
    if not _TOKEN.fullmatch(text):
        raise UsageError.at(where, f"{shown(text)} is no HTTP method", "write for example GET, POST or PUT")
