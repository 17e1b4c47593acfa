from pathlib import Path

import pytest

from lepton_spark.errors import InputError
from lepton_spark.ingest.files.delivery import resolve


def test_resolve_finds_a_path_in_a_package_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "not_to_be_run"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert resolve("package:not_to_be_run/data/a.csv") == str(package / "data" / "a.csv")


@pytest.mark.parametrize("name", ["", "no_such", "os.path", "../x", "a b", "math"])
def test_resolve_rejects_a_name_that_is_not_a_package(name: str) -> None:
    with pytest.raises(InputError, match="found no package"):
        resolve(f"package:{name}/a.csv")
