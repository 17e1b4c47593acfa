"""Detects the encoding of text files by their bytes."""

from collections.abc import Sequence

from charset_normalizer import from_bytes

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

PLAUSIBLE = [
    *("gb18030", "big5", "shift_jis", "euc_kr"),
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp437", "cp850", "mac_roman"),
]
"""Encodings of exports and tills, the commoner ones first among those that give the same text."""


ASCII = "ascii"


def text_encodings(texts: Sequence[bytes]) -> list[str | None]:
    """The encoding of each text by Python's name; `ascii` if several are the same for it; None if unknown.

    UTF-8 is taken wherever it fits, because other texts hardly ever do by chance. The encoding of all other
    texts is detected together, since exports of one system are written alike.
    """
    found = [_by_form(text) for text in texts]
    unclear = b"\n".join(text for text, encoding in zip(texts, found, strict=True) if encoding is None)
    detected = _detected(unclear) if unclear else None
    return [encoding or detected for encoding in found]


def _detected(text: bytes) -> str | None:
    best = from_bytes(text, cp_isolation=PLAUSIBLE).best()
    if best is None:
        return None
    same = [encoding for encoding in PLAUSIBLE if encoding in best.could_be_from_charset]
    return same[0] if same else best.encoding


def _by_form(text: bytes) -> str | None:
    if text[:2] in UTF_16_MARKS:
        return "utf-16"
    if text.isascii():
        return ASCII
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"
