"""Reads numbers as Chinese, Japanese and Korean write them: `三百五十`, `1億2000万`, `2만 5000`."""

import re
from decimal import Decimal

HAN = "〇零一二三四五六七八九十百千万萬億亿兆两兩"
"""The characters of numbers."""

_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000, "천": 1000}
_SCALES = {
    **{"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12},
    **{"만": 10**4, "억": 10**8, "조": 10**12},
}
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|\D")


def read_han(text: str) -> Decimal:
    """Read a number of digits and characters; characters of no number are passed over."""
    if text and all(c in _DIGITS for c in text):
        return Decimal("".join(str(_DIGITS[c]) for c in text))
    total = section = Decimal(0)
    pending: Decimal | None = None
    for token in _TOKEN.findall(text):
        if token[0].isdigit() and token not in _DIGITS:
            pending = Decimal(token.replace(",", ""))
        elif token in _DIGITS:
            pending = (pending or 0) * 10 + Decimal(_DIGITS[token])
        elif token in _UNITS:
            section += (Decimal(1) if pending is None else pending) * _UNITS[token]
            pending = None
        elif token in _SCALES:
            total += (section + (pending or 0) or Decimal(1)) * _SCALES[token]
            section, pending = Decimal(0), None
    return total + section + (pending or 0)
