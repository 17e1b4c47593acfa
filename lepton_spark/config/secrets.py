"""Masks configuration values that must never be printed."""

import re

MASK = "***"

_SECRET = re.compile(
    r"(password|passwd|secret|token|credential|webhook|(access|account|private|privacy|api).?key|sas)",
    re.IGNORECASE,
)
_SECRET_WITHIN = re.compile(rf"{_SECRET.pattern}[^\s=:]*\s*[=:]", re.IGNORECASE)
_USER_OF_URL = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)")


def is_secret(key: str) -> bool:
    """Whether a dotted key names a secret.

    >>> is_secret("spark.options.fs.s3a.secret.key")
    True
    """
    return _SECRET.search(key) is not None


def masked(key: str, value: object) -> object:
    """The value, masked if the key or the text (`-Dpassword=...`) names a secret; in URLs only the user.

    >>> masked("warehouse.root", "s3a://user:hunter2@bucket/x")
    's3a://***@bucket/x'
    >>> masked("alerts.command", ["notify", "--token=hunter2"])
    ['notify', '***']
    """
    if value is None:
        return None
    if isinstance(value, list) and not is_secret(key):
        return [masked(key, item) for item in value]
    if is_secret(key) or (isinstance(value, str) and _SECRET_WITHIN.search(value)):
        return MASK
    return _USER_OF_URL.sub(MASK, value) if isinstance(value, str) else value
