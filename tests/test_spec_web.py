"""URLs, headers and methods are found wrong before anything is sent."""

import pytest
import yarl
from hypothesis import example, given
from hypothesis import strategies as st

from asyncmodes.errors import UsageError
from asyncmodes.spec import Defaults
from asyncmodes.spec.web import check_data, check_header, check_method, check_url, masked, parse_header


@pytest.mark.parametrize(
    "url",
    [
        "http://h",
        "http://h/",
        "HTTPS://Example.ORG/a?b=c#d",
        "http://h:1/",
        "http://h:65535/",
        "http://h:/",
        "http://h?q",
        "http://h#f",
        "http://127.0.0.1:8000/",
        "http://[::1]:8000/",
        "http://[fe80::1%25eth0]/",
        "http://user:p@ss@h/",
        "http://user@h/",
        "http://a_b.example./",
        "http://müller.example/straße?x=ü",
        "http://h/a:b@c//d",
        "http://h/*",
    ],
)
def test_urls(url):
    """What aiohttp can request is let through."""
    check_url(url)
    assert yarl.URL(url).raw_host


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no complete URL"),
        ("h/path", "no complete URL"),
        ("http:h", "no complete URL"),
        ("http:/h/", "no complete URL"),
        ("//h/", "no complete URL"),
        ("ftp://h/", "scheme ftp"),
        ("file:///etc/passwd", "scheme file"),
        ("unix://run/x.sock", "scheme unix"),
        ("foo://x", "scheme foo"),
        ("http://", "no host"),
        ("http:///path", "no host"),
        ("http://:80/", "no host"),
        ("http://user@/", "no host"),
        ("http://?q", "no host"),
        ("http://[]/", "no host"),
        ("http://[::1", "no valid host"),
        ("http://::1/", "no valid host"),
        ("http://[::1]x/", "no valid host"),
        ("http://h:80:80/", "no valid host"),
        ("http://h:x/", "no valid host"),
        ("http://h:-1/", "no valid host"),
        ("http://h:٣/", "no valid host"),
        ("http://[::g]/", "cannot exist"),
        ("http://[1.2.3.4]/", "cannot exist"),
        ("http://[::1%a<b]/", "cannot exist"),
        ("http://h:0/", "port"),
        ("http://h:00/", "port"),
        ("http://h:65536/", "port"),
        ("http://h:99999/", "port"),
        ("http://h:" + "9" * 10_000 + "/", "port"),
        ("http://a..b/", "cannot exist"),
        ("http://.a/", "cannot exist"),
        ("http://" + "a" * 64 + ".example/", "cannot exist"),
        ("http://" + "a." * 200 + "example/", "cannot exist"),
        ("http://" + "ä" * 64 + ".example/", "cannot exist"),
        ("http://a<b/", "cannot exist"),
        ("http://a\\b/", "cannot exist"),
        ("http://a%20b/", "cannot exist"),
        ("http://ex℀mple.org/", "cannot exist"),
        ("http://ü:pw@h/", "percent-encoded"),
        ("http://[:pw@h/", "percent-encoded"),
        ("http://a b/", "white space"),
        ("http://h/a b", "white space"),
        (" http://h/", "white space"),
        ("http://h/\n", "white space"),
        ("http://h/\tx", "white space"),
        ("http://h/\u00a0", "white space"),
        ("http://h/\x00", "control"),
        ("http://h/\x1b[31m", "control"),
        ("http://h/\u202e", "control"),
        ("http://h/\ud800", "control"),
    ],
)
def test_urls_refused(url, said):
    """What cannot be requested is refused, in one short line."""
    with pytest.raises(UsageError) as caught:
        check_url(url, "argument 1")
    (problem,) = caught.value.problems
    assert problem.where == "argument 1"
    assert said in str(problem)
    assert "\n" not in str(problem)
    assert len(str(problem)) < 250


AUTHORITY = st.text(alphabet="abz09.-_:@[]%üß/?#\\~!$ ", max_size=20)


