"""The `ingest` job for spark-submit; its arguments are those of `lepton ingest`."""

import sys

from lepton_spark.cli import main

if __name__ == "__main__":
    sys.exit(main(["ingest", *sys.argv[1:]]))
