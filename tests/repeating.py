"""`make repeat`: the tests 20 times, in another random order each time, with every core busy.

As many run side by side as there are cores, so each bears the load of others. `TIMES=3 make repeat` takes less. After
a failure no further one begins; what it said is shown, and the command that shows it again.
"""

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def once(seed: int) -> tuple[list[str], float, subprocess.CompletedProcess[str]]:
    """Run all tests in the order of this seed: the command, its seconds, and how it ended."""
    command = [sys.executable, "-m", "pytest", "-q", f"--randomly-seed={seed}", f"--hypothesis-seed={seed}"]
    began = time.monotonic()
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return command, time.monotonic() - began, done


def main(times: int) -> int:
    """Run them so often; 0 if all of it passed."""
    lanes = os.cpu_count() or 1
    seeds = [random.SystemRandom().randrange(1 << 32) for _ in range(times)]
    with ThreadPoolExecutor(lanes) as pool:
        for number, (command, took, done) in enumerate(pool.map(once, seeds), 1):
            said = done.stdout.splitlines() or ["nothing was said"]
            print(f"{number:2} of {times}: {said[-1]} ({took:.0f} s in all, {lanes} side by side)", flush=True)
            if done.returncode:
                print(*said[-200:], f"again: {' '.join(command)}", sep="\n", flush=True)
                pool.shutdown(cancel_futures=True)
                return 1
    print(f"passed {times} times in a row, in another order each time")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(os.environ.get("TIMES") or 20)))
