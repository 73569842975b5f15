"""What a question asks for: told by its question words, in the embedded languages.

By it, the sentences of a passage are told apart that could answer from those that could not.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from crosearch.tools.languages import Language
from crosearch.tools.quantities import Quantity, QuantityKind, agree, find_quantities
from crosearch.tools.quantity_tables import UNITS
from crosearch.tools.quantity_words import fold, quantity_words

Asked = Literal["time", "number", "other"]
"""`time`: a year or a date. `number`: an amount, a size or an age. `other`: all else."""

_TIME: Mapping[str, str] = {
    "ar": r"متى|(?:أي|اي|أية) (?:عام|سنة|تاريخ|قرن|يوم)",
    "de": r"\bwann\b|welche[mnrs]? (?:jahr|datum|tag|monat)",
    "el": r"\bπότε\b|ποι[οαάό]\w* (?:έτος|χρον\w+|ημερομηνία|χρόνο|αιώνα)|τι έτος",
    "en": r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)\b",
    "es": r"\bcuándo\b|\bqué (?:año|fecha|día|siglo|mes)\b",
    "fa": r"چه (?:سال|زمان|وقت|تاریخ|روز)|کدام سال|\bکی\b",
    "fr": r"\bquand\b|quel(?:le)? (?:année|date|jour|siècle|mois)|de quand",
    "hi": r"कब|किस (?:वर्ष|साल|सन|तारीख|दिन|सदी)|कौन(?:-| )?से (?:वर्ष|साल)",
    "id": r"\bkapan\b|tahun berapa|tanggal berapa|bilamana",
    "it": r"\bquando\b|(?:che|quale|quali) (?:anno|data|giorno|secolo|mese)",
    "ja": r"いつ|何年(?!間)|何世紀|何月|何日(?!間)|西暦何",
    "ko": r"언제|몇 ?년(?!간| 동안|이나)|어느 해(?!수|변|안|협)|몇 세기|며칠에|몇 월",
    "nl": r"\bwanneer\b|welke? (?:jaar|datum|dag|eeuw)",
    "pl": r"\bkiedy\b|któr\w+ (?:roku|rok|dnia|wieku)|jakim roku|jakiego roku",
    "pt": r"\bquando\b|\b(?:que|qual) (?:ano|data|dia|século|mês)",
    "ro": r"\bcând\b|\bce (?:an|dată|zi|secol)\b|care an",
    "ru": r"\bкогда\b|как\w+ (?:году|год|веке|числа|дату)|котором году",
    "sw": r"\blini\b|mwaka (?:gani|upi)|tarehe (?:gani|ngapi)|karne gani",
    "th": r"เมื่อ(?:ไร|ไหร่|ใด)|ปี(?:ใด|ไหน|อะไร)|พ\.ศ\. ?(?:ใด|อะไร|เท่าใด)|วันที่เท่า",
    "tr": r"ne zaman|hangi (?:yıl|tarih|sene|gün|yüzyıl)|kaçıncı yüzyıl|kaç (?:yılı|senesi)n",
    "uk": r"\bколи\b|як\w+ (?:році|рік|року|столітті)|котрому році",
    "vi": r"khi nào|năm nào|năm bao nhiêu|bao giờ|ngày nào|lúc nào|thế kỷ nào",
    "zh": r"什么时候|何时|[哪何几]一?年|什麼時候|何年|哪一天|几月|什么时间",
}

_NUMBER: Mapping[str, str] = {
    "ar": r"\bكم\b|ما (?:هو |هي )?(?:عدد|ارتفاع|طول|عمق|عرض|مساحة|وزن|عمر|قطر|سرعة|نسبة)|\bبكم\b",
    "de": r"\bwie ?(?:viel\w*|hoch|lang\w*|tief|alt|groß|breit|weit|schwer|schnell|oft|dick)\b"
    r"|welcher (?:höhe|tiefe|länge|zahl)",
    "el": r"\bπόσ\w+|(?:ποιο|τι) (?:είναι )?(?:το )?(?:ύψος|μήκος|βάθος|πλάτος|βάρος)",
    "en": r"\bhow (?:many|much|tall|high|long|deep|old|far|wide|large|big|heavy|fast|often|thick)\b"
    r"|\bwhat (?:is|was|are|were) the (?:\w+ )?"
    r"(?:height|length|depth|width|number|population|weight|age|speed|area|size|cost|diameter|price)",
    "es": r"\bcuánt\w+|cuál es (?:la|el) (?:altura|longitud|número|distancia|peso)"
    r"|\bqué (?:altura|altitud|longitud|profundidad|edad|número|tamaño|distancia|superficie)\b",
    "fa": r"\bچند\b|چقدر|چه (?:تعداد|قدر|ارتفاع|طول|اندازه)",
    "fr": r"\bcombien\b|quel(?:le)? (?:est |était |fut )?(?:(?:la|le|sa|son) |l['’])?"
    r"(?:hauteur|longueur|profondeur|largeur|nombre|âge|poids|prix|superficie|distance|taille|vitesse)",
    "hi": r"कितन[ेीा]|कितनों|(?:ऊँचाई|ऊंचाई|लंबाई|लम्बाई|गहराई|संख्या) (?:क्या|कितनी)",
    "id": r"\bberapa\b",
    "it": r"\bquant[oaie]\b|\bquant['’]|qual è (?:l['’]|la |il )(?:altezza|lunghezza|numero)"
    r"|(?:che|quale) (?:altezza|lunghezza|profondità|età|distanza)",
    "ja": r"何(?!年に|世紀|月|日に|という|です|が|を|の|に|で|と|か|も)\w|いくつ|いくら"
    r"|どのくらい|どれくらい|(?:高さ|長さ|深さ|幅|人口|数|面積)は",
    "ko": r"몇|얼마",
    "nl": r"\bhoe ?(?:veel|hoog|lang|diep|oud|groot|breed|ver|zwaar|snel|vaak)\b",
    "pl": r"\bile\b|\bilu\b|\bilo\w+|jak (?:wysok|głębok|dług|star|szerok|daleko|duż)\w*"
    r"|jak[aią] (?:jest )?(?:wysokość|długość|głębokość|liczb\w+)"
    r"|na jakiej (?:głębokości|wysokości)",
    "pt": r"\bquant[oa]s?\b|qual (?:é |era )?(?:a |o )?(?:altura|comprimento|número|idade|área)"
    r"|que (?:altura|comprimento|profundidade|idade|distância)",
    "ro": r"\bcâ(?:t|ți|te|tă|ţi)\b|\bce (?:înălțime|lungime|adâncime|vârstă|număr)",
    "ru": r"\bскольк\w+|как(?:ова|ов|ая|ой|ую) (?:высот|длин|глубин|площад|численност|ширин|вес)"
    r"|на какой (?:глубине|высоте)",
    "sw": r"\b\w{0,3}ngapi\b|kiasi gani|(?:urefu|kimo|kina|idadi|umri|uzito)\b.* (?:gani|upi)",
    "th": r"กี่|เท่า(?:ไร|ไหร่|ใด)",
    "tr": r"\bkaç\w*|ne kadar|(?:yüksekliği|uzunluğu|derinliği|sayısı|ağırlığı)",
    "uk": r"\bскільк\w+|як(?:а|ий|ою|у) (?:висот|довжин|глибин|площ|ширин|кількіст)",
    "vi": r"bao nhiêu|\bmấy\b|bao (?:lâu|xa)|(?:cao|dài|sâu|rộng|nặng) bao",
    "zh": r"多少|[几幾](?!乎|何)|多[高长長深大远遠重宽寬久快厚]|(?:高度|长度|深度|人口|面积)是",
}


_FRONTED: frozenset[str] = frozenset("de el en es fr it nl pl pt ro ru uk".split())
"""Languages that put the question word first: further in, `when` joins clauses."""
_FRONT = 32


def asked_for(question: str, language: Language) -> Asked:
    """Tell what a question asks for; `other` in languages without a table.

    Where a question has words of both kinds, the first one counts: "how old was she when".
    """
    time = _find(_TIME, language, question)
    number = _find(_NUMBER, language, question)
    if time is not None and (number is None or time <= number):
        return "time"
    return "other" if number is None else "number"


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedQuantity:
    """The quantity that a question asks for, if it asks for one."""

    asked: Asked
    dimensions: frozenset[str]
    """Of the units that the question names, such as `length`; empty: any."""
    known: tuple[Quantity, ...]
    """What the question says itself; no answer."""

    def find(self, text: str, language: Language) -> list[Quantity]:
        """Find the quantities of a text that can be what is asked for."""
        if self.asked == "other":
            return []
        return [found for found in find_quantities(text, language) if self._fits(found)]

    def _fits(self, found: Quantity) -> bool:
        kinds: tuple[QuantityKind, ...]
        kinds = ("year", "date") if self.asked == "time" else ("number", "percent")
        if found.kind not in kinds or any(agree(found, known) for known in self.known):
            return False
        dimension = UNITS[found.unit][0] if found.unit else ""
        return self.asked == "time" or not self.dimensions or dimension in self.dimensions


@lru_cache(maxsize=256)
def wanted_quantity(question: str, language: Language) -> WantedQuantity:
    """Tell which quantities can answer a question."""
    asked = asked_for(question, language)
    return WantedQuantity(
        asked=asked,
        dimensions=_dimensions(question, language) if asked == "number" else frozenset(),
        known=tuple(find_quantities(question, language)),
    )


def _dimensions(question: str, language: Language) -> frozenset[str]:
    """Collect what the units that a question names measure: metres are asked for by name."""
    words, text = quantity_words(language), fold(question)
    edge = r"(?<![^\W\d_])" if words.spaced else ""
    return frozenset(
        UNITS[unit][0]
        for side in words.units.values()
        for word, unit in side.items()
        if (len(word) > 2 or not words.spaced) and re.search(edge + re.escape(word), text)
    )


def _find(table: Mapping[str, str], language: Language, question: str) -> int | None:
    match = _compiled(table[language]).search(question) if language in table else None
    if match is None or (language in _FRONTED and match.start() > _FRONT):
        return None
    return match.start()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
