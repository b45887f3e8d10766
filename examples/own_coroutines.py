"""Your own coroutines in several modes: run it with `python examples/own_coroutines.py`."""

import asyncio

import asyncmodes


async def fetch_user() -> str:
    await asyncio.sleep(0.2)
    return "Ada"


async def fetch_weather() -> str:
    await asyncio.sleep(0.3)
    raise ConnectionError("the weather service is down")


tasks = [asyncmodes.call(fetch_user), asyncmodes.call(fetch_weather), *asyncmodes.words("tea=150ms")]
comparison = asyncmodes.compare(tasks, ["sequential", "parallel", "settled"], title="breakfast", clock="virtual")
print(asyncmodes.render(comparison, width=90))
print("the user is", comparison.runs[-1].span(0).detail["result"])
