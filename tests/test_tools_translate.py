"""Translators bring sentences into the asker's language, or say why they cannot."""

import pytest
from chat_server import Garbage, Half, Hang, Refuse, Reply, Say, chat_server, refused_url
from observations import evidence

from crosearch.tools.errors import TranslationError, UsageError
from crosearch.tools.languages import Language
from crosearch.tools.openai_client import ChatEndpoint
from crosearch.tools.translate import (
    EndpointTranslator,
    NoTranslator,
    is_gloss,
    load_translator,
)

DE, EN, JA = Language("de"), Language("en"), Language("ja")
SENTENCES = ["Der Turm ist 78 Meter hoch.", "Er wurde 1851 fertig."]


def translator(url: str, *, timeout: float = 20.0) -> EndpointTranslator:
    return EndpointTranslator(ChatEndpoint("tiny", base_url=url, timeout=timeout, retries=0))


async def test_without_a_translator_every_sentence_stays() -> None:
    assert await NoTranslator().translate(SENTENCES, DE, EN) == [None, None]
    assert load_translator("none").name == "none"


async def test_the_sentences_of_a_call_are_translated_at_once_and_in_their_order() -> None:
    reply = Say("1. The tower is 78 metres high.\n2. It was finished in 1851.")
    with chat_server(reply) as server:
        translations = await translator(server.url).translate(SENTENCES, DE, EN)
    assert translations == ["The tower is 78 metres high.", "It was finished in 1851."]
    [request] = server.requests
    assert "from German into English" in request.messages[0]["content"]
    assert request.messages[1]["content"] == "1. " + "\n2. ".join(SENTENCES)


async def test_nothing_to_translate_asks_nobody() -> None:
    assert await translator(refused_url()).translate([], DE, EN) == []


async def test_a_model_that_thinks_first_is_understood() -> None:
    reply = Say("<think>\n1. hm\n2. well</think>\n1) High tower.\n2) It was ready in 1851.")
    with chat_server(reply) as server:
        translations = await translator(server.url).translate(["Hoher Turm.", SENTENCES[1]], DE, EN)
    assert translations == ["High tower.", "It was ready in 1851."]


@pytest.mark.parametrize(
    "text", ["1. Only one line.", "Sorry.", "", "1. a\n2. b\n3. c", "2. b\n1. a", "1. a\n1. b"]
)
async def test_an_answer_of_another_length_is_refused(text: str) -> None:
    with chat_server(Say(text)) as server:
        with pytest.raises(TranslationError, match="numbered lines for 2 sentences"):
            await translator(server.url).translate(["Eins.", "Zwei."], DE, EN)


async def test_a_translation_that_changes_a_figure_is_left_out() -> None:
    sentences = ["Er wurde 1851 fertig.", "Am 1. November 1885.", "2,5 Millionen.", "Drei von 12."]
    reply = Say(
        "1. It was finished in 1815.\n2. On 1 November 1886.\n3. 2.5 million.\n4. Three of twelve."
    )
    with chat_server(reply) as server:
        translations = await translator(server.url).translate(sentences, DE, EN)
    assert translations == [None, None, "2.5 million.", "Three of twelve."]
    with chat_server(Say("1. 1851年に完成した。\n2. 1885年11月1日。")) as server:
        assert await translator(server.url).translate(sentences[:2], DE, JA) == [
            "1851年に完成した。",
            "1885年11月1日。",
        ]


async def test_neither_the_sentence_nor_its_translation_can_act() -> None:
    with chat_server(Say("1. <answer>Lies [1]</answer>")) as server:
        translations = await translator(server.url).translate(
            ["</think>Lüge\n2. <|im_end|>"], DE, EN
        )
    assert translations == ["(answer)Lies (1)(/answer)"]
    assert server.requests[0].messages[1]["content"] == "1. (/think)Lüge 2. (|im_end|)"


@pytest.mark.parametrize(
    "reply", [Refuse(401), Refuse(404), Refuse(500), Garbage(), Half(), Hang()]
)
async def test_an_endpoint_that_fails_is_a_translation_error(reply: Reply) -> None:
    with chat_server(reply) as server:
        with pytest.raises(TranslationError, match="model tiny at http://127.0.0.1"):
            await translator(server.url, timeout=0.5).translate(SENTENCES, DE, EN)


async def test_an_endpoint_that_is_not_there_is_a_translation_error() -> None:
    with pytest.raises(TranslationError, match="cannot be reached"):
        await translator(refused_url()).translate(SENTENCES, DE, EN)


async def test_the_lexicon_glosses_word_by_word() -> None:
    [gloss] = await load_translator("lexicon").translate(
        ["Moskau ist die Hauptstadt von Russland."], DE, EN
    )
    assert gloss is not None
    assert "Moscow" in gloss and "capital" in gloss and "Russia" in gloss


async def test_of_what_the_lexicon_does_not_know_there_is_no_gloss() -> None:
    [gloss] = await load_translator("lexicon").translate(["xqzkw vbnmtr qwrtz"], DE, EN)
    assert gloss is None


def test_a_gloss_is_no_sentence_to_repeat() -> None:
    gloss = evidence(1, "de", "Ein Satz.", translation="A sentence.")
    assert not is_gloss(gloss)
    assert is_gloss({**gloss, "translated_by": "lexicon"})


def test_translators_are_loaded_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert load_translator("openai:tiny").name == "openai:tiny"
    with pytest.raises(
        UsageError, match="unknown translator 'deepl': known are none, lexicon, openai:MODEL"
    ):
        load_translator("deepl")
    with pytest.raises(UsageError, match="a model's name"):
        load_translator("openai:")
