#!/bin/sh
# What CI runs, and what you can run before you push. Options are passed on: sh examples/ci/check.sh --strict
# Exits 3 if an expectation or the reference is missed. Results are kept in .asyncmodes (or where RESULTS says).
set -eu
here=$(dirname "$0")
results=${RESULTS:-.asyncmodes}
mkdir -p "$results"
summary=${GITHUB_STEP_SUMMARY:+--summary}

# On the virtual clock figures are exact: the same on every machine, and never flaky.
asyncmodes compare --spec "$here/tasks.toml" --clock virtual --rows 0 -m sequential -m limited=8 -m parallel $summary \
  --expect 'limited=8 <= 0.13 sequential' --expect 'limited=8.failed == 0' --expect 'parallel >= 4 limited=8'

# Measured figures have noise: several runs, bounds with room, and a reference from the last run that passed.
set -- --expect 'limited=4 <= 0.7 sequential' --expect 'limited=4.failed == 0' "$@"
if [ -f "$results/base.json" ]; then set -- --against "$results/base.json" --max-slowdown 50% "$@"; fi
asyncmodes compare --spec "$here/requests.toml" --runs 5 --rows 0 -m sequential -m limited=4 $summary \
  -o "$results/new.json" "$@"
mv "$results/new.json" "$results/base.json"
