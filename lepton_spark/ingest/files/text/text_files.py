"""Bytes to text: gzip recognised by its magic number, then the configured encoding, strictly."""

import gzip
import io
import zlib

from lepton_spark.ingest.files.layout import Layout, UnreadableFileError
from lepton_spark.ingest.files.text.kinds import require_lines

GZIP_MAGIC = b"\x1f\x8b"


def decoded(name: str, content: bytes, layout: Layout) -> str:
    """The text of a file.

    Raises: UnreadableFileError for a broken gzip, an empty file, another kind of content, or bytes outside
    the encoding.
    """
    plain = unpacked(name, content, layout)
    if not plain.strip():
        raise UnreadableFileError("empty_file", "content: found nothing; allowed: a header and its lines")
    require_lines(plain, layout.format, layout.encoding)
    try:
        return plain.decode(layout.encoding)
    except UnicodeDecodeError as fault:
        raise UnreadableFileError(
            "wrong_encoding",
            f"content: found bytes {plain[fault.start : fault.start + 4].hex(' ')} at {fault.start}; "
            f"allowed: text in {layout.encoding}. Set input.options.encoding to the encoding of the file",
        ) from fault


def unpacked(name: str, content: bytes, layout: Layout) -> bytes:
    """The content of a gzip file; that of any other file as it is.

    Raises: UnreadableFileError for a broken gzip file, or one with too much content.
    """
    expected = name.lower().endswith(".gz") if layout.is_gzip is None else layout.is_gzip
    if not content.startswith(GZIP_MAGIC) and not expected:
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            plain = packed.read(layout.max_unpacked + 1)  # guards against gzip bombs
    except (OSError, EOFError, zlib.error) as fault:
        raise UnreadableFileError(
            "bad_gzip",
            f"content: found {fault}; allowed: a complete gzip file. Have the file delivered again",
        ) from fault
    if len(plain) > layout.max_unpacked:
        raise UnreadableFileError(
            "unpacks_too_large",
            f"content: found more than {layout.max_unpacked} bytes packed into {len(content)}; "
            "allowed: up to that many. Split the file, or raise input.max_unpacked_bytes",
        )
    return plain
