"""Entry points for spark-submit: `lepton.py` for every command, the others for the one in their name."""
