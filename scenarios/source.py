"""Read a YAML text so that every entry keeps its line, and refuse what no scenario or experiment needs.

The text is looked at as a stream of events first: aliases (with which a small text can stand for a huge one),
tags and deep nesting are refused before anything is built from them.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

MAX_BYTES = 100_000
MAX_DEPTH = 10
SCENARIO_SHAPE = "a scenario is a mapping with name, title, description and levers"
_TAG = "tag:yaml.org,2002:"
# Dates stay as they are written: a scenario has quarters.
_SCALARS = {_TAG + kind for kind in ("int", "float", "bool", "null")}

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong in a file, and the line it stands in (None: the file as a whole)."""

    line: int | None
    what: str

    def __str__(self) -> str:
        """Return the mistake as part of a sentence."""
        return self.what if self.line is None else f"line {self.line}: {self.what}"


@dataclass(frozen=True)
class Source:
    """What a file says: plain values, the line of each entry, and mistakes of form."""

    content: dict[str, Any] = field(default_factory=dict)
    lines: Mapping[Location, int] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    def line(self, location: Location) -> int:
        """Return the line of an entry, or of the nearest entry around it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read_source(path: Path, shape: str = SCENARIO_SHAPE) -> Source:
    """Read a YAML file that holds one mapping; what is wrong with its form is among its mistakes.

    `shape` says what the file should be where it is no mapping.
    """
    try:
        text = _text(path)
        if refused := tuple(_refused(text)):
            return Source(mistakes=refused)
        root = _yaml().compose(text)
    except OSError as error:
        return _broken(None, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return _broken(None, "is not written in UTF-8")
    except YAMLError as error:
        return _broken(*_where_and_why(error))
    if not isinstance(root, MappingNode):
        return _broken(1, shape)
    builder = _Builder()
    content = builder.mapping(root, ())
    return Source(content, builder.lines, tuple(builder.mistakes))


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise YAMLError(f"larger than {MAX_BYTES // 1000} kB, which no file of this kind needs")
    return data.decode("utf-8-sig")


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _broken(line: int | None, what: str) -> Source:
    return Source(mistakes=(Mistake(line, what),))


def _where_and_why(error: YAMLError) -> tuple[int | None, str]:
    if not isinstance(error, MarkedYAMLError):
        return None, " ".join(str(error).split())[:200]
    mark = error.problem_mark or error.context_mark
    what = ", ".join(part for part in (error.context, error.problem) if part)
    return (mark.line + 1 if mark else None), f"not valid YAML: {what}"


def _refused(text: str) -> Iterator[Mistake]:
    """Yield a mistake for each alias and tag, and stop where the nesting is too deep."""
    depth = 0
    for event in _yaml().parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, CollectionEndEvent):
            depth -= 1
        elif isinstance(event, CollectionStartEvent):
            depth += 1
        if depth > MAX_DEPTH:
            yield Mistake(line, f"nested more than {MAX_DEPTH} deep, which no file of this kind needs")
            return
        if isinstance(event, AliasEvent):
            yield Mistake(line, f"aliases (*{event.anchor}) are not allowed; write the value out")
        elif isinstance(event, NodeEvent) and (tag := getattr(event, "tag", None)) not in {None, "!"}:
            yield Mistake(line, f"tags ({tag}) are not allowed")


def _has_control(text: str) -> bool:
    """Tell whether a text holds control characters, which could command a terminal."""
    return any(unicodedata.category(character) == "Cc" for character in text if character not in "\n\t")


_WORDS = {
    "missing": "is missing",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "string_type": "must be a text",
    "string_pattern_mismatch": "must be 2 to 60 characters a-z, 0-9 and _, the first a letter",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "value_error": "{error}",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
}


def worded(item: Mapping[str, Any]) -> str:
    """Return one of pydantic's findings in the words of a file."""
    kind = item["type"]
    what: str = _WORDS.get(kind, item["msg"]).format(**item.get("ctx", {}))
    if kind.startswith(("float_", "int_", "string_")):
        what += f", not {str(item['input'])[:40]!r}"
    return what


class _Builder:
    """Builds plain values from nodes, keeping the line of each entry."""

    def __init__(self) -> None:
        self.lines: dict[Location, int] = {}
        self.mistakes: list[Mistake] = []
        self._scalar = _yaml().constructor.construct_object

    def mapping(self, node: MappingNode, location: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            line, name = key.start_mark.line + 1, key.value
            if key.tag != _TAG + "str" or _has_control(name):
                self.mistakes.append(Mistake(line, "a key must be a plain text"))
                continue
            if name in values:
                first = self.lines[(*location, name)]
                self.mistakes.append(Mistake(line, f"{name} stands twice, first in line {first}"))
                continue
            self.lines[(*location, name)] = line
            values[name] = self._value(value, (*location, name))
        return values

    def _value(self, node: Node, location: Location) -> Any:
        if isinstance(node, MappingNode):
            return self.mapping(node, location)
        if isinstance(node, SequenceNode):
            return [self._item(item, (*location, index)) for index, item in enumerate(node.value)]
        if _has_control(node.value):
            self.mistakes.append(Mistake(node.start_mark.line + 1, "a text must not hold control characters"))
            return ""
        try:
            return self._scalar(node) if node.tag in _SCALARS else node.value
        except ValueError:  # such as a number of five thousand digits; its text is no number
            return node.value

    def _item(self, node: Node, location: Location) -> Any:
        self.lines[location] = node.start_mark.line + 1
        return self._value(node, location)
