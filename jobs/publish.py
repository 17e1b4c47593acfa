"""The `publish` job for spark-submit; its arguments are those of `lepton publish`."""

import sys

from lepton_spark.cli import main

if __name__ == "__main__":
    sys.exit(main(["publish", *sys.argv[1:]]))
