"""The `forecast` job for spark-submit; its arguments are those of `lepton forecast`."""

import sys

from lepton_spark.cli import main

if __name__ == "__main__":
    sys.exit(main(["forecast", *sys.argv[1:]]))
