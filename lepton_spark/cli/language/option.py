"""The option `--lang` of every command."""

from collections.abc import Mapping, Sequence

from lepton_spark.errors import ConfigError, Fault
from lepton_spark.language import CATALOGUES, ENGLISH, Message, language_of

LANG = "--lang"


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], str]:
    """The arguments without the option, and its language, by default that of the locale.

    Raises: ConfigError for a language without a catalogue.

    >>> chosen_language(["run", "--lang", "zh", "--conf", "a"], {})
    (['run', '--conf', 'a'], 'zh')
    """
    others: list[str] = []
    code = language_of(environment)
    rest = iter(arguments)
    for argument in rest:
        if argument == LANG or argument.startswith(f"{LANG}="):
            code = argument.removeprefix(f"{LANG}=") if "=" in argument else next(rest, "")
        else:
            others.append(argument)
    allowed = (ENGLISH, *CATALOGUES)
    if code not in allowed:
        raise ConfigError(
            [
                Fault(
                    Message("command line"),
                    LANG,
                    repr(code) if code else Message("nothing"),
                    ", ".join(allowed),
                )
            ]
        )
    return others, code
