"""Publishing a forecast run, and rolling back to an earlier one."""