@given(AUTHORITY | st.text(max_size=20), st.text(max_size=10))
@example("a:b@c@d", "")
@example("[::1%25]", "")
@example("\\@0", "")
def test_what_is_let_through_can_be_requested(authority, rest):
    """No URL that passes here is refused by the library that sends it."""
    url = f"http://{authority}/{rest}"
    try:
        check_url(url)
    except UsageError:
        return
    parsed = yarl.URL(url)
    assert parsed.raw_host
    assert 1 <= parsed.port <= 65535


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://user:secret@h/", "http://user:***@h/"),
        ("http://user:se:cr@et@h:80/x?y#z", "http://user:***@h:80/x?y#z"),
        ("http://:secret@h", "http://:***@h"),
        ("http://user:@h/", "http://user:***@h/"),
        ("http://user@h/", "http://user@h/"),
        ("http://h/a:b@c", "http://h/a:b@c"),
        ("http://h/x//a:b@c", "http://h/x//a:b@c"),
        ("http://h?//a:b@c", "http://h?//a:b@c"),
    ],
)
def test_passwords_are_masked(url, target):
    """The password, and nothing else, is replaced."""
    assert masked(url) == target


@pytest.mark.parametrize(
    "url", ["http://u:secret@h:99999/", "ftp://u:secret@h/", "http://u:sec/ret@h/", "http://u:secret@h /"]
)
def test_errors_do_not_tell_passwords(url):
    """A message about a URL does not show the password in it."""
    with pytest.raises(UsageError) as caught:
        check_url(url)
    assert "ret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Accept: text/html", ("Accept", "text/html")),
        ("X-A:b:c", ("X-A", "b:c")),
        ("X: \t a b \t", ("X", "a b")),
        ("X:", ("X", "")),
        ("X: grün", ("X", "grün")),
        ("X: a\tb", ("X", "a\tb")),
    ],
)
def test_headers(text, header):
    """A header is a name, a colon and a value, without the white space around them."""
    assert parse_header(text) == header


@pytest.mark.parametrize(
    "text",
    ["", "secret", ": secret", "A B: secret", "Ä: secret", "A\n: secret", "A: secret\r\nB: c", "A: secret\x00",
     "A: secret\x7f", "A: secret\x85", "A: secret\ud800", "A(: secret"],
)  # fmt: skip
def test_headers_refused(text):
    """What cannot be sent as one header is refused, and its value is not shown."""
    with pytest.raises(UsageError) as caught:
        parse_header(text)
    (problem,) = caught.value.problems
    assert problem.where == "--header"
    assert "secret" not in str(problem)


def test_what_is_wrong_is_told_whole():
    """Each message tells the place, what is wrong, and what to write instead."""
    said = {
        "where: there is no colon in it; write 'Name: value'": lambda: parse_header("secret", "where"),
        "where: the value of A has line breaks or control characters; leave them out": lambda: parse_header(
            "A: \x9f", "where"
        ),
        "headers: 'A B' is no header name; write a name of ASCII letters, digits and hyphens, such as Accept": lambda: (
            check_header("A B", "")
        ),
        "headers: Content-Length is told by what is sent; leave it out": lambda: check_header("Content-Length", "1"),
        "method: 'GE T' is no HTTP method; write for example GET, POST or PUT": lambda: check_method("GE T"),
        "data: the character U+D800 stands there without its other half; write valid Unicode": lambda: check_data(
            "\ud800"
        ),
        "url: 'http://h/ ' has white space or control characters in it; write a space as %20": lambda: check_url(
            "http://h/ "
        ),
    }
    told = []
    for check in said.values():
        with pytest.raises(UsageError) as caught:
            check()
        told.append(str(caught.value.problems[0]))
    assert told == list(said)


def test_the_longest_host_name():
    """A host name has up to 253 characters."""
    name = ".".join(["a" * 63] * 3 + ["b" * 61])
    check_url(f"http://{name}/")
    with pytest.raises(UsageError, match="cannot exist"):
        check_url(f"http://{name}b/")


@given(st.text())
def test_any_header(text):
    """Any text is a header that HTTP can carry, or a usage error."""
    try:
        name, value = parse_header(text)
    except UsageError:
        return
    assert name
    assert not set(name + value) & set("\r\n\0")
    value.encode()


@pytest.mark.parametrize("method", ["", "GET /", "GE T", "GET\r\n", "GÉT"])
def test_methods_refused(method):
    """A method is one word of ASCII; a default is checked as it is made."""
    with pytest.raises(UsageError):
        check_method(method)
    with pytest.raises(UsageError, match="--method"):
        Defaults(method=method)
    check_method("PROPFIND")


def test_default_timeouts_are_above_zero():
    """A default timeout of nothing is refused as it is made."""
    with pytest.raises(UsageError, match="--timeout"):
        Defaults(timeout_ns=0)
