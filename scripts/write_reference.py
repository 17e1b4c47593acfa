"""Writes docs/reference from the code: every setting, table, command and exit code.

`python scripts/write_reference.py` after a change of one of them; a test fails while the pages are stale.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from lepton_spark.cli.commands import app
from lepton_spark.cli.entry import INTERRUPTED
from lepton_spark.config import Config
from lepton_spark.config.show import as_yaml
from lepton_spark.errors import LeptonError
from lepton_spark.tables.catalog import TABLES

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"


def main() -> None:
    """Writes all pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The text of each page by file name."""
    return {
        "configuration.md": "\n".join(_configuration()) + "\n",
        "tables.md": "\n".join(_tables()) + "\n",
        "commands.md": "\n".join(_commands()) + "\n",
    }


def _configuration() -> Iterator[str]:
    yield "# Configuration"
    yield ""
    yield "Every setting, its default and its meaning. `lepton config --conf FILE` shows those of your files."
    for name, field in Config.model_fields.items():
        if field.validation_alias is not None:  # takes the value of another key
            continue
        is_list = get_origin(field.annotation) is tuple
        kind = get_args(field.annotation)[0] if is_list else field.annotation
        section = cast("type[BaseModel]", kind)  # a section is a model, or a list of models
        yield ""
        yield f"## `{name}`"
        yield ""
        yield _first_sentence(section)
        yield ""
        yield "| setting | default | meaning |"
        yield "|---|---|---|"
        yield from _settings(section, f"{name}[]." if is_list else f"{name}.")


def _settings(section: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _settings(inner, f"{prefix}{name}.")
        else:
            yield f"| `{prefix}{name}` | {_code(_default(field))} | {_cell(_meaning(field))} |"


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if default is PydanticUndefined:
        return "required"
    return as_yaml(_plain(default))


def _plain(value: Any) -> Any:  # noqa: ANN401 - a default of any type
    if isinstance(value, (tuple, frozenset, set)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str, Mapping)) or value is None else str(value)


def _meaning(field: FieldInfo) -> str:
    values = _literals(field.annotation)
    listed = f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""
    return f"{field.description or ''}.{listed}" if field.description else listed.strip()


def _literals(annotation: object) -> list[object]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [value for part in get_args(annotation) for value in _literals(part)]


def _first_sentence(documented: object) -> str:
    return (documented.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")


def _tables() -> Iterator[str]:
    yield "# Tables"
    yield ""
    yield "Delta tables under `warehouse.root`. A key identifies a row; null means unknown or not applicable."
    for table in TABLES.values():
        yield ""
        yield f"## `{table.name}`"
        yield ""
        yield f"{table.comment}. Key: {', '.join(f'`{column}`' for column in table.key)}."
        yield ""
        yield "| column | type | meaning |"
        yield "|---|---|---|"
        for column in table.columns:
            null = "" if column.nullable else ", never null"
            yield f"| `{column.name}` | {column.type}{null} | {_cell(column.comment)} |"


def _commands() -> Iterator[str]:
    yield "# Commands and exit codes"
    yield ""
    yield "`--conf FILE...` names one or more YAML files, of which later ones win; `--set KEY=VALUE` wins."
    for name, command in typer.main.get_group(app).commands.items():
        yield ""
        yield f"## `lepton {name}`"
        yield ""
        yield (command.help or "").strip()
        yield ""
        yield "| option | meaning |"
        yield "|---|---|"
        for parameter in command.params:
            if parameter.name not in ("conf", "settings", "help"):
                yield f"| {_option(parameter)} | {_cell(getattr(parameter, 'help', None) or '')} |"
    yield ""
    yield "## Exit codes"
    yield ""
    yield "| code | meaning |"
    yield "|---|---|"
    yield "| 0 | Done. |"
    for code, words in sorted(_exit_codes().items()):
        yield f"| {code} | {words} |"


def _option(parameter: Any) -> str:  # noqa: ANN401 - the class is not public in all versions of typer
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    metavar = None if parameter.is_flag else parameter.metavar or "VALUE"
    return f"`{' '.join(filter(None, (parameter.opts[0], metavar)))}`"


def _exit_codes() -> dict[int, str]:
    codes: dict[int, str] = {1: "Any other failure; the line that starts with `lepton:` names it."}
    for kind in LeptonError.__subclasses__():
        if kind.exit_code != 1:
            codes[kind.exit_code] = _first_sentence(kind)
    return codes | {INTERRUPTED: "Interrupted (Ctrl-C); run the command again."}


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
