"""The picture as SVG: well-formed, standalone, and with the same content as the terminal's."""

from itertools import pairwise
from xml.etree import ElementTree as ET

from asyncmodes.exports.svg import write_svg
from tests.comparisons import DISHES, TROUBLE, comparison, delay

SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_well_formed_and_standalone():
    """The document parses and refers to nothing outside itself."""
    written = write_svg(comparison(TROUBLE, ["parallel", "parallel+cancel", "limited=2"], "trouble"))
    root = ET.fromstring(written)
    assert root.tag == f"{SVG}svg"
    assert written.count("http") == 1
    assert "url(" not in written
    assert "@import" not in written


def test_every_bar_is_a_rectangle_in_its_place():
    """Sequential bars abut, and the longest task has the longest bar."""
    root = ET.fromstring(write_svg(comparison(DISHES, ["sequential"])))
    bars = [r for r in root.iter(f"{SVG}rect") if r.get("class") == "cyan"]
    edges = [(float(bar.get("x") or 0), float(bar.get("width") or 0)) for bar in bars]
    assert len(edges) == len(DISHES)
    assert all(a[0] + a[1] == b[0] for a, b in pairwise(edges))
    assert max(edges, key=lambda edge: edge[1]) == edges[0]


def test_hostile_names_stay_well_formed():
    """Markup, control characters and surrogates in names leave the document well-formed and inert."""
    name = "<script>&\"'\x1b\x00\ud800\u202e"
    root = ET.fromstring(write_svg(comparison([delay(name, 5)], ["parallel"], name)))
    assert "<script>" in "".join(root.itertext())
    assert not list(root.iter(f"{SVG}script"))
