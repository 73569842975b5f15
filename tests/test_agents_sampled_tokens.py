"""What a server says of its tokens counts as far as it holds; what does not is told."""

from collections.abc import Sequence

import pytest
from tiny_models import FAMILIES, Family, tiny_tokenizer
from transformers import PreTrainedTokenizerFast

from crosearch.agents.sampled_tokens import SampledTurn, TokenReader
from crosearch.tools.token_completions import TokenCompletion, TokenLogprobs

SEARCH = '<think>It is French.</think><search lang="fr">phare</search>'
PROMPT = [1, 2, 3]


@pytest.fixture(params=FAMILIES)
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    family: Family = request.param
    return tiny_tokenizer(family)


def encode(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    return [*tokenizer.encode(text, add_special_tokens=False)]


def decode(tokenizer: PreTrainedTokenizerFast, ids: Sequence[int]) -> str:
    before = str(tokenizer.decode(PROMPT))
    return str(tokenizer.decode([*PROMPT, *ids])).removeprefix(before)


def read(
    tokenizer: PreTrainedTokenizerFast,
    ids: list[int],
    text: str,
    *,
    finish_reason: str = "stop",
) -> SampledTurn:
    completion = TokenCompletion(
        text=text,
        finish_reason=finish_reason,
        token_ids=ids,
        prompt_token_ids=PROMPT,
        logprobs=TokenLogprobs(token_logprobs=[-0.5] * len(ids)),
    )
    return TokenReader(tokenizer).read(PROMPT, completion)


def test_a_turn_is_its_tokens_up_to_the_one_that_completes_the_action(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    ids = encode(tokenizer, SEARCH)
    more = [*ids, *encode(tokenizer, "<information>made up</information>")]
    for sampled in (ids, more):
        turn = read(tokenizer, sampled, decode(tokenizer, sampled))
        assert turn.token_ids == tuple(ids)
        assert turn.logprobs == (-0.5,) * len(ids)
        assert turn.text == decode(tokenizer, ids)
        assert (turn.status, turn.flaw) == ("ok", "")


def test_a_server_may_leave_out_the_stop_string_and_the_end_of_a_turn(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    ids = encode(tokenizer, SEARCH)
    text = decode(tokenizer, ids)
    assert read(tokenizer, ids, text.removesuffix("</search>")).flaw == ""
    end = encode(tokenizer, "<|im_end|>")
    words = encode(tokenizer, "I do not know")
    told = decode(tokenizer, words)
    for said in (told, decode(tokenizer, [*words, *end])):
        turn = read(tokenizer, [*words, *end], said)
        assert (turn.text, turn.flaw) == (told, "")
        assert turn.token_ids == (*words, *end)


def test_nothing_but_an_end_is_an_empty_turn(tokenizer: PreTrainedTokenizerFast) -> None:
    end = encode(tokenizer, "<|im_end|>")
    turn = read(tokenizer, end, "<|im_end|>")
    assert (turn.text, turn.status, turn.token_ids) == ("", "empty", tuple(end))


def test_a_turn_is_cut_off_only_where_its_action_is_open(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    ids = encode(tokenizer, SEARCH)
    text = decode(tokenizer, ids)
    assert read(tokenizer, ids, text, finish_reason="length").status == "ok"
    cut = read(tokenizer, ids[:-1], decode(tokenizer, ids[:-1]), finish_reason="length")
    assert cut.status == "length"
    assert cut.token_ids == tuple(ids[:-1])


@pytest.mark.parametrize("wrong", ["one less at the start", "one less at the end", "another"])
def test_ids_that_spell_another_text_are_dropped(
    tokenizer: PreTrainedTokenizerFast, wrong: str
) -> None:
    ids = encode(tokenizer, "Das Schiffshebewerk wurde eröffnet")
    text = decode(tokenizer, ids)
    shifted = {
        "one less at the start": ids[1:],
        "one less at the end": ids[:-1],
        "another": [*ids[:-1], ids[0]],
    }[wrong]
    turn = read(tokenizer, shifted, text)
    assert turn.flaw == "text only: the server's token ids do not spell the text it returned"
    assert turn.token_ids is None and turn.logprobs is None
    assert turn.text == text


def test_the_last_token_is_kept_whole_though_it_holds_more_than_the_tag() -> None:
    tokenizer = tiny_tokenizer("bytes")
    tokenizer.add_tokens(["ch>\n\n"])
    ids = [
        *encode(tokenizer, SEARCH.removesuffix("ch>")),
        tokenizer.convert_tokens_to_ids("ch>\n\n"),
    ]
    turn = read(tokenizer, [i for i in ids if isinstance(i, int)], SEARCH)
    assert turn.text == SEARCH + "\n\n"
    assert (turn.status, turn.flaw) == ("ok", "")


def test_a_character_that_was_cut_in_its_bytes_is_no_contradiction() -> None:
    tokenizer = tiny_tokenizer("bytes")
    ids = encode(tokenizer, "Wo? 𓀀")
    turn = read(tokenizer, ids[:-1], "Wo? ", finish_reason="length")
    assert (turn.status, turn.flaw) == ("length", "")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (None, "the server returned no log-probabilities"),
        ([-0.5], "the server returned 1 log-probabilities for 2 tokens"),
        ([-0.5, None], "the server returned no log-probability for some"),
    ],
)
def test_every_token_needs_its_log_probability(
    values: list[float | None] | None, told: str
) -> None:
    tokenizer = tiny_tokenizer("bytes")
    ids = encode(tokenizer, "a")[:1] * 2
    completion = TokenCompletion(
        text=decode(tokenizer, ids),
        token_ids=ids,
        prompt_token_ids=PROMPT,
        logprobs=None if values is None else TokenLogprobs(token_logprobs=values),
    )
    turn = TokenReader(tokenizer).read(PROMPT, completion)
    assert turn.flaw.startswith(told)
    assert turn.logprobs is None
    assert turn.token_ids == tuple(ids)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), float("inf"), -9999.0])
def test_a_sampled_token_cannot_be_impossible(value: float) -> None:
    completion = TokenCompletion(
        text="a", token_ids=[5], logprobs=TokenLogprobs(token_logprobs=[value])
    )
    assert TokenReader(tiny_tokenizer("bytes")).read(PROMPT, completion).status == "nan"
