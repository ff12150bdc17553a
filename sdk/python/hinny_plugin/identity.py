"""What makes two tasks the same work: a stable hash of what matters about them.

The same parts have the same hash in the SDKs of all languages.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


def identity(*parts: Any) -> str:
    """The first 32 hex digits of a SHA-256 over parts, each framed by its length.

    Text counts as it is, anything else as JSON in a canonical form, in which order, spaces and ways
    to write a whole number do not matter. None is a part that is not there.

    >>> identity("acme", {"b": 2.0, "a": 1})
    '0dea90a3b9a18fa2b9c57f501e6d02e1'
    """
    digest = hashlib.sha256()
    for part in parts:
        if part is None:
            digest.update(b"-")
            continue
        framed = (part if isinstance(part, str) else canonical(part)).encode()
        digest.update(f"{len(framed)}:".encode() + framed)
    return digest.hexdigest()[:32]


def canonical(value: Any) -> str:
    """JSON without spaces, with sorted names, and whole numbers written as such."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """2.0 is an integer to people, and to JSON."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case _:
            return value
