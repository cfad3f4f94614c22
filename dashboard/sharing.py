"""Scenarios that come from outside or go there: files and links, checked as the command line checks them."""

import base64
import binascii
import json
import tempfile
import zlib
from pathlib import Path
from typing import Any

from scenarios.scenario import Bilingual, Scenario, examine
from scenarios.source import MAX_BYTES, Mistake
from simulation.cli_scenarios import find_mistakes

LONGEST_LINK = 8_000  # characters
LONGEST_TITLE = 60


def check(text: str) -> tuple[Scenario | None, tuple[Mistake, ...]]:
    """Return the scenario of a file's text, or every mistake in it."""
    if len(text) > MAX_BYTES:
        return None, (Mistake(None, f"larger than {MAX_BYTES // 1000} kB, which no scenario needs"),)
    with tempfile.TemporaryDirectory(prefix="yongwen-") as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text, encoding="utf-8", errors="replace")
        if mistakes := find_mistakes(path):
            return None, mistakes
        scenario, mistakes = examine(path)
    return (scenario.model_copy(update={"extends": None}) if scenario else None), mistakes


def encode(scenario: Scenario) -> str:
    """Return a scenario as a text that fits into an address."""
    content = scenario.model_dump(mode="json", exclude_defaults=True, exclude={"extends"})
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).rstrip(b"=").decode()


def decode(code: str) -> tuple[Scenario | None, tuple[Mistake, ...]]:
    """Return the scenario of a link, or what is wrong with it."""
    try:
        if len(code) > LONGEST_LINK:
            raise ValueError("too long")
        packed = base64.urlsafe_b64decode(code.encode("ascii") + b"=" * (-len(code) % 4))
        unpacked = zlib.decompressobj()
        text = unpacked.decompress(packed, MAX_BYTES).decode()
        if not unpacked.eof:
            raise ValueError("cut short, or larger than a scenario can be")
    except (ValueError, binascii.Error, zlib.error):
        return None, (Mistake(None, "the link is damaged or was cut short"),)
    return check(text)


def renamed(scenario: Scenario, title: str) -> Scenario:
    """Return a scenario under another title, in both languages; what it does stays the same."""
    title = " ".join(title.split())[:LONGEST_TITLE]
    if not title or title in {scenario.title.zh, scenario.title.en}:
        return scenario
    text = Bilingual(en=title, zh=title)
    slug = "".join(character if character.isascii() and character.isalnum() else "_" for character in title)
    slug = "_".join(part for part in slug.lower().split("_") if part).lstrip("0123456789_")[:40]
    change: dict[str, Any] = {
        "title": text,
        "name": slug if len(slug) > 1 else "my_scenario",
        "extends": None,
    }
    return scenario.model_copy(update=change)
