"""What the run was made of, so that it can be made again."""

import json

from lepton_spark.gates import Gate
from lepton_spark.report.page.blocks import Cell, Code, Level, Section, Table, cells
from lepton_spark.report.page.figures import Figures
from lepton_spark.report.page.formats import NONE, count

_GATES: dict[bool | None, tuple[str, Level | None]] = {
    True: ("passed", "good"),
    False: ("FAILED", "bad"),
    None: ("not judged", None),
}


def manifest(figures: Figures) -> Section:
    """Gates, versions, jobs and the configuration."""
    run, found = figures.run, figures.manifest
    facts = {
        "run": run.run_id,
        "cutoff (last day that the models saw)": f"{run.cutoff}",
        "published": f"{run.published_at:%Y-%m-%d %H:%M} UTC",
        "to be used until": f"{run.valid_until}",
        "tables": figures.root,
        "input": found.input_fingerprint,
        "settings": found.settings_id,
        "code": found.code_version,
        **found.library_versions,
    }
    gates = (*run.gates, *((figures.freshness,) if figures.freshness not in run.gates else ()))
    stages = tuple(
        cells(
            stage.job,
            NONE if stage.finished_at is None else f"{stage.finished_at:%Y-%m-%d %H:%M}",
            NONE if not stage.seconds else f"{stage.seconds:,.0f}",
            ", ".join(f"{name} {count(number)}" for name, number in stage.counts.items()),
        )
        for stage in found.stages
    )
    return Section(
        "manifest",
        "The run",
        (
            Table(
                "Gates: the limits that a run must meet",
                ("gate", "", "found", "allowed"),
                tuple(map(_gate, gates)),
            ),
            Table("Manifest", ("", ""), tuple(cells(*fact) for fact in facts.items())),
            Table("Last jobs", ("job", "finished (UTC)", "seconds", "counts"), stages, frozenset({2})),
            Code("Configuration of the run (secrets are masked)", _indented(found.config)),
        ),
    )


def _gate(gate: Gate) -> tuple[Cell, ...]:
    words, level = _GATES[gate.passed]
    return cells(gate.name, Cell(words, level=level), gate.found, gate.allowed)


def _indented(config: str) -> str:
    try:
        return json.dumps(json.loads(config), indent=2, ensure_ascii=False)
    except ValueError:
        return config
