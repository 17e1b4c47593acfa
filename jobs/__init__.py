"""Entry points for spark-submit: each hands its arguments to the command of the same name."""
