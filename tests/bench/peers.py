"""What others offer for the same, where it is installed: Node.js with p-limit and p-map, aiometer."""

import importlib.util
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

NODE_MODULES = Path(".bench")
_SCRIPT = Path(__file__).with_name("peers.mjs")


def node_peers(count: int, limit: int) -> dict[str, Callable[[], float]]:
    """For each that can run here, what gives the seconds that it needs for so many tasks that do nothing."""
    if shutil.which("node") is None:
        return {}
    names = ["Promise.all", *(name for name in ("p-limit", "p-map") if _node_has(name))]
    return {name: partial(_node_seconds, name, count, limit) for name in names}


def _node_has(name: str) -> bool:
    """Whether the library is there, or npm could fetch it into a folder that git ignores."""
    if not (NODE_MODULES / "node_modules" / name).is_dir() and (npm := shutil.which("npm")):
        NODE_MODULES.mkdir(exist_ok=True)
        command = [npm, "install", "--prefix", str(NODE_MODULES), "--silent", "--no-audit", "--no-fund", name]
        subprocess.run(command, check=False, capture_output=True)
    return (NODE_MODULES / "node_modules" / name).is_dir()


def _node_seconds(name: str, count: int, limit: int) -> float:
    command = ["node", str(_SCRIPT.resolve()), name, str(count), str(limit)]
    folder = NODE_MODULES if NODE_MODULES.is_dir() else None
    return float(subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout)


def aiometer_peer(
    function: Callable[[], Awaitable[None]], count: int, limit: int
) -> Callable[[], Awaitable[None]] | None:
    """What runs the function so often by aiometer; None where that is not installed."""
    if importlib.util.find_spec("aiometer") is None:
        return None
    import aiometer

    async def run() -> None:
        await aiometer.run_all([function] * count, max_at_once=limit)

    return run
