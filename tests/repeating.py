"""`make repeat`: the tests 20 times in a row, in another random order each time, while the other cores are kept busy.

`TIMES=3 make repeat` takes less. The first failure ends it, with what was said and the seed that shows it again.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    pass\n"  # it ends with who started it


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep so many cores at work, each by a process that does nothing else."""
    loops = [subprocess.Popen([sys.executable, "-S", "-c", _BUSY]) for _ in range(cores)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def main(times: int) -> int:
    """Run them so often; 0 if all of it passed."""
    cores = max((os.cpu_count() or 1) - 1, 1)
    with busy(cores):
        for number in range(1, times + 1):
            seed = random.SystemRandom().randrange(1 << 32)
            command = [sys.executable, "-m", "pytest", "-q", f"--randomly-seed={seed}", f"--hypothesis-seed={seed}"]
            began = time.monotonic()
            done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            said = done.stdout.splitlines() or ["nothing was said"]
            took = time.monotonic() - began
            print(
                f"{number:2} of {times}, seed {seed:10}: {said[-1]} ({took:.0f} s in all, busy loops: {cores})",
                flush=True,
            )
            if done.returncode:
                print(*said[-200:], f"again: {' '.join(command)}", sep="\n")
                return 1
    print(f"passed {times} times in a row, in another order each time")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(os.environ.get("TIMES") or 20)))
