"""Sentences as spans, in every script."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import shared_data

from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.sentences import split_sentences


def split(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, Language(language))]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["Dr. Smith came.", "He left at 5 p.m. in a hurry."]),
        ("en", ["The U.S. Army and J. R. R. Tolkien met.", "It was 3.14 miles."]),
        ("en", ["He lives in the U.S.", "The house is old."]),
        ("en", ["“Is it true?” she asked.", "Nobody knew!", "Really?!"]),
        ("en", ["See fig. 3 in vol. 2.", "In 1999.", "The end."]),
        ("en", ["It was so … and then it was not.", "But why..."]),
        ("en", ["Plants make sugar.[12]", "They need light (and water).", "Good."]),
        ("en", ["It fought in World War I.", "The peace was short."]),
        ("de", ["Am 3. Oktober 1990 war es so weit, z. B. in Berlin.", "Alle feierten."]),
        ("de", ["Friedrich II. Barbarossa gab es nicht.", "Das war Friedrich I.", "Er fiel 1190."]),
        ("de", ["„Komm!“, rief sie.", "»Nein.«", "Dann ging er."]),
        ("fr", ["M. Dupont dit : « Non. »", "Il part le 1er mai."]),
        ("es", ["¿Qué pasa?", "¡Nada!", "El Sr. García, p. ej., lo sabe."]),
        (
            "ru",
            ["Пушкин, т. е. поэт, родился в 1799 г.", "А. С. Пушкин умер в 1837 г. в Петербурге."],
        ),
        ("uk", ["Це вул. Шевченка.", "Вона довга."]),
        ("pl", ["Ur. w XIX w. w Krakowie.", "To był prof. Kowalski."]),
        ("tr", ["19. Yüzyılda IV. Murat yoktu.", "Bu doğru."]),
        ("el", ["Τι είναι αυτό;", "Είναι ο κ. Παπαδόπουλος, π.χ. εδώ."]),
        ("zh", ["他说：“你好。”", "然后走了！", "真的吗？", "圆周率是3.14。"]),
        ("zh", ["真的吗?", "我不知道。"]),
        ("ja", ["「行く。」と彼は言った。", "本当ですか？", "円周率は３．１４です。"]),
        ("ko", ["서울은 한국의 수도이다.", "인구는 약 940만 명이다."]),
        ("hi", ["डॉ. ए. पी. जे. अब्दुल कलाम वैज्ञानिक थे।", "वे राष्ट्रपति बने॥", "कब?"]),
        ("ar", ["ما هي عاصمة فرنسا؟", "باريس.", "وُلد د. أحمد سنة 1950 م.", "ثم مات."]),
        ("fa", ["پایتخت ایران کجاست؟", "تهران."]),
        ("ur", ["یہ ایک جملہ ہے۔", "یہ دوسرا ہے۔"]),
        ("vi", ["TP. Hồ Chí Minh rất lớn.", "Đó là thành phố của GS. Trần."]),
        ("sw", ["Bw. Juma alifika.", "Yeye ni mwalimu."]),
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(language: str, sentences: list[str]) -> None:
    assert split(" ".join(sentences), language) == sentences


def test_chinese_and_japanese_need_no_space_between_sentences() -> None:
    assert split("北京是首都。上海很大！真的吗？", "zh") == [
        "北京是首都。",
        "上海很大！",
        "真的吗？",
    ]
    assert split("東京は首都だ。人口は多い。", "ja") == ["東京は首都だ。", "人口は多い。"]


def test_a_list_number_stays_with_its_item() -> None:
    assert split("1. Introduction\n2. Method", "en") == ["1. Introduction", "2. Method"]


def test_lines_end_sentences_unless_they_were_wrapped() -> None:
    text = "A heading\nThe text is wrapped\nin the middle. Then it\n\ngoes on"
    assert split(text, "en") == [
        "A heading",
        "The text is wrapped\nin the middle.",
        "Then it",
        "goes on",
    ]


def test_thai_is_split_at_spaces_into_pieces_of_readable_length() -> None:
    text = (
        "กรุงเทพมหานครเป็นเมืองหลวงและนครที่มีประชากรมากที่สุดของประเทศไทย "
        "แต่เชียงใหม่เป็นเมืองที่ใหญ่ที่สุดในภาคเหนือ มีประชากร 130,000 คน  "
        "ภูเก็ตเป็นเกาะที่ใหญ่ที่สุด"
    )
    pieces = split(text, "th")
    assert [piece[:5] for piece in pieces] == ["กรุงเ", "แต่เช", "ภูเก็"]


def test_a_text_of_white_space_has_no_sentences() -> None:
    assert split(" \n\t\u3000 ", "ja") == []


@given(
    text=st.text(alphabet=st.sampled_from("aA1. \n\r!?…。」”)(»;।؟ก\u00a0\u2028[]-iédZ\u3042")),
    language=st.sampled_from(EMBEDDED_LANGUAGES),
)
def test_spans_are_ordered_disjoint_trimmed_and_cover_all_but_white_space(
    text: str, language: Language
) -> None:
    spans = split_sentences(text, language)
    end = 0
    for span in spans:
        assert not text[end : span[0]].strip()
        assert span[0] < span[1]
        assert text[span[0] : span[1]] == text[span[0] : span[1]].strip()
        end = span[1]
    assert not text[end:].strip()


@given(text=st.text(max_size=300), language=st.sampled_from(EMBEDDED_LANGUAGES))
@settings(max_examples=50)
def test_any_text_at_all_keeps_every_letter(text: str, language: Language) -> None:
    assert "".join("".join(split(text, language)).split()) == "".join(text.split())


@pytest.mark.parametrize("unit", [". ", "(", "Dr. ", ' ."', "\n ", "。」", "1. ", "ก ", "\u00a0»"])
@pytest.mark.parametrize("language", ["en", "th"])
def test_a_hostile_text_costs_no_more_than_its_length(unit: str, language: str) -> None:
    """Quadratic work on as much as this would not come to an end."""
    text = "." + unit * 100_000
    spans = split_sentences(text, Language(language))
    kept = "".join(text[start:end] for start, end in spans)
    assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("language", "least"),
    [
        ("en", 0.97),
        ("de", 0.96),
        ("ru", 0.97),
        ("ar", 0.95),
        ("hi", 0.95),
        ("zh", 0.9),
        ("tr", 0.9),
    ],
)
def test_sentences_of_real_text_agree_with_a_published_split(language: str, least: float) -> None:
    agreed = ours = theirs = 0
    lines = (shared_data() / "xquad_r_dev" / f"{language}.jsonl").read_text("utf-8")
    for line in lines.splitlines():
        paragraph = json.loads(line)
        text, position = paragraph["context"], 0
        expected: set[int] = set()
        for sentence in paragraph["sents"]:
            position = text.index(sentence, position)
            expected.add(position)
            position += len(sentence)
        found = {start for start, _ in split_sentences(text, Language(language))[1:]}
        expected -= {min(expected)}
        agreed, ours, theirs = (
            agreed + len(found & expected),
            ours + len(found),
            theirs + len(expected),
        )
    assert 2 * agreed / (ours + theirs) >= least
