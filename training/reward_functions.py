"""What a run is worth, one measure after the other: plain functions over its record.

Each takes a trajectory and gives a number: from 0 to 1 for what is to be had, from -1 to 0 for what
is to be avoided. None reads the transcript: what a run did stands in its history, parsed once by
the graph. What cannot be told is never punished.
"""

from collections.abc import Iterator
from itertools import chain

from crosearch.tools.answer_language import AnswerLanguage, judge_answer_language
from crosearch.tools.ledger import Evidence, SearchRecord
from crosearch.tools.scoring import (
    answer_tokens,
    c3recall_bergen,
    c3recall_lcrl,
    exact_match,
    flexible_match,
    is_unspaced,
    normalise_answer,
    text_grams,
    token_f1,
)
from crosearch.training.gold_answers import wanted_golds
from crosearch.training.questions import UNTOLD
from crosearch.training.trajectories import Trajectory

_SUBSTRING = 4
"""So many characters of a gold answer are enough to find it inside of a longer word."""
_OF_THE_QUESTION = 0.2
"""This share of a query's 3-grams the question has to hold, in a language it is known in."""
_CITED_AT_RANDOM = 2
"""So many cited entries that hold no answer are no oversight."""
_ROOM = 2
"""Tokens that an answer may have beyond twice the longest gold answer's."""


def exact(record: Trajectory) -> float:
    """Score 1 for an answer that is a gold one in the language asked for (SQuAD, MLQA)."""
    return float(any(exact_match(_answer(record), g, code) for code, g in wanted_golds(record)))


def answer_f1(record: Trajectory) -> float:
    """Score how far an answer's words are a gold answer's in the language asked for (SQuAD)."""
    answer = _answer(record)
    return max((token_f1(answer, golds, code) for code, golds in wanted_golds(record)), default=0.0)


def flexible(record: Trajectory) -> float:
    """Score 1 for an answer that holds a gold one or its alias, in any language (LcRL's fEM).

    A list of all that might be right scores 1 as well, and so does the wrong language.
    """
    return float(flexible_match(_answer(record), record["answers"]))


def bergen_recall(record: Trajectory) -> float:
    """Score character 3-gram recall as BERGEN defines it (arXiv 2407.01463)."""
    answer = _answer(record)
    return max((c3recall_bergen(answer, golds) for _, golds in wanted_golds(record)), default=0.0)


def lcrl_recall(record: Trajectory) -> float:
    """Score character 3-gram recall as LcRL defines it (arXiv 2601.14896)."""
    answer = _answer(record)
    return max((c3recall_lcrl(answer, golds) for _, golds in wanted_golds(record)), default=0.0)


def right_answer(record: Trajectory) -> float:
    """Score 1 for a gold answer in the language asked for, given for a reason.

    The exact match of Search-R1 (arXiv 2503.09516), with two ways out closed: an answer that cites
    whatever was found names no reason, and one that is known in other languages only, and matches
    there, has to be in a language that is not the wrong one.
    """
    if not exact(record) or cites_at_random(record):
        return 0.0
    golds = record["answers"]
    in_wanted = any(golds.get(code) for code in (record["language"], UNTOLD))
    return float(in_wanted or language_verdict(record) != "wrong")


def abstention(record: Trajectory) -> float:
    """Score up to 1 for saying that there is no answer, after real searches that found none.

    It is the share of the searches that were real ones; see `real_searches`. As R-Tuning (Zhang et
    al. 2023, arXiv 2311.09677) has models refuse what they do not know. To abstain without having
    searched is worth nothing, and so is to abstain before evidence that holds a gold answer, and
    not by chance: in a passage whose title the question names.
    """
    if not _abstained(record) or not record["searches"]:
        return 0.0
    asked = [normalise_answer(text, UNTOLD) for text in _known_questions(record).values()]
    for entry in record["evidence"]:
        title = normalise_answer(entry["title"], UNTOLD)
        if title and any(title in text for text in asked) and supports(entry, record):
            return 0.0
    return real_searches(record) / len(record["searches"])


def language(record: Trajectory) -> float:
    """Take 1 for an answer, or an abstention, in another language than the one asked for.

    After the language consistency reward of DeepSeek-R1 (arXiv 2501.12948), for short answers: see
    `judge_answer_language`.
    """
    return -float(language_verdict(record) == "wrong")


def language_verdict(record: Trajectory) -> AnswerLanguage:
    """Tell whether a run answered in the language asked for; `unknown` where it did not answer."""
    if record["ending"] != "answered":
        return "unknown"
    golds = {} if _abstained(record) else record["answers"]
    return judge_answer_language(record["answer"], record["language"], golds)


def format_kept(record: Trajectory) -> float:
    """Take the share of turns that could not be carried out; 1 for a run without an end.

    The format reward of DeepSeek-R1 and Search-R1, as a penalty, so that form alone earns nothing.
    """
    if record["ending"] != "answered":
        return -1.0
    turns = record["history"]
    return -sum(turn["mistake"] is not None for turn in turns) / len(turns) if turns else 0.0


