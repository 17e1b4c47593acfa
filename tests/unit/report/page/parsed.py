"""A page as a browser's parser sees it: tags, scripts, and the text of cells."""

import json
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "input", "br", "link", "img", "hr", "base"}


class Parsed(HTMLParser):
    """All start tags with their attributes, and the text directly inside each element, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs), tuple(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.texts.append((self._open[-1], data.strip()))

    @property
    def still_open(self) -> list[str]:
        return self._open

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes, _ in self.tags if tag in names]

    def text(self, tag: str) -> list[str]:
        return [text for inside, text in self.texts if inside == tag]

    def attributes(self, name: str) -> Iterable[str]:
        return (str(attributes[name]) for _, attributes, _ in self.tags if name in attributes)

    @property
    def data(self) -> Any:
        return json.loads(self.text("script")[0])

    @property
    def words(self) -> str:
        return " ".join(text for tag, text in self.texts if tag not in {"script", "style"})
