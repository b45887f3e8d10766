"""Fuzzes one target in this process: `python -m tests.fuzz.one TARGET` and libFuzzer's own options."""

import sys

import atheris

with atheris.instrument_imports(include=["asyncmodes"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS

target = TARGETS[sys.argv[1]]
atheris.Setup([sys.argv[0], *sys.argv[2:]], target.check)
atheris.Fuzz()
