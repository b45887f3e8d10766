"""Hypothesis without deadlines, so that no test depends on the machine's speed, and signals as in a terminal."""

import os
import signal

from hypothesis import HealthCheck, settings

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("on-ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("on-ci" if os.environ.get("CI") else "here")

# A shell that starts the tests with & lets them inherit that SIGINT is ignored, and so would the programs they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
