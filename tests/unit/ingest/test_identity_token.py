"""Tokens of customers, compared with HMAC-SHA-256 by its definition."""

import hashlib

from lepton_spark.ingest.lines.identity import token


def by_definition(key: bytes, message: bytes) -> str:
    """RFC 2104: H((K ^ opad) || H((K ^ ipad) || m)) with blocks of 64 bytes."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()


def test_token_is_hmac_sha256_of_the_word_customer_and_the_id() -> None:
    assert token(b"secret", "17850") == by_definition(b"secret", b"customer\x0017850")


def test_token_differs_by_key_and_customer() -> None:
    assert len({token(b"a", "1"), token(b"b", "1"), token(b"a", "2")}) == 3
