"""Collects the messages of the code into the catalogues of all languages, and lists what is not translated.

`python scripts/messages.py` after a change of a message; with `--check` it writes nothing and fails if a
catalogue is stale. A catalogue is a .po file, which translators edit, and the .mo file that Python reads.
"""

import io
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from typer.main import get_command

from lepton_spark.cli.commands import app
from lepton_spark.cli.language.help import help_texts
from lepton_spark.language import CATALOGUES, DOMAIN
from lepton_spark.tables.catalog import TABLES

PACKAGE = Path(__file__).resolve().parents[1] / "lepton_spark"
METHODS = [
    ("**.py", "python"),
    ("**/page/templates/**.html", "jinja2.ext:babel_extract"),
    ("**.js", "javascript"),
]
KEYWORDS = {"_": None, "Message": None, "gettext": None, "later": None, "counted": (2, 3)}
"""Functions whose arguments are messages, with the places of singular and plural."""

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
"""The date in every .mo file, so that equal messages give equal files."""

HEADER = "# Messages of lepton_spark. `make messages` adds those of the code; fill in each msgstr.\n"


def main() -> int:
    """Writes the catalogues, or with `--check` compares them; returns 1 if one is stale."""
    if "--check" not in sys.argv[1:]:
        for code in CATALOGUES:
            write(code)
    for code in CATALOGUES:
        list_missing(code)
    stale = [code for code in CATALOGUES if is_stale(code)]
    if stale:
        sys.stderr.write(
            f"messages: {', '.join(stale)}: found other messages than the code has; run: make messages\n"
        )
    return int(bool(stale))


def messages() -> Catalog:
    """All messages of the code, without translations."""
    found = Catalog(fuzzy=False)
    for path, line, message, _comments, _context in extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS):
        found.add(message, locations=[(path, line)])
    for text in help_texts(get_command(app)):
        found.add(text, locations=[("cli (help)", 1)])
    for table in TABLES.values():
        for text in (table.comment, *(column.comment for column in table.columns)):
            found.add(text, locations=[("tables (comments)", 1)])
    return found


def path_of(code: str) -> Path:
    """The .po file of a language."""
    return PACKAGE / "locale" / CATALOGUES[code] / "LC_MESSAGES" / f"{DOMAIN}.po"


def catalogue(code: str) -> Catalog:
    """The messages of the code with the translations of a language as far as they are known."""
    known = stored(code)
    known.update(messages(), no_fuzzy_matching=True)
    return known


def stored(code: str) -> Catalog:
    """The .po file of a language."""
    with path_of(code).open("rb") as file:
        return read_po(file, locale=CATALOGUES[code], ignore_obsolete=True)


def written(code: str, known: Catalog) -> tuple[bytes, bytes]:
    """The content of the .po and the .mo file."""
    texts, compiled = io.BytesIO(), io.BytesIO()
    write_po(
        texts, known, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True, width=0
    )
    head = f'{HEADER}msgid ""\nmsgstr ""\n"Language: {CATALOGUES[code]}\\n"\n'
    head += f'"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {known.plural_forms}\\n"\n\n'
    content = head.encode() + texts.getvalue()
    readable = read_po(io.BytesIO(content), locale=known.locale)
    readable.creation_date = readable.revision_date = WRITTEN
    for message in readable:
        if not is_translated(message):
            message.string = ""  # else an empty plural would be its translation
    write_mo(compiled, readable)
    return content, compiled.getvalue()


def missing(known: Catalog) -> list[str]:
    """The messages without a translation."""
    return [str(message.id) for message in known if message.id and not is_translated(message)]


def is_translated(message: Message) -> bool:
    """Whether the message, in its plural too, has a translation."""
    return all(_texts(message.string))


def write(code: str) -> None:
    """Writes the .po and the .mo file of a language."""
    texts, compiled = written(code, catalogue(code))
    path_of(code).write_bytes(texts)
    path_of(code).with_suffix(".mo").write_bytes(compiled)


def is_stale(code: str) -> bool:
    """Whether the .po file has other messages than the code, or the .mo file other translations."""
    known = stored(code)
    with path_of(code).with_suffix(".mo").open("rb") as file:
        compiled = {_texts(message.id): _texts(message.string) for message in read_mo(file) if message.id}
    translated = {
        _texts(message.id): _texts(message.string)
        for message in known
        if message.id and is_translated(message)
    }
    found, needed = ({_texts(message.id) for message in one if message.id} for one in (known, messages()))
    return found != needed or compiled != translated


def _texts(text: str | Iterable[str] | None) -> tuple[str, ...]:
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def list_missing(code: str) -> None:
    """Prints the messages without a translation."""
    lacking = missing(catalogue(code))
    print(f"{code}: {len(lacking)} messages are not translated")
    for text in lacking:
        print(f"  {text!r}")


if __name__ == "__main__":
    sys.exit(main())
