"""Two languages: texts from a gettext catalogue, names from the registries, numbers in local form.

English texts are the message ids. Chinese ones stand in ``locale/zh/*.po``, one file a page, so that pages
can be written side by side; all of them together are the catalogue.
"""

import math
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations, Translations

from dashboard.gazetteer import BETWEEN, ELSEWHERE
from scenarios.levers import LEVERS, Lever
from scenarios.scenario import Bilingual
from simulation.data import load_places
from simulation.indicators import INDICATORS, Indicator, cost_of

LOCALE = Path(__file__).with_name("locale")
LANGUAGES = {"zh": "中文", "en": "English"}
"""Codes of the languages, and what each calls itself."""
_SHORT = 1_000  # from here on numbers have no decimals
_WAN = 10_000
_MONEY = "100m CNY"  # 亿元; in English billions are more common
_JOINT = {
    "Ningbo_HTZ+Wenzhou_HTZ": Bilingual(en="Both zones", zh="两个高新区"),
    "Ningbo_HTZ": Bilingual(en="Ningbo zone", zh="宁波高新区"),
    "Wenzhou_HTZ": Bilingual(en="Wenzhou zone", zh="温州高新区"),
    "Ningbo+Wenzhou": Bilingual(en="Both cities", zh="甬温两市"),
    "YRD": Bilingual(en="Yangtze River Delta", zh="长三角"),
    "all": Bilingual(en="All places", zh="全部地区"),
}


_CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”]")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_MARKS = re.compile(r"(?<=[^\x00-\x7f}])[,;:?!]|(?<=\})[,;:?!](?=\S)|[,;:?!](?=[^\x00-\x7f])")
_WIDE = str.maketrans(",;:?!", "，；：？！")


@lru_cache(maxsize=4_096)
def typeset(text: str) -> str:
    """Return a Chinese text with the wide punctuation that it is printed with; `{name}` stays as it is."""
    if not _CHINESE.search(text):
        return text
    text = _BRACKETS.sub(lambda found: f"（{found[1]}）" if _is_chinese(found) else found[0], text)
    return _MARKS.sub(lambda mark: mark[0].translate(_WIDE), text)


def _is_chinese(found: re.Match[str]) -> bool:
    """Tell whether brackets stand in Chinese words, or hold such words or a placeholder."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return bool(_CHINESE.search(before + found[1] + after)) or "{" in found[1]


def N_(message: str) -> str:
    """Mark a message that is translated later, where it is shown."""
    return message


def catalogue(language: str) -> Catalog:
    """Return all messages of a language, from every file of its folder."""
    merged = Catalog(locale=language)
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    merged[message.id] = message
    return merged


@cache
def _translations(language: str) -> NullTranslations:
    if not (LOCALE / language).is_dir():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


@cache
def _locale(language: str) -> Locale:
    return Locale.parse("zh_CN" if language == "zh" else "en")


@dataclass(frozen=True)
class Texts:
    """Everything that is said to a visitor, in one language."""

    language: str

    def __call__(self, message: str, **values: object) -> str:
        """Return a message in this language, with `{name}` filled in."""
        if not message:
            return ""
        text = self._printed(_translations(self.language).gettext(message))
        return text.format(**values) if values else text

    def _printed(self, text: str) -> str:
        return typeset(text) if self.language == "zh" else text

    @property
    def locale(self) -> Locale:
        """Return the locale for numbers."""
        return _locale(self.language)

    def with_unit(self, name: str, unit: str) -> str:
        """Return a name with a unit, in brackets."""
        return self("{name} ({unit})", name=name, unit=unit) if unit else name

    @property
    def gap(self) -> str:
        """Return what stands between two sentences."""
        return "" if self.language == "zh" else " "

    def of(self, text: Bilingual) -> str:
        """Return a text that has both languages."""
        return self._printed(text.zh) if self.language == "zh" else text.en

    def region(self, region: str) -> str:
        """Return the name of a city, a zone or a group of them."""
        if region in _JOINT:
            return self.of(_JOINT[region])
        if BETWEEN in region:
            return "–".join(map(self.region, region.split(BETWEEN)))
        if self.language == "zh":
            known = {place.id: place.name_zh for place in load_places()}
            return known.get(region) or ELSEWHERE.get(region, region)
        return region.replace("_HTZ", " zone").replace("_", " ")

    def indicator(self, indicator: str) -> str:
        """Return the name of an indicator."""
        found = INDICATORS[indicator]
        return self._printed(found.name_zh) if self.language == "zh" else found.name_en

    def definition(self, indicator: Indicator) -> str:
        """Return what an indicator measures; what each lever costs is defined alike."""
        for lever in LEVERS.values():
            if indicator.id == cost_of(lever.name):
                return self("Public money spent or forgone in the year for the lever {lever}, by who pays.",
                            lever=self.lever(lever.name))  # fmt: skip
        return self(indicator.definition)

    def lever(self, name: str) -> str:
        """Return the name of a lever."""
        found = LEVERS[name]
        return self._printed(found.name_zh) if self.language == "zh" else found.name_en

    def number(self, value: float, decimals: int | None = None, signed: bool = False) -> str:
        """Return a number; large ones are rounded to whole numbers, and in Chinese counted in 万."""
        if not math.isfinite(value):
            return "–"
        suffix = ""
        if self.language == "zh" and abs(value) >= 10 * _WAN:
            value, suffix, decimals = value / _WAN, "万", 1
        if decimals is None:
            decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        if abs(value) >= _SHORT:
            decimals = 0
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        text = format_decimal(round(value, decimals) + 0.0, format=pattern, locale=self.locale)
        sign = "+" if signed and round(value, decimals) > 0 else ""
        return sign + str(text).replace("-", "−") + suffix

    def percent(self, share: float) -> str:
        """Return a share as a percentage."""
        return str(format_percent(share, format="0%", locale=self.locale)) if math.isfinite(share) else "–"

    def unit(self, unit: str) -> str:
        """Return a unit; the catalogue has them like any other text."""
        return self(unit)

    def amount(self, value: float, item: Indicator | Lever, signed: bool = False) -> str:
        """Return a value with its unit."""
        decimals = item.decimals if isinstance(item, Indicator) else None
        if item.unit == _MONEY and self.language == "en":
            return f"{self.number(value / 10.0, 1, signed)} bn CNY"
        text = self.number(value, decimals, signed)
        if item.unit == "percent":
            return text + "%"
        unit = self.unit(item.unit)
        return text if not unit else f"{text} {unit}" if self.language == "en" else f"{text}{unit}"
