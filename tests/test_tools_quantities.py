"""Years, dates, percentages and numbers mean the same, however a language writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.quantities import (
    Quantity,
    QuantityKind,
    agree,
    find_quantities,
    format_quantity,
)


def found(text: str, language: str) -> list[str]:
    """List what is found in a text, as `kind value unit`."""
    return [
        f"{q.kind} {q.value} {q.unit.partition('-')[2]}".strip()
        for q in find_quantities(text, Language(language))
    ]


def quantity(kind: QuantityKind, value: str, unit: str = "") -> Quantity:
    return Quantity(kind=kind, value=value, unit=unit, span=(0, 0))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "في 1 نوفمبر ١٨٨٥"),
        ("de", "am 1. November 1885"),
        ("el", "την 1η Νοεμβρίου 1885"),
        ("en", "on November 1st, 1885"),
        ("es", "el 1 de noviembre de 1885"),
        ("fa", "در ۱ نوامبر ۱۸۸۵"),
        ("fr", "le 1er novembre 1885"),
        ("hi", "१ नवंबर १८८५ को"),
        ("id", "pada 1 November 1885"),
        ("it", "il 1º novembre 1885"),
        ("ja", "1885年11月1日に"),
        ("ko", "1885년 11월 1일에"),
        ("nl", "op 1 november 1885"),
        ("pl", "1 listopada 1885 roku"),
        ("pt", "em 1 de novembro de 1885"),
        ("ro", "la 1 noiembrie 1885"),
        ("ru", "1 ноября 1885 года"),
        ("sw", "tarehe 1 Novemba 1885"),
        ("th", "เมื่อ 1 พฤศจิกายน พ.ศ. 2428"),
        ("tr", "1 Kasım 1885'te"),
        ("uk", "1 листопада 1885 року"),
        ("vi", "ngày 1 tháng 11 năm 1885"),
        ("zh", "一八八五年十一月一日"),
    ],
)
def test_a_date_is_the_same_in_every_language(language: str, text: str) -> None:
    assert found(text, language) == ["date 1885-11-01"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "عام ١٩٠٨"),
        ("de", "1908 erreichten die Züge Medina"),
        ("fa", "سال ۱۹۰۸"),
        ("hi", "१९०८ में"),
        ("ja", "明治41年"),
        ("ja", "1908年に"),
        ("ko", "1908년에"),
        ("ru", "в 1908 году"),
        ("pl", "w 1908 roku"),
        ("th", "พ.ศ. 2451"),
        ("th", "ปี 2451"),
        ("tr", "1908'de"),
        ("zh", "一九〇八年"),
        ("zh", "公元1908年"),
    ],
)
def test_a_year_is_the_same_in_every_calendar(language: str, text: str) -> None:
    assert found(text, language) == ["year 1908"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "1.680 Meter", "number 1680 meter"),
        ("en", "1,680 metres", "number 1680 meter"),
        ("en", "1.680 m", "number 1.68 meter"),
        ("fr", "1 680 mètres", "number 1680 meter"),
        ("es", "1680 metros", "number 1680 meter"),
        ("ru", "1 680 метров", "number 1680 meter"),
        ("ar", "١٬٦٨٠ متراً", "number 1680 meter"),
        ("fa", "۱٬۶۸۰ متر", "number 1680 meter"),
        ("hi", "1,680 मीटर", "number 1680 meter"),
        ("sw", "mita 1,680", "number 1680 meter"),
        ("tr", "1.680 metredir", "number 1680 meter"),
        ("vi", "1.680 mét", "number 1680 meter"),
        ("zh", "一千六百八十米", "number 1680 meter"),
        ("ja", "1680メートル", "number 1680 meter"),
        ("ko", "1680미터", "number 1680 meter"),
        ("de", "1050 Millimetern", "number 1050 millimeter"),
        ("it", "66,9 metri", "number 66.9 meter"),
        ("hi", "१२,३४,५६७ रुपये", "number 1234567"),
        ("es", "1 345 596 personas", "number 1345596"),
        ("de", "1'234'567 Einwohner", "number 1234567"),
        ("ja", "1億2000万人", "number 120000000"),
        ("ja", "3万5000人", "number 35000"),
        ("ko", "2만 5000명", "number 25000"),
        ("zh", "82件", "number 82"),
        ("en", "2.5 million people", "number 2500000"),
        ("es", "3 mil millones", "number 3000000000"),
        ("ru", "2 млн км", "number 2000000 kilometer"),
        ("sw", "milioni 5", "number 5000000"),
        ("hi", "5 लाख", "number 500000"),
        ("th", "5 ล้าน", "number 5000000"),
        ("en", "at -5 °C", "number -5 celsius"),
        ("en", "35 per cent", "percent 35 percent"),
        ("tr", "yüzde 35", "percent 35 percent"),
        ("tr", "%35", "percent 35 percent"),
        ("sw", "asilimia 35", "percent 35 percent"),
        ("fa", "۳۵ درصد", "percent 35 percent"),
        ("th", "ร้อยละ 35", "percent 35 percent"),
        ("ja", "３５％", "percent 35 percent"),
        ("de", "44 v. Chr.", "year -44"),
        ("zh", "公元前221年", "year -221"),
        ("fr", "en juillet 1950", "date 1950-07"),
        ("it", "il 2 luglio", "date --07-02"),
        ("en", "on 1885-11-01", "date 1885-11-01"),
        ("de", "am 1.11.1885", "date 1885-11-01"),
        ("ru", "1500 лет", "number 1500 year"),
        ("en", "45 Meter", "number 45 meter"),
    ],
)
def test_a_number_means_what_its_language_says(language: str, text: str, expected: str) -> None:
    assert found(text, language) == [expected]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The B52 and the mp3 of the 1920s, version 1.2.3"),
        ("de", "in den 1920er Jahren"),
        ("zh", "1980年代"),
        ("de", "31. Februar"),
        ("en", "In May and March it may rain"),
        ("zh", "一些人十分高兴"),
    ],
)
def test_what_is_no_quantity_is_left_alone(language: str, text: str) -> None:
    assert [q for q in found(text, language) if q != "number 31"] == []


def test_quantities_come_in_order_with_where_they_stand() -> None:
    text = "Von 1900 bis zum 3. Mai 1908 wuchs die Strecke auf 1.300 km, 70 % davon eingleisig."
    quantities = find_quantities(text, Language("de"))
    places = [text[slice(*q.span)] for q in quantities]
    assert places == ["1900", "3. Mai 1908", "1.300", "70"]
    assert [q.kind for q in quantities] == ["year", "date", "number", "percent"]


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (quantity("year", "1826"), quantity("year", "1827"), False),
        (quantity("year", "1885"), quantity("date", "1885-11-01"), True),
        (quantity("date", "1885-11"), quantity("date", "1885-11-01"), True),
        (quantity("date", "1885-12"), quantity("date", "1885-11-01"), False),
        (quantity("date", "--11-01"), quantity("date", "1885-11-01"), True),
        (quantity("year", "1885"), quantity("date", "--11-01"), None),
        (quantity("year", "1885"), quantity("number", "1885"), None),
        (
            quantity("number", "13.3", "length-kilometer"),
            quantity("number", "13300", "length-meter"),
            True,
        ),
        (
            quantity("number", "66.9", "length-meter"),
            quantity("number", "62.59", "length-meter"),
            False,
        ),
        (
            quantity("number", "13", "length-kilometer"),
            quantity("number", "13.3", "length-kilometer"),
            True,
        ),
        (
            quantity("number", "5", "length-meter"),
            quantity("number", "5", "mass-kilogram"),
            None,
        ),
        (quantity("number", "82"), quantity("number", "82"), True),
    ],
)
def test_quantities_agree_or_not_or_cannot_be_compared(
    one: Quantity, other: Quantity, verdict: bool | None
) -> None:
    assert agree(one, other) is verdict
    assert agree(other, one) is verdict


@pytest.mark.parametrize(
    ("language", "year", "date", "number", "length", "percent"),
    [
        ("de", "44 v. Chr.", "1. November 1885", "1.234.567,5", "13,3 Kilometer", "12,5\u00a0%"),
        ("en", "44 BC", "November 1, 1885", "1,234,567.5", "13.3 kilometers", "12.5%"),
        ("hi", "44 ईसा-पूर्व", "1 नवंबर 1885", "12,34,567.5", "13.3 किलोमीटर", "12.5%"),
        ("ja", "紀元前44年", "1885年11月1日", "1,234,567.5", "13.3 キロメートル", "12.5%"),
        ("fa", "44 ق.م.", "1 نوامبر 1885", "1,234,567.5", "13.3 کیلومتر", "12.5%"),
    ],
)
def test_a_quantity_is_written_as_the_language_does(
    language: str, year: str, date: str, number: str, length: str, percent: str
) -> None:
    written = [
        format_quantity(one, Language(language))
        for one in (
            quantity("year", "-44"),
            quantity("date", "1885-11-01"),
            quantity("number", "1234567.5"),
            quantity("number", "13.3", "length-kilometer"),
            quantity("percent", "12.5", "concentr-percent"),
        )
    ]
    assert written == [year, date, number, length, percent]


def test_years_are_written_without_groups() -> None:
    assert format_quantity(quantity("year", "1908"), Language("de")) == "1908"
    assert format_quantity(quantity("year", "1908"), Language("zh")) == "1908年"
    assert format_quantity(quantity("date", "1950-07"), Language("fr")) == "juillet 1950"
    assert format_quantity(quantity("date", "--07-02"), Language("it")) == "2 luglio"


languages = st.sampled_from(EMBEDDED_LANGUAGES)


@given(languages, st.dates())
def test_a_date_written_in_a_language_is_found_again(language: Language, day: object) -> None:
    value = str(day)
    if value < "1000" or value > "2100":
        return
    written = format_quantity(quantity("date", value), language)
    assert [(q.kind, q.value) for q in find_quantities(written, language)] == [("date", value)]


@given(languages, st.integers(1, 10**9), st.integers(0, 99))
def test_a_number_written_in_a_language_is_found_again(
    language: Language, whole: int, hundredths: int
) -> None:
    value = f"{whole}.{hundredths:02}".rstrip("0").rstrip(".")
    written = format_quantity(quantity("number", value), language)
    again = find_quantities(written, language)
    assert [q.value for q in again] == [value]


@given(st.text(max_size=80), languages)
def test_any_text_can_be_read(text: str, language: Language) -> None:
    for found_one in find_quantities(text, language):
        assert text[slice(*found_one.span)].strip()
        format_quantity(found_one, Language("en"))


def test_a_language_that_babel_does_not_know_is_read_too() -> None:
    assert found("1,680 m", "xal") == ["number 1680 meter"]
    assert format_quantity(quantity("year", "1908"), Language("xal")) == "1908"
