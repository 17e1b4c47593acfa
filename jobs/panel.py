"""The `panel` job for spark-submit; its arguments are those of `lepton panel`."""

import sys

from lepton_spark.cli import main

if __name__ == "__main__":
    sys.exit(main(["panel", *sys.argv[1:]]))
