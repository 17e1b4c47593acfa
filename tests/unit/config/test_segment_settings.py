"""The list `segments` of the configuration."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from lepton_spark.config import Config, SegmentSettings, load_config
from lepton_spark.config.show import resolved_lines
from lepton_spark.errors import ConfigError
from lepton_spark.models.registry import known_models


def _fault_of(tmp_path: Path, text: str) -> str:
    conf = tmp_path / "mine.yaml"
    conf.write_text(f"segments:\n{text}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config([conf], known_models=known_models())
    (line,) = str(caught.value).splitlines()[1:] or [str(caught.value)]
    return line.partition("mine.yaml: ")[2]


FAULTS = {
    "  - {name: a, products: [x], modells: [mean]}\n": (
        "segments[0].modells: found an unknown key; allowed: one of name, products, products_file, "
        "category, demand_class, models; did you mean models?"
    ),
    "  - {name: a, demand_class: [smoth]}\n": (
        "segments[0].demand_class[0]: found 'smoth'; allowed: 'smooth', 'intermittent', 'erratic', "
        "'lumpy', 'new' or 'obsolete'; did you mean smooth?"
    ),
    "  - {name: a}\n": (
        "segments[0]: found 'a'; allowed: at least one of products, products_file, category and demand_class"
    ),
    "  - {name: a, products: [x]}\n  - {name: a, products: [y]}\n": (
        "segments[1].name: found 'a'; allowed: a name of its own for each segment"
    ),
    "  - {name: a, category: [Garden]}\n": (
        "segments[0].category: found ['Garden']; allowed: unset, or set products.path and "
        "products.columns.category, which categories come from"
    ),
    "  - {name: a, products: x}\n": ("segments[0].products: found 'x'; allowed: a list; write products: [x]"),
    "  - {name: a, products_file: /nowhere/ids.txt}\n": (
        "segments[0].products_file: found '/nowhere/ids.txt'; allowed: a readable file with one product "
        "id a line (No such file or directory)"
    ),
    "  - {name: a/b, products: [x]}\n": (
        "segments[0].name: found 'a/b'; allowed: a name without / = ( ) and without spaces around it"
    ),
}
CASES = ["key", "class", "no rule", "name twice", "no categories", "no list", "no file", "slash"]


@pytest.mark.parametrize(("text", "fault"), FAULTS.items(), ids=CASES)
def test_wrong_segment_is_a_fault_with_its_place(tmp_path: Path, text: str, fault: str) -> None:
    assert _fault_of(tmp_path, text) == fault


def test_unknown_model_of_a_segment_is_compared_with_the_known_ones(tmp_path: Path) -> None:
    fault = _fault_of(tmp_path, "  - {name: a, products: [x], models: [seasonal_nave]}\n")
    assert fault.startswith("segments[0].models[0]: found 'seasonal_nave'; allowed: a known model: ")
    assert fault.endswith("did you mean seasonal_naive?")


def test_category_of_a_segment_needs_the_column_of_categories() -> None:
    products = {"path": "p.csv", "columns": {"category": "kind"}}
    segments = [{"name": "a", "category": ["Garden"]}]
    assert Config.model_validate({"products": products, "segments": segments}).segments[0].category == (
        "Garden",
    )
    with pytest.raises(ValidationError, match=r"set products\.path and products\.columns\.category"):
        Config.model_validate({"products": {"path": "p.csv"}, "segments": segments})


def test_products_of_a_segment_are_those_of_the_list_and_of_the_file(tmp_path: Path) -> None:
    listed = tmp_path / "ids.txt"
    listed.write_bytes("\ufeff007\n\n 12 \r\nA1\n".encode())
    segment = SegmentSettings(name="a", products=("A1", "B"), products_file=str(listed))
    assert segment.product_ids() == {"007", "12", "A1", "B"}


@pytest.mark.parametrize("content", [b"\n \n", "caf\xe9".encode("latin-1")], ids=["empty", "not UTF-8"])
def test_file_of_products_without_readable_ids_is_a_fault(tmp_path: Path, content: bytes) -> None:
    listed = tmp_path / "ids.txt"
    listed.write_bytes(content)
    with pytest.raises(
        ValidationError, match=r"a file with one product id a line|a text file saved as UTF-8"
    ):
        SegmentSettings(name="a", products_file=str(listed))


def test_standard_models_of_a_segment_are_those_of_the_forecast() -> None:
    assert (
        SegmentSettings.model_validate({"name": "a", "products": ["x"], "models": "standard"}).models is None
    )


def test_settings_of_each_segment_are_shown(tmp_path: Path) -> None:
    conf = tmp_path / "mine.yaml"
    conf.write_text("segments:\n  - {name: a, products: [x], models: [mean]}\n", encoding="utf-8")
    shown = {key: value for key, value, _ in resolved_lines(load_config([conf]))}
    assert shown["segments.0.products"] == "[x]"
    assert shown["segments.0.models"] == "[mean]"
