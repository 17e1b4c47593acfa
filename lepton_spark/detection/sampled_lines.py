"""Sampled lines of files that are written alike: their columns and texts."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from lepton_spark.detection.csv_layouts import CsvLayout, find_layout
from lepton_spark.detection.encodings import ASCII, text_encodings
from lepton_spark.detection.samples import Sample
from lepton_spark.ingest.files.layout import Layout, UnreadableFileError
from lepton_spark.ingest.files.text.json_lines import read_json
from lepton_spark.ingest.files.text.kinds import require_lines

MAX_TEXTS = 5_000
"""Different texts of a column that are kept."""

T = TypeVar("T")


@dataclass(frozen=True)
class SampledLines:
    """Lines of the files that are written like most of the sampled ones.

    rows: the values of each line, in the order of `names`. kinds: `date`, `timestamp`, `number` or `text` of
    each column; those of text files are all `text`. csv: how these files are divided into fields.
    others: sampled files that are written in another way or cannot be read, with the reason. sheet: that of
    workbooks; empty if it is their only one. days: the columns of a wide file that are named by days; names
    and rows are then those of lines with a day and its figure.
    """

    format: str
    names: tuple[str, ...]
    kinds: Mapping[str, str]
    rows: tuple[Sequence[str | None], ...]
    encoding: str = "utf-8"
    csv: CsvLayout | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    days: tuple[str, ...] = ()

    def values(self, name: str) -> list[str]:
        """The values of a column by line, without surrounding blanks; empty where there is none."""
        position = self.names.index(name)
        return [(row[position] or "").strip() for row in self.rows]

    def texts(self, name: str) -> Counter[str]:
        """How often each text occurs in a column, of up to MAX_TEXTS different ones."""
        texts = Counter[str]()
        for text in self.values(name):
            if text and (text in texts or len(texts) < MAX_TEXTS):
                texts[text] += 1
        return texts


@dataclass(frozen=True)
class _Read:
    """The lines of one file."""

    name: str
    format: str
    names: tuple[str, ...]
    kinds: Mapping[str, str]
    rows: Sequence[Sequence[str | None]]
    encoding: str = ASCII
    csv: CsvLayout | None = None
    sheet: str | None = None

    @property
    def way(self) -> tuple[object, ...]:
        """What files that are read together have in common, beside their encoding."""
        layout = self.csv
        if layout is None:
            return (self.format,)
        return (self.format, self.sheet, layout.separator, layout.escape, layout.skip_rows, layout.has_header)


def sampled_lines(samples: Sequence[Sample]) -> SampledLines:
    """The lines of the files that most samples are written like; without columns if no file can be read."""
    read: list[_Read] = []
    others: dict[str, str] = {}
    texts = [b"\n".join(sample.pieces) for sample in samples]
    faults = [_fault(text) for text in texts]
    clear = [b"" if fault else text for text, fault in zip(texts, faults, strict=True)]
    for sample, fault, encoding in zip(samples, faults, text_encodings(clear), strict=True):
        try:
            read.append(_read(sample, fault, encoding))
        except UnreadableFileError as found:
            others[sample.name] = found.words
    way = _commonest(file.way for file in read)
    alike = [file for file in read if file.way == way]
    encoding = _commonest(file.encoding for file in alike if file.encoding != ASCII)
    chosen = [file for file in alike if file.encoding in (ASCII, encoding)]
    others.update((file.name, "it is written in another way") for file in read if file not in chosen)
    return _together(chosen, encoding or "utf-8", others)


def _commonest(items: Iterable[T]) -> T | None:
    """The item that occurs most often; of several, the first one."""
    counts = Counter(items)
    return max(counts, key=lambda item: counts[item], default=None)


def _is_json(text: bytes) -> bool:
    return text.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _fault(text: bytes) -> UnreadableFileError | None:
    """Why a file is no text of lines; None if it is one."""
    try:
        require_lines(text, "json" if _is_json(text) else "csv", "utf-16")
    except UnreadableFileError as fault:
        return fault
    return None


def _read(sample: Sample, fault: UnreadableFileError | None, encoding: str | None) -> _Read:
    if sample.typed is not None:
        found = json.loads(sample.typed)
        kinds = dict(zip(found["names"], found["kinds"], strict=True))
        return _Read(sample.name, "parquet", tuple(found["names"]), kinds, found["rows"])
    if fault is not None:
        raise fault
    if sample.fault is not None:
        raise UnreadableFileError("unreadable_workbook", sample.fault)
    if encoding is None or not sample.pieces:
        raise UnreadableFileError("wrong_encoding", "it is empty, or its bytes fit no known encoding")
    text = _decoded(sample.pieces, encoding)
    if _is_json(sample.pieces[0]):
        names, lines = read_json(text, Layout("json", ()))
        rows = [values for _, values, _, _ in lines]
        return _text_file(sample.name, "json", tuple(names), rows, encoding)
    return _read_table(sample, text, encoding)


def _read_table(sample: Sample, text: str, encoding: str) -> _Read:
    """A CSV file, or the rows of a workbook as CSV."""
    layout = find_layout(text)
    if layout is None:
        raise UnreadableFileError("wrong_header", "no separator divides its lines into columns")
    read = _text_file(sample.name, "csv", layout.names, layout.rows, encoding, layout)
    if sample.sheet is None:
        return read
    if not layout.has_header:
        raise UnreadableFileError("wrong_header", "its sheet has no row with names of columns")
    return replace(read, format="excel", sheet=sample.sheet)


def _decoded(pieces: Sequence[bytes], encoding: str) -> str:
    codec = "utf-8-sig" if encoding in ("utf-8", ASCII) else encoding
    return "\n".join(piece.decode(codec, errors="replace") for piece in pieces)


def _text_file(
    name: str,
    file_format: str,
    names: tuple[str, ...],
    rows: Sequence[Sequence[str | None] | None],
    encoding: str,
    csv: CsvLayout | None = None,
) -> _Read:
    read = [row for row in rows if row is not None]
    return _Read(name, file_format, names, dict.fromkeys(names, "text"), read, encoding, csv)


def _together(files: Sequence[_Read], encoding: str, others: Mapping[str, str]) -> SampledLines:
    """The lines of all files under the columns that more than half of them have."""
    if not files:
        return SampledLines("csv", (), {}, (), others=others)
    counts = Counter(name for file in files for name in dict.fromkeys(file.names))
    names = tuple(name for name in files[0].names if 2 * counts[name] > len(files))
    rows = []
    for file in files:
        positions = [file.names.index(name) if name in file.names else None for name in names]
        rows += [
            tuple(None if position is None else row[position] for position in positions) for row in file.rows
        ]
    kinds = {name: next(file.kinds[name] for file in files if name in file.names) for name in names}
    first = files[0]
    return SampledLines(first.format, names, kinds, tuple(rows), encoding, first.csv, others, first.sheet)
