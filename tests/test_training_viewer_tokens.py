"""Tokens are shown one by one, and together are the text that the model saw."""

import math
from pathlib import Path

import pytest
from tiny_models import FAMILIES, Family, tiny_tokenizer
from viewer_samples import lighthouse_run, token_run

from crosearch.tools.errors import UsageError
from crosearch.training.viewer_tokens import load_decoder, token_texts, view_tokens

TEXTS = (
    'The Göltzsch viaduct — <search lang="de">Göltzschtalbrücke</search>',
    "日本語のテキスト、東京。 السؤال 🦊👩‍🔬",
    "",
)


@pytest.fixture(scope="module", params=FAMILIES)
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    family: Family = request.param
    folder = tmp_path_factory.mktemp(family)
    tiny_tokenizer(family).save_pretrained(folder)
    return folder


def test_the_tokens_texts_are_the_text_of_all(tokenizer: Path) -> None:
    decoder = load_decoder(str(tokenizer))
    encode = tiny_tokenizer(tokenizer.name.rstrip("0123456789")).encode  # type: ignore[arg-type]  # the folder is named by the family
    for text in TEXTS:
        ids = encode(text, add_special_tokens=False)
        texts = token_texts(ids, decoder)
        assert len(texts) == len(ids)
        assert "".join(texts) == decoder.decode(ids)


def test_a_character_of_several_tokens_stands_at_its_last() -> None:
    tokenizer = tiny_tokenizer("bytes")
    ids = tokenizer.encode("🦊", add_special_tokens=False)
    assert len(ids) == 4
    assert token_texts(ids, _Decoder()) == ["", "", "", "🦊"]


def test_broken_characters_at_the_end_are_no_endless_wait() -> None:
    ids = tiny_tokenizer("bytes").encode("🦊", add_special_tokens=False)
    assert token_texts(ids[:3] * 6, _Decoder())[7:8] != [""]


class _Decoder:
    def decode(self, token_ids: object, /) -> str:
        text = tiny_tokenizer("bytes").decode(token_ids)  # type: ignore[arg-type]  # ids, as given
        assert isinstance(text, str)
        return text


def test_only_the_policys_tokens_are_trained_on_and_coloured() -> None:
    record = token_run([[1, 2], [3], [4, 5, 6], [7]], ["a", "b", "c", "d"])
    prompt, _, policy, feedback = view_tokens(record)
    assert [segment.trained for segment in view_tokens(record)] == [False, False, True, False]
    assert [token.step for token in policy.tokens] == ["0", "4", "5"]
    assert [token.logprob for token in policy.tokens] == [0.0, -0.7, -1.4]
    assert policy.mean == pytest.approx(-0.7)
    assert {token.step for token in (*prompt.tokens, *feedback.tokens)} == {""}
    assert policy.tokens[1].title == "id 5, log-probability -0.7000, p 0.497"
    assert prompt.tokens[0].title == "id 1"


def test_a_text_only_run_has_no_tokens() -> None:
    assert all(not segment.tokens for segment in view_tokens(lighthouse_run()))


def test_probabilities_that_are_none_are_shown_as_such() -> None:
    record = token_run([[1], [2], [3, 4, 5, 6], [7]], ["a", "b", "c", "d"])
    record["transcript"][2]["logprobs"] = [math.nan, -math.inf, 1e9]
    policy = view_tokens(record)[2]
    assert [token.step for token in policy.tokens] == ["nan", "8", "0", ""]


def test_a_tokenizer_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be loaded"):
        load_decoder(str(tmp_path))
