import pytest

from lepton_spark.config import GateSettings
from lepton_spark.errors import GatesError
from lepton_spark.ingest.load_gates import LoadVolume, evaluate_load, require_passed

USUAL = [LoadVolume(1_000, 100, 1), LoadVolume(1_100, 110, 1), LoadVolume(300_000, 4_000, 300)]
GIVEN = GateSettings()


@pytest.mark.parametrize(
    ("volume", "failed"),
    [
        (LoadVolume(1_000, 100, 1), []),
        (LoadVolume(7_000, 400, 7), []),  # one week in one load
        (LoadVolume(99, 100, 1), ["load_lines"]),
        (LoadVolume(10_100, 100, 1), ["load_lines"]),
        (LoadVolume(1_000, 10, 1), ["load_products"]),
        (LoadVolume(1_000, 1_101, 1), ["load_products"]),
        (LoadVolume(11_000, 110, 11), ["load_days"]),
        (LoadVolume(0, 0, 0), ["load_lines", "load_products", "load_days"]),
    ],
)
def test_load_is_compared_with_recent_loads(volume: LoadVolume, failed: list[str]) -> None:
    gates = evaluate_load(volume, USUAL, GIVEN)
    assert [gate.name for gate in gates if gate.failed] == failed
    if failed:
        with pytest.raises(GatesError) as stopped:
            require_passed(gates, GIVEN)
        assert all(name in str(stopped.value) for name in failed)
        assert "add --set gates.load_enabled=false" in str(stopped.value)
        assert stopped.value.exit_code == 3
    require_passed(gates, GateSettings(load_enabled=False))


def test_load_is_not_judged_after_few_others() -> None:
    gates = evaluate_load(LoadVolume(1, 1, 1), USUAL[:2], GIVEN)
    assert [(gate.passed, gate.found) for gate in gates] == [
        (None, "1 lines a day"),
        (None, "1 products"),
        (None, "1 days"),
    ]
    require_passed(gates, GIVEN)
