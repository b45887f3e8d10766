"""What went wrong with a request, from aiohttp's errors and the operating system's to a failure of the record.

A failure's type is a word of this list, and otherwise the name of Python's class for what the operating
system said, such as ConnectionRefusedError:

    HTTPStatus          the status is none of the expected ones
    TooLarge            the body is larger than allowed
    MalformedResponse   what came is no HTTP, or cannot be decoded
    IncompleteBody      the connection ended before the body did
    Disconnected        the connection ended without an answer
    HostNotFound        the host's name has no address
    Certificate         the server's certificate is not trusted, or is another host's
    TLS                 no encrypted connection came about
    TooManyRedirects    more than ten
    BadRedirect         to something that is no http or https URL
    InvalidRequest      the URL or a header cannot be sent
    Proxy               the proxy refused
"""

from __future__ import annotations

import socket
import ssl

import aiohttp
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError
from yarl import URL

from asyncmodes.sources.decoding import Undecodable
from asyncmodes.sources.resources import one_line, system_text
from asyncmodes.tasks import Failure, Request

MOST_REDIRECTS = 10


def failure_of(error: Exception, work: Request) -> Failure:
    """The failure that an error of aiohttp's or the operating system's stands for; no text has the password."""
    kind, text = _said(error)
    return Failure(kind, "the text of this error would show the password" if has_secret(text, work.url) else text)


def _said(error: Exception) -> tuple[str, str]:
    match error:
        case aiohttp.TooManyRedirects():
            return "TooManyRedirects", f"redirected more than {MOST_REDIRECTS} times"
        case aiohttp.RedirectClientError():
            return "BadRedirect", "redirected to something that is no http or https URL" + _scheme(error)
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "InvalidRequest", _invalid_url(error)
        case aiohttp.ClientHttpProxyError():
            return "Proxy", f"the proxy answered {error.status} {one_line(error.message)}".strip()
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
            return "Certificate", f"the certificate of {_place(error)} is not accepted: {one_line(reason)}"
        case aiohttp.ClientConnectorSSLError():
            return "TLS", f"no TLS connection with {_place(error)}: {_tls_reason(error.os_error)}"
        case aiohttp.ClientConnectorDNSError(os_error=socket.gaierror()):
            return "HostNotFound", f"cannot find host {error.host}: {system_text(error.os_error)}"
        case aiohttp.ClientProxyConnectionError():
            text = f"cannot connect to the proxy {_place(error)}: {system_text(error.os_error)}"
            return type(error.os_error).__name__, text
        case aiohttp.ClientConnectorError():
            text = f"cannot connect to {_place(error)}: {system_text(error.os_error)}"
            return type(error.os_error).__name__, text
        case aiohttp.ServerDisconnectedError():
            return "Disconnected", "the server closed the connection without a complete answer"
        case aiohttp.ClientPayloadError():
            return _payload_said(error)
        case aiohttp.ClientResponseError() | HttpProcessingError():
            # aiohttp gives its parser's errors the status 400, which no server has sent.
            return "MalformedResponse", f"malformed response: {_parser_text(error.message)}"
        case ssl.SSLError():
            return "TLS", f"the TLS connection broke: {_tls_reason(error)}"
        case OSError():
            return type(OSError(error.errno, "")).__name__ if error.errno else _plain_name(error), system_text(error)
        case Undecodable():
            return "MalformedResponse", f"malformed response: {error}"
        case ValueError():
            return "InvalidRequest", one_line(str(error)) or type(error).__name__
    return _plain_name(error), one_line(str(error)) or type(error).__name__


def _payload_said(error: aiohttp.ClientPayloadError) -> tuple[str, str]:
    cause = error.__cause__
    if isinstance(cause, ContentLengthError | TransferEncodingError):
        if "ConnectionResetError" in str(error):  # its only trace
            return "IncompleteBody", "the connection was reset in the middle of the body"
        return "IncompleteBody", f"the body ended too early: {_parser_text(cause.message)}"
    if isinstance(cause, HttpProcessingError):
        return "MalformedResponse", f"malformed response: {_parser_text(cause.message)}"
    return "IncompleteBody", one_line(str(error)) or "the body could not be read"


def _parser_text(message: str) -> str:
    """The parser's message in one line, without the caret that points at a place in the line above it."""
    lines = (line for line in message.splitlines() if line.strip() != "^")
    return one_line(" ".join(lines)) or "it is no HTTP"


def _scheme(error: Exception) -> str:
    """The scheme of the URL that an error is about, as the end of a sentence."""
    scheme, colon, _ = str(error.args[0] if error.args else "").partition(":")
    return f" ({scheme}:)" if colon and scheme.isalnum() else ""


def _invalid_url(error: Exception) -> str:
    reason = getattr(error, "description", None)
    return "not a URL that can be requested" + (f": {one_line(reason)}" if reason else "")


def _tls_reason(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return f"the answer is no TLS ({reason}); is this an http:// port?"
    return one_line(reason or error.strerror or str(error)) or type(error).__name__


def _place(error: aiohttp.ClientConnectorError) -> str:
    host = f"[{error.host}]" if ":" in error.host else error.host
    return f"{host}:{error.port}"


def _plain_name(error: Exception) -> str:
    """A class's name without what every one of aiohttp's has."""
    return type(error).__name__.removeprefix("Client").removesuffix("Error") or "Request"


def has_secret(text: str, url: str) -> bool:
    """Whether the URL's password stands in the text; a very short one counts only where a URL would have it."""
    try:
        parsed = URL(url)
        secrets = {parsed.password, parsed.raw_password}
    except ValueError:
        user_info = url.partition("://")[2].split("/", 1)[0].rpartition("@")[0]
        secrets = {user_info.partition(":")[2]}
    return any(f":{secret}@" in text or (len(secret) > 3 and secret in text) for secret in secrets if secret)
