"""What the run was made of, so that it can be made again."""

import json

from lepton_spark.gates import Gate
from lepton_spark.language import later
from lepton_spark.language import translated as _
from lepton_spark.report.page.blocks import Cell, Code, Level, Section, Table, cells
from lepton_spark.report.page.figures import Figures
from lepton_spark.report.page.formats import NONE, count

_GATES: dict[bool | None, tuple[str, Level | None]] = {
    True: (later("passed"), "good"),
    False: (later("FAILED"), "bad"),
    None: (later("not judged"), None),
}


def manifest(figures: Figures) -> Section:
    """Gates, versions, jobs and the configuration."""
    run, found = figures.run, figures.manifest
    facts = {
        _("run"): run.run_id,
        _("cutoff (last day that the models saw)"): f"{run.cutoff}",
        _("published"): f"{run.published_at:%Y-%m-%d %H:%M} UTC",
        _("to be used until"): f"{run.valid_until}",
        _("tables"): figures.root,
        _("input"): found.input_fingerprint,
        _("settings"): found.settings_id,
        _("code"): found.code_version,
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
        _("The run"),
        (
            Table(
                _("Gates: the limits that a run must meet"),
                (_("gate"), "", _("found"), _("allowed")),
                tuple(map(_gate, gates)),
            ),
            Table(_("Manifest"), ("", ""), tuple(cells(*fact) for fact in facts.items())),
            Table(
                _("Last jobs"),
                (_("job"), _("finished (UTC)"), _("seconds"), _("counts")),
                stages,
                frozenset({2}),
            ),
            Code(_("Configuration of the run (secrets are masked)"), _indented(found.config)),
        ),
    )


def _gate(gate: Gate) -> tuple[Cell, ...]:
    words, level = _GATES[gate.passed]
    return cells(gate.name, Cell(_(words), level=level), gate.found, gate.allowed)


def _indented(config: str) -> str:
    try:
        return json.dumps(json.loads(config), indent=2, ensure_ascii=False)
    except ValueError:
        return config
