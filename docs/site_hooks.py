"""What the site needs beyond its pages: files from outside the folder, and equations without scripts.

MkDocs calls these functions (``mkdocs.yml``). Pages link to files of the repository as they do there; on the
site these links lead to copies.
"""

import html
import re
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from latex2mathml.converter import convert
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
COPIES = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "sources.md": "calibration/data/sources.md",
    "notebooks.md": "notebooks/README.md",
}
"""Pages of the site that are files elsewhere."""
FONT = "NotoSansSC-Regular.otf"
"""For Chinese where the reader's system has no font of its own."""
_LINK = re.compile(r"\]\((?!https?://|#)([^)\s#]+)(#[^)\s]*)?\)")
_MATHS = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_files(files: Any, config: Any) -> Any:
    """Add the copies, the citation and the notebooks."""
    for name, origin in COPIES.items():
        text = _relinked((ROOT / origin).read_text(encoding="utf-8"), origin, name)
        files.append(File.generated(config, name, content=text))
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    content = f"# Citation\n\nPlease cite the software by `CITATION.cff`:\n\n```yaml\n{citation}```\n"
    files.append(File.generated(config, "citation.md", content=content))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{path.name}", abs_src_path=str(path)))
    font = Path(pylopdf_fonts_zh_cn.__file__).with_name(FONT)
    files.append(File.generated(config, f"fonts/{FONT}", abs_src_path=str(font)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links to files of the repository lead to their copies."""
    name = page.file.src_uri
    return markdown if name in COPIES else _relinked(markdown, f"docs/{name}", name)


def on_page_content(content: str, **_: Any) -> str:
    """Turn equations into MathML, which browsers show without scripts."""
    return _MATHS.sub(_mathml, content)


def _mathml(match: re.Match[str]) -> str:
    display = "block" if match[1] == "div" else "inline"
    formula = convert(html.unescape(match[2]).strip(), display=display)
    return formula.replace(r"\&", "&amp;").replace(r"\_", "_")  # escapes inside words stay as they are


def _relinked(text: str, origin: str, name: str) -> str:
    """Return a page whose links, written for the place `origin` in the repository, hold on the site."""
    sites = {path: site for site, path in COPIES.items()}
    sites |= {"CITATION.cff": "citation.md", "README.md": "README.md"}

    def moved(match: re.Match[str]) -> str:
        target = _normal(f"{Path(origin).parent.as_posix()}/{match[1]}")
        if target in sites:
            site = sites[target]
        elif target.startswith("docs/"):
            site = target.removeprefix("docs/")
        elif target.startswith("notebooks/"):
            site = target
        else:
            return match[0]
        up = "../" * name.count("/")
        return f"]({up}{site}{match[2] or ''})"

    return _LINK.sub(moved, text)


def _normal(path: str) -> str:
    """Return a path without its ``.`` and ``..``."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
