"""Proxies and netrc of the environment, where they are to be used: what is wrong with them is said before a run."""

import os

import pytest

from asyncmodes.errors import UsageError
from asyncmodes.sources.environment import check_environment

HOW = "or leave out --trust-env"


@pytest.fixture(autouse=True)
def bare(tmp_path, monkeypatch):
    """An environment with neither."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "NETRC":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def refused() -> str:
    """What is said of this environment."""
    with pytest.raises(UsageError) as caught:
        check_environment()
    (problem,) = caught.value.problems
    return str(problem)


def test_what_can_be_used(bare, monkeypatch):
    """Nothing at all, proxies with and without a password, and a netrc file."""
    check_environment()
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("https_proxy", "http://user:secret@[::1]:3128")
    monkeypatch.setenv("no_proxy", "localhost")
    monkeypatch.setenv("ftp_proxy", "nonsense")
    (bare / ".netrc").write_text("machine h login u password p\n")
    (bare / ".netrc").chmod(0o600)
    check_environment()


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("garbage", "garbage"),
        ("https://h:1", "https://h:1"),
        ("socks5://h:1", "socks5://h:1"),
        ("http://", "http://"),
        ("http://u:secret@h:99999", "http://u:***@h:99999"),
    ],
)
@pytest.mark.parametrize("name", ["http_proxy", "https_proxy"])
def test_a_proxy_that_is_none(monkeypatch, name, proxy, shown):
    """Also one that aiohttp would pass by; its password is not told."""
    monkeypatch.setenv(name, proxy)
    assert refused() == f"{name}: {shown!r} is no proxy that can be used; write http://host:port, {HOW}"


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
def test_a_netrc_that_would_be_waited_for(bare, monkeypatch):
    """A pipe that nobody writes to, a device that never ends, and one that is not there."""
    os.mkfifo(bare / "pipe")
    for path, what in (
        (bare / "pipe", "it is no regular file"),
        ("/dev/zero", "it is no regular file"),
        (bare / "none", "there is no such file"),
    ):
        monkeypatch.setenv("NETRC", str(path))
        assert refused() == f"netrc {path}: {what}; mend it, name another in NETRC, {HOW}"


def test_a_netrc_that_cannot_be_read(bare):
    """Whatever is in it."""
    path = bare / ".netrc"
    for data, why in ((b"\xff", "'utf-8' codec"), (b"machine\n", "missing 'machine' name")):
        path.write_bytes(data)
        assert refused().startswith(f"netrc {path}: it cannot be read ({why}")
