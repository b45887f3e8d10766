"""Topics as JSON, for scripts. Times are seconds, as in the JSON of comparisons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from asyncmodes.exports.json import SCHEMA_VERSION, as_document
from asyncmodes.topics import Played, Topic


def write_contents(topics: Iterable[Topic]) -> str:
    """What topics there are: `{"schema_version": 1, "topics": [{"name": …, "group": …, …}]}`."""
    return _json({"topics": [_head(topic) for topic in topics]})


def write_topic(topic: Topic, played: Sequence[Played], languages: Sequence[str]) -> str:
    """A whole topic with its scenes, each with its code, tasks and run; the code in these languages."""
    texts = {key: getattr(topic, key) for key in ("paragraph", "on_failure", "when", "when_not")}
    code = {language: topic.code[language] for language in languages if language in topic.code}
    scenes = [_scene(each, languages) for each in played]
    return _json({**_head(topic), **texts, "see": list(topic.see), "code": code, "scenes": scenes})


def _head(topic: Topic) -> dict[str, object]:
    keys = ("name", "group", "title", "summary")
    return {key: getattr(topic, key) for key in keys} | {"aliases": list(topic.aliases)}


def _scene(played: Played, languages: Sequence[str]) -> dict[str, object]:
    scene = played.scene
    document = as_document(played.comparison)
    runs = document["runs"]
    assert isinstance(runs, list)
    return {
        "title": scene.title,
        "verdict": scene.verdict or None,
        "mode": str(scene.mode),
        "words": list(scene.words),
        "server": scene.server_words,
        "code": {language: scene.code[language] for language in languages if language in scene.code},
        "ends": {language: scene.ends[language] for language in languages if language in scene.ends},
        "interrupted": document["interrupted"],
        "clock": document["clock"],
        "run": runs[0],
    }


def _json(document: dict[str, object]) -> str:
    return json.dumps({"schema_version": SCHEMA_VERSION, **document}, indent=1, allow_nan=False) + "\n"
