"""What is told by hand about quantities: units, and the words that CLDR has no place for."""

from collections.abc import Mapping
from decimal import Decimal

PERCENT = "concentr-percent"

UNITS: Mapping[str, tuple[str, Decimal]] = {
    unit: (dimension, Decimal(factor))
    for unit, dimension, factor in (
        (PERCENT, "percent", "1"),
        ("length-kilometer", "length", "1000"),
        ("length-meter", "length", "1"),
        ("length-centimeter", "length", "0.01"),
        ("length-millimeter", "length", "0.001"),
        ("length-mile", "length", "1609.344"),
        ("length-foot", "length", "0.3048"),
        ("mass-tonne", "mass", "1000"),
        ("mass-kilogram", "mass", "1"),
        ("mass-gram", "mass", "0.001"),
        ("area-square-kilometer", "area", "1000000"),
        ("area-hectare", "area", "10000"),
        ("area-square-meter", "area", "1"),
        ("volume-cubic-meter", "volume", "1000"),
        ("volume-liter", "volume", "1"),
        ("temperature-celsius", "temperature", "1"),
        ("speed-kilometer-per-hour", "speed", "1"),
        ("duration-century", "centuries", "1"),
        ("duration-year", "years", "1"),
        ("duration-month", "months", "1"),
        ("duration-week", "weeks", "1"),
        ("duration-day", "days", "1"),
        ("duration-hour", "time", "3600"),
        ("duration-minute", "time", "60"),
        ("duration-second", "time", "1"),
    )
}
"""CLDR's units that are understood, with their dimension and what they are of its base unit."""

WITH_SYMBOL = (
    PERCENT,
    "length-kilometer",
    "length-meter",
    "length-centimeter",
    "length-millimeter",
    "mass-kilogram",
    "area-square-kilometer",
    "area-square-meter",
    "temperature-celsius",
    "speed-kilometer-per-hour",
)
"""Those whose symbols no other word looks like: `ha` is a verb, `г.` a year, `in` a preposition."""

MORE_SCALES: Mapping[str, Mapping[str, int]] = {
    "hi": {"मिलियन": 10**6, "हजार": 10**3},
    "de": {"mio": 10**6, "mrd": 10**9},
    "it": {"mila": 10**3},
    "pl": {"tys": 10**3, "mln": 10**6, "mld": 10**9},
    "ro": {"mil": 10**6, "mld": 10**9},
    "ru": {"тыс": 10**3, "млн": 10**6, "млрд": 10**9},
    "uk": {"тис": 10**3, "млн": 10**6, "млрд": 10**9},
}
MORE_UNITS: Mapping[str, Mapping[str, str]] = {
    "ar": {"بالمئة": PERCENT, "في المئة": PERCENT, "في المائة": PERCENT},
    "en": {
        "kilometres": "length-kilometer",
        "kilometre": "length-kilometer",
        "metres": "length-meter",
        "metre": "length-meter",
        "centimetres": "length-centimeter",
        "millimetres": "length-millimeter",
        "square kilometres": "area-square-kilometer",
        "tonnes": "mass-tonne",
        "per cent": PERCENT,
    },
    "hi": {"मील": "length-mile", "टन": "mass-tonne"},
    "th": {"ร้อยละ": PERCENT},
    "tr": {"yüzde": PERCENT},
    "zh": {
        "公尺": "length-meter",
        "厘米": "length-centimeter",
        "平方公里": "area-square-kilometer",
    },
}
"""What people write beside CLDR's words; a percent word may stand on either side."""
BEFORE_CHRIST: Mapping[str, str] = {
    "ar": "ق.م|قبل الميلاد",
    "de": "v. Chr.|vor Christus|v.Chr.|v. u. Z.",
    "el": "π.Χ.|π.Χ",
    "en": "BC|BCE|B.C.",
    "es": "a. C.|a.C.|antes de Cristo",
    "fa": "ق.م|پیش از میلاد|قبل از میلاد",
    "fr": "av. J.-C.|avant J.-C.|avant notre ère",
    "hi": "ई.पू.|ईसा पूर्व|ई॰पू॰",
    "id": "SM|sebelum Masehi",
    "it": "a.C.|a. C.|avanti Cristo",
    "ja": "紀元前",
    "ko": "기원전",
    "nl": "v.Chr.|v. Chr.|voor Christus",
    "pl": "p.n.e.|przed Chr.",
    "pt": "a.C.|a. C.|antes de Cristo",
    "ro": "î.Hr.|î.e.n.",
    "ru": "до н. э.|до н.э.|до Р. Х.",
    "sw": "KK|BK|kabla ya Kristo",
    "th": "ก่อนคริสตกาล|ก่อน ค.ศ.",
    "tr": "MÖ|M.Ö.|milattan önce",
    "uk": "до н. е.|до н.е.",
    "vi": "TCN|trước Công nguyên",
    "zh": "公元前",
}
