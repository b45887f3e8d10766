"""What the executor and the prediction ask of a dispatch, where their own tests cannot tell."""

from dataclasses import replace

import pytest
from helpers import delays

from asyncmodes.dispatch import dispatch
from asyncmodes.modes import parse_mode


@pytest.mark.parametrize("mode", ["parallel", "batched=2", "limited=1+drop"])
@pytest.mark.parametrize("needs", [(), (0,)])
def test_what_is_closed_hands_nothing_out(mode, needs):
    """Closed before it began or while its first tasks run, a dispatch has no workers any more."""
    first, second = delays("1 1")
    tasks = [first, replace(second, needs=needs)]
    for begun in (False, True):
        handing_out = dispatch(tasks, parse_mode(mode))
        if begun:
            assert handing_out.portion()
        handing_out.close()
        assert not handing_out.portion()
