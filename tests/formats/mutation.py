"""Ways in which files come to harm: by accident, and on purpose."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

Rng = np.random.Generator

NUMBERS = re.compile(rb"-?\d+\.?\d*(?:[eE][-+]?\d+)?")
EVIL_NUMBERS = (
    b"1000000000", b"-1", b"0", b"1e999", b"-1e999", b"nan", b"inf", b"1e38", b"4294967296",
    b"99999999999999999999", b"0x10", b"1_000", b"+", b".", b"", b"1e-999", b"2147483647", b"NaN",
    b"Infinity", b"null", b"true", b'"7"', b"[]", b"{}", "\u0661".encode(),
)  # fmt: skip
EVIL_TEXTS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n", b"\t", b",", b";", b" ", b'"', b"'",
    b"{", b"}", b"[", b"]", b"<", b">", b"&", b"#", b"\x1b[31m", b"\xc3", "\u2028".encode(),
    b"../../", b"%s%n", b"[[" * 400, b"{\"a\":" * 400, b"A" * 5000, b"\n" * 500, b"," * 500,
)  # fmt: skip


def _flip_bit(content: bytes, rng: Rng) -> bytes:
    place = int(rng.integers(len(content)))
    return content[:place] + bytes([content[place] ^ (1 << rng.integers(8))]) + content[place + 1 :]


def _new_bytes(content: bytes, rng: Rng) -> bytes:
    changed = bytearray(content)
    for place in rng.integers(0, len(content), rng.integers(1, 9)):
        changed[place] = rng.integers(256)
    return bytes(changed)


def _truncate(content: bytes, rng: Rng) -> bytes:
    return content[: rng.integers(len(content))]


def _cut_out(content: bytes, rng: Rng) -> bytes:
    start, stop = _span(content, rng)
    return content[:start] + content[stop:]


def _repeat(content: bytes, rng: Rng) -> bytes:
    start, stop = _span(content, rng)
    return content[:stop] + content[start:stop] * int(rng.integers(1, 5)) + content[stop:]


def _insert(content: bytes, rng: Rng) -> bytes:
    place = int(rng.integers(len(content) + 1))
    return content[:place] + EVIL_TEXTS[rng.integers(len(EVIL_TEXTS))] + content[place:]


def _evil_number(content: bytes, rng: Rng) -> bytes:
    found = list(NUMBERS.finditer(content[:20000]))
    if not found:
        return _new_bytes(content, rng)
    # The first numbers of a file are its counts: those are worth most.
    few = rng.random() < 0.5
    number = found[rng.integers(min(len(found), 12) if few else len(found))]
    evil = EVIL_NUMBERS[rng.integers(len(EVIL_NUMBERS))]
    return content[: number.start()] + evil + content[number.end() :]


def _lines(content: bytes, rng: Rng) -> bytes:
    lines = content.split(b"\n")
    one, other = rng.integers(0, len(lines), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _line_ends(content: bytes, rng: Rng) -> bytes:
    return content.replace(b"\n", (b"\r\n", b"\r", b"\n\n", b" ")[rng.integers(4)])


def _span(content: bytes, rng: Rng) -> tuple[int, int]:
    start = int(rng.integers(len(content)))
    return start, start + int(rng.integers(1, 2 + min(200, len(content) - start)))


WAYS: tuple[Callable[[bytes, Rng], bytes], ...] = (
    _flip_bit,
    _new_bytes,
    _truncate,
    _cut_out,
    _repeat,
    _insert,
    _evil_number,
    _evil_number,
    _lines,
    _line_ends,
)


def mutated(content: bytes, rng: Rng) -> bytes:
    """The content after one to three mishaps."""
    for _ in range(rng.integers(1, 4)):
        if not content:
            break
        content = WAYS[rng.integers(len(WAYS))](content, rng)
    return content
