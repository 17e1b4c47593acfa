"""Accuracy on the open sets against peers, everything in one run on the same histories.

`python benchmarks/accuracy.py --models lepton "direct LightGBM" --sets journey online --csv accuracy.csv`.
Peers need `pip install 'lepton-spark[peers,demo]'`. The last two origins are kept out of all tuning, so their
scores also stand by themselves.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from accuracy_parts.belief import Seen, seen, verdicts
from accuracy_parts.ours import ON_REQUEST, OURS
from accuracy_parts.peers import MEDIAN, MEDIAN_OF, PEERS, Model, median_of
from accuracy_parts.printed import print_rows
from accuracy_parts.promotions import promotions
from accuracy_parts.protocol import N_KEPT_OUT, N_ORIGINS, Origin, origins
from accuracy_parts.scores import SCORES, Output, Sums, cell_sums, check, intervals, pool, scores
from accuracy_parts.sets import add_sets, load_panel, sources_of
from accuracy_parts.sums import seen_sums
from rich.progress import track
from threadpoolctl import threadpool_limits

MODELS: Mapping[str, Model] = {**PEERS, **OURS}


def main() -> None:
    arguments = read_arguments()
    sources = sources_of(arguments.sets, arguments.online, arguments.cache)
    lines: list[dict[str, object]] = []
    believed: list[dict[str, object]] = []
    for name in arguments.sets:
        panel = load_panel(name, sources, arguments.cache)
        planned = promotions(panel, sources[name], arguments.cache) if name == "journey" else None
        every = origins(panel, arguments.seed, planned)
        chosen = [origin for origin in every if origin.index in arguments.origins]
        scored, held = run_set(name, chosen, arguments.models, arguments.reference)
        lines, believed = lines + scored, believed + held
        store(lines, arguments.csv)
        if believed:
            store(believed, arguments.csv.with_name(f"{arguments.csv.stem}_belief.csv"))
    print_rows("accuracy, and 90 % interval of the difference to the reference", [*map(shown, lines)], 180)
    print_rows("share of days below - at or below each quantile; ! = outside its band", believed, 200)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_sets(parser)
    parser.add_argument(
        "--models", nargs="+", choices=[*MODELS, MEDIAN, *ON_REQUEST], default=[*MODELS, MEDIAN]
    )
    parser.add_argument("--origins", nargs="+", type=int, default=list(range(N_ORIGINS)))
    parser.add_argument("--seed", type=int, default=42, help="draws the smaller products")
    parser.add_argument("--reference", default="lepton as run", help="differences are against this model")
    parser.add_argument("--csv", type=Path, default=Path("accuracy.csv"))
    return parser.parse_args()


def run_set(
    name: str, chosen: Sequence[Origin], models: Sequence[str], reference: str
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """A line of the table for each model: over all origins, and over those kept out of tuning.

    And lines on whether quantiles can be believed, for models that give all seven.
    """
    believed: dict[str, list[Seen]] = {model: [] for model in models}
    summed = next((model for model in models if model in OURS), None)
    parts: dict[str, list[Sums]] = {model: [] for model in models}
    seconds = dict.fromkeys(models, 0.0)
    with threadpool_limits(1):
        for origin in track(chosen, name):
            for model, output in outputs(origin, models).items():
                check(model, origin, output)
                parts[model].append(cell_sums(origin, output))
                seconds[model] += output.seconds / len(chosen)
                if output.seven is not None:
                    believed[model].append(seen(origin, output))
                if output.paths is not None and model == summed:
                    for way, sums in seen_sums(origin, output).items():
                        believed.setdefault(f"{model}: {way}", []).append(sums)
    lines = []
    for split, places in splits(chosen).items():
        pooled = {model: pool([sums[place] for place in places]) for model, sums in parts.items()}
        gaps = intervals(pooled, reference) if reference in pooled else {}
        lines += [
            line(name, split, model, pooled[model], seconds[model], gaps.get(model, {})) for model in models
        ]
    held = [verdicts(name, model, found) for model, found in believed.items() if found]
    return lines, [row for rows in held for row in rows]


def splits(chosen: Sequence[Origin]) -> dict[str, list[int]]:
    """Places of the origins of each split; a split without origins is left out."""
    kept_out = [place for place, origin in enumerate(chosen) if origin.index >= N_ORIGINS - N_KEPT_OUT]
    named = {"all": list(range(len(chosen))), "kept out": kept_out}
    return {split: places for split, places in named.items() if places}


def store(lines: Sequence[Mapping[str, object]], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def outputs(origin: Origin, models: Sequence[str]) -> dict[str, Output]:
    """Each model's forecasts at one origin; the median's members are run once."""
    needed = {*models, *(MEDIAN_OF if MEDIAN in models else ())} - {MEDIAN}
    made = {name: model(origin) for name, model in {**MODELS, **ON_REQUEST}.items() if name in needed}
    if MEDIAN in models:
        made[MEDIAN] = median_of([made[model] for model in MEDIAN_OF])
    return {model: made[model] for model in models}


def line(
    name: str, split: str, model: str, sums: Sums, seconds: float, gaps: Mapping[str, tuple[float, float]]
) -> dict[str, object]:
    """A row of the CSV: scores, and the interval of each less the reference's."""
    row: dict[str, object] = {"set": name, "origins": split, "model": model, "seconds": round(seconds, 2)}
    for score, value in scores(sums).items():
        low, high = gaps.get(score, (float("nan"), float("nan")))
        row |= {
            score: round(value, 4),
            f"{score}_gap_low": round(low, 4),
            f"{score}_gap_high": round(high, 4),
        }
    return row


def shown(row: Mapping[str, object]) -> dict[str, object]:
    """A row of the CSV with each score and its interval in one cell."""
    cells = {s: f"{row[s]:.3f} [{row[f'{s}_gap_low']:+.3f}, {row[f'{s}_gap_high']:+.3f}]" for s in SCORES}
    return {**{name: row[name] for name in ("set", "origins", "model")}, **cells, "seconds": row["seconds"]}


if __name__ == "__main__":
    main()
