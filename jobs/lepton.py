"""Every command for spark-submit; its arguments are those of `lepton`: the command, then its options."""

import sys

from lepton_spark.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
