"""The sanitiser, character by character; what holds for any text stands in test_hostile_text.py."""

import pytest

from asyncmodes.text import clean, without_passwords


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ascii [red]", "plain ascii [red]"),
        ("äöü 漢字 🍞", "äöü 漢字 🍞"),
        ("a\tb\n", "a\\x09b\\x0a"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x7f\x85\x9b", "\\x7f\\x85\\x9b"),
        ("\xad", "\\xad"),
        ("\u0378", "\\u0378"),  # unassigned
        ("\u200d\u2028\u2029\u202e", "\\u200d\\u2028\\u2029\\u202e"),
        ("\ud800", "\\ud800"),
        ("\ue000\uffff", "\\ue000\\uffff"),
        ("\U000e0041\U0010ffff", "\\U000e0041\\U0010ffff"),
        ("🇦🇩🇿", "ADZ"),
        ("🇦\u0301", "A\u0301"),
        ("👍🏻👍🏿", "👍👍"),
        ("❤\ufe00❤\ufe0f", "❤❤"),
        ("\u0301" * 9, "\u0301" * 4),
        ("e" + "\u0301" * 4, "e" + "\u0301" * 4),
        ("e" + "\u0301" * 9 + "e\u0301", "e" + "\u0301" * 4 + "e\u0301"),
        ("e" + "\u0301\u20dd" * 3, "e" + "\u0301\u20dd" * 2),  # marks that enclose count too
    ],
)
def test_each_kind_of_character(text, shown):
    """What is safe stays, what could steer a terminal is spelled out, and what terminals differ about is dropped."""
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no address at all: here", "no address at all: here"),
        ("http://me:secret@host/path", "http://me:***@host/path"),
        ("http://:secret@host", "http://:***@host"),
        ("me:secret@host and you:other@host", "me:***@host and you:***@host"),
        ("http://me@host:80/a@b", "http://me@host:80/a@b"),
        ("http://host:80/@", "http://host:80/@"),
    ],
)
def test_passwords_are_hidden(text, shown):
    """The user's name is told, the password never, wherever in a text the URL stands."""
    assert without_passwords(text) == shown