def citations(record: Trajectory) -> float:
    """Score the share of a right answer's citations that hold it (ALCE, arXiv 2305.14627).

    ALCE's citation precision, with gold answers in the place of a judge. A cited entry of which it
    cannot be told is left out; 1 where it can be told of none.
    """
    if not right_answer(record):
        return 0.0
    told = [verdict for verdict in _citation_verdicts(record) if verdict is not None]
    return sum(told) / len(told) if told else 1.0


def cites_at_random(record: Trajectory) -> bool:
    """Tell whether an answer cites entries whether or not they hold the answer.

    It does where several of them hold none, and more than hold one; and where it cites all that was
    found, and half of it or more holds none.
    """
    verdicts = _citation_verdicts(record)
    empty, full = verdicts.count(False), verdicts.count(True)
    if len(verdicts) == len(record["evidence"]) and 0 < empty >= full:
        return len(verdicts) > 1
    return empty >= _CITED_AT_RANDOM and empty > full


def length(record: Trajectory) -> float:
    """Take up to 1 for an answer that is much longer than the gold ones.

    The soft punishment of DAPO (arXiv 2503.14476), of the answer alone: none up to twice the
    longest gold answer's tokens and two more, all at twice as many as these.
    """
    golds = wanted_golds(record)
    if not golds or not _answer(record):
        return 0.0
    longest = max(len(answer_tokens(gold, code)) for code, texts in golds for gold in texts)
    allowed = 2 * longest + _ROOM
    tokens = len(answer_tokens(_answer(record), record["language"]))
    return -min(max(tokens - allowed, 0) / allowed, 1.0)


def languages_beyond_the_first(record: Trajectory) -> int:
    """Count the languages that a run searched, but for one, which every answer needs."""
    return max(len(set(chain.from_iterable(s["languages"] for s in record["searches"]))) - 1, 0)


def real_searches(record: Trajectory) -> int:
    """Count the searches that were made to find something.

    A search is empty when it repeats an earlier one, when it found no passage at all, or when its
    query has nothing of the question, where that is known in all languages that were searched.
    """
    return sum(
        not repeated
        and any(outcome["found"] for outcome in search["outcomes"])
        and _is_about_question(search, record)
        for search, repeated in _with_repeats(record)
    )


def repeats(record: Trajectory) -> float:
    """Count the searches, below 0, that repeat earlier ones: these can bring nothing new."""
    return -float(sum(repeated for _, repeated in _with_repeats(record)))


def supports(entry: Evidence, record: Trajectory) -> bool | None:
    """Tell whether an entry of the ledger holds a gold answer; None where it cannot be told.

    It cannot be told of an entry in a language in which no gold answer is known, and which was not
    translated.
    """
    golds = record["answers"]
    texts = [entry["title"], entry["text"], entry["translation"] or ""]
    if any(_is_in(gold, code, text) for code, g in golds.items() for gold in g for text in texts):
        return True
    known = bool(golds.get(entry["language"])) or (
        entry["translation"] is not None and bool(golds.get(record["language"]))
    )
    return False if known else None


def _with_repeats(record: Trajectory) -> Iterator[tuple[SearchRecord, bool]]:
    """List searches, and of each whether its query was searched in all its languages before."""
    seen: set[tuple[str, str]] = set()
    for search in record["searches"]:
        query = normalise_answer(search["query"], "")
        places = {(query, code) for code in search["languages"]}
        yield search, places <= seen
        seen |= places


def _answer(record: Trajectory) -> str:
    """Return the answer; empty where the run declined, or ended without one."""
    return record["answer"] if record["ending"] == "answered" and record["found"] else ""


def _abstained(record: Trajectory) -> bool:
    if record["ending"] != "answered" or not record["history"]:
        return False
    action = record["history"][-1]["action"]
    return action["kind"] == "answer" and not action["found"]


def _citation_verdicts(record: Trajectory) -> list[bool | None]:
    cited = set(record["citations"])
    return [supports(entry, record) for entry in record["evidence"] if entry["number"] in cited]


def _is_in(gold: str, code: str, text: str) -> bool:
    """Find a gold answer in a text, inside of a longer word too, unless it is very short."""
    whole = normalise_answer(text, UNTOLD)
    # Without its articles, and as it is: in Arabic the letters of one are taken out of words, too.
    for part in {normalise_answer(gold, code), normalise_answer(gold, UNTOLD)}:
        letters = 1 if is_unspaced(part) else _SUBSTRING
        if part and part in whole and (len(part) >= letters or f" {part} " in f" {whole} "):
            return True
    return False


def _known_questions(record: Trajectory) -> dict[str, str]:
    """Return the question in all languages that it is known in."""
    known = {**record["translations"], record["language"]: record["question"]}
    variation = record["variation"]
    return {**known, variation["asked_in"]: variation["question"]} if variation else known


def _is_about_question(search: SearchRecord, record: Trajectory) -> bool:
    known = _known_questions(record)
    grams = text_grams(search["query"])
    if not grams:
        return len(search["query"].strip()) > 1 and is_unspaced(search["query"])
    if not all(code in known for code in search["languages"]):
        return True
    held = set(chain.from_iterable(map(text_grams, known.values())))
    return len(grams & held) >= _OF_THE_QUESTION * len(grams)
