import pytest
import yaml

from lepton_spark.config.yaml_faults import yaml_fault


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("input:\n\tpath: a.csv\n", 2, "a tab before the key", id="tab"),
        pytest.param("input:\n  path: a\n  \tkind: b\n", 3, "a tab before the key", id="tab after spaces"),
        pytest.param("input:\n  path: a\n   kind: b\n", 3, "an indentation deeper", id="indented too far"),
        pytest.param("input:\n  path: a\n kind: b\n", 3, "an indentation that no line", id="between levels"),
        pytest.param("  input:\n    path: a\nspark: {}\n", 3, "an indentation that no line", id="first line"),
        pytest.param("input:\n  path:a\n\n  kind: b\n", 2, "a key without a colon", id="no space"),
        pytest.param("input:\n  path a\n  kind: b\n", 2, "a key without a colon", id="no colon"),
        pytest.param("input:\n  path: C: x\n", 2, "a second colon", id="second colon"),
        pytest.param("input:\n  path: *.csv\n", 2, "a text that begins with *", id="asterisk"),
        pytest.param("input:\n  path: @x\n", 2, "a text that begins with @", id="at"),
        pytest.param('input:\n  path: "a\n  kind: b\n', 2, "a quote that is not closed", id="open quote"),
        pytest.param("input:\n  path: 'it's'\n", 2, "text after a closing quote", id="quote in quotes"),
        pytest.param("input: {path: a\nspark: {}\n", 1, "a bracket [ or {", id="open bracket"),
        pytest.param('input:\n  path: "C:\\data"\n', 2, "a backslash in double quotes", id="backslash"),
        pytest.param("input:\n  path: a\x00\n", None, "a control character", id="control character"),
    ],
)
def test_yaml_fault_names_the_line_and_what_is_wrong(text: str, line: int | None, words: str) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.safe_load(text)

    fault = yaml_fault(caught.value, text)

    assert fault.line == line
    assert fault.found.startswith(words)
