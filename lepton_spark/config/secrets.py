"""Which configuration values are never printed."""

import re

MASK = "***"

_SECRET = re.compile(r"(password|passwd|secret|token|credential|access.?key|account.?key|sas)", re.IGNORECASE)


def is_secret(key: str) -> bool:
    """Whether a dotted key names a secret, such as `spark.options.fs.s3a.secret.key`."""
    return _SECRET.search(key) is not None
