"""Hypothesis without deadlines, so that no test depends on the machine's speed; the same examples each time on CI."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("on-ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("on-ci" if os.environ.get("CI") else "here")
