"""LAReQA: the questions of XQuAD and MLQA, of which each is answered by a sentence.

To SQuAD's format each paragraph adds its `sentences`, and `sentence_breaks`: where each of them
begins and ends. In the other form that is read, a line is a paragraph: `pid`, its `sents`, and
`qas`, each with an id, a question, the number of the sentence and the answer.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, codes
from crosearch.evals.dataset_fields import (
    list_of,
    number_of,
    passage_of,
    passages_of,
    records_of,
    text_of,
    wrong_field,
)
from crosearch.evals.dataset_hub import is_dataset
from crosearch.evals.dataset_questions import ask
from crosearch.evals.dataset_records import read_json_lines
from crosearch.evals.dataset_squad import (
    SquadParagraph,
    SquadQuestion,
    SquadReading,
    check_parallel,
    join_readings,
    read_squad,
    squad_question,
)
from crosearch.evals.dataset_types import EvalDataset, EvalDocument
from crosearch.evals.dataset_xquad import file_readings, hub_readings, paragraph_dataset
from crosearch.tools.errors import DocumentError
from crosearch.training.question_files import Row

_PAPER = "https://arxiv.org/abs/2004.05484"
_WHERE = "https://github.com/google-research-datasets/lareqa"
_MLQA_NOTES = (
    "Those of several languages answer the same questions, and do not translate each other."
)

XQUAD_R = DatasetDescription(
    name="xquad-r",
    title="XQuAD-R (LAReQA), with paragraphs as documents",
    paper=_PAPER,
    size="1,190 questions, 240 paragraphs",
    languages=codes("ar de el en es hi ru th tr vi zh"),
    licence="CC BY-SA 4.0",
    where=_WHERE,
    files=("xquad-r/LANGUAGE.json",),
    gold=True,
    hub="google-research-datasets/xquad_r",
    notes="Paragraphs are there in all languages. LAReQA's own task is xquad-r-sentences. Where "
    "configurations were saved from the hub, each stands in a folder of its name, such as de.",
)
XQUAD_R_SENTENCES = replace(
    XQUAD_R,
    name="xquad-r-sentences",
    title="XQuAD-R (LAReQA), with sentences as documents",
    hub="",
    notes="Each question is answered by one sentence in each language.",
)
MLQA_R = DatasetDescription(
    name="mlqa-r",
    title="MLQA-R (LAReQA), with paragraphs as documents",
    paper=_PAPER,
    size="1,148 questions (English)",
    languages=codes("ar de en es hi vi zh"),
    licence="CC BY-NC 4.0",
    where=_WHERE,
    files=("mlqa-dev-r/LANGUAGE.json",),
    gold=True,
    notes=f"{_MLQA_NOTES} LAReQA's own task is mlqa-r-sentences.",
)
MLQA_R_SENTENCES = replace(
    MLQA_R,
    name="mlqa-r-sentences",
    title="MLQA-R (LAReQA), with sentences as documents",
    notes=_MLQA_NOTES,
)

_FILE = r"(?P<language>[a-z]{2})\.jsonl?"


def read_xquad_r(request: DatasetRequest) -> EvalDataset:
    """Read the paragraphs of XQuAD-R.

    Raises:
        DocumentError: A file is not as published, or paragraphs are not parallel.
        UsageError: There is no such file.
    """
    if is_dataset(request.source):
        return paragraph_dataset(request, hub_readings(request, "{0}"), parallel=True)
    return paragraph_dataset(request, _readings(request), parallel=True)


def read_mlqa_r(request: DatasetRequest) -> EvalDataset:
    """Read the paragraphs of MLQA-R.

    Raises:
        DocumentError: A file is not as published.
        UsageError: There is no such file.
    """
    return paragraph_dataset(request, _readings(request), parallel=False)


def read_sentences(request: DatasetRequest) -> EvalDataset:
    """Read the sentences of XQuAD-R or MLQA-R.

    Raises:
        DocumentError: A file is not as published.
        UsageError: There is no such file.
    """
    readings = list(_readings(request))
    facts = join_readings(readings, lambda paragraph, asked: f"{paragraph.key}.{asked.sentence}")
    if request.about is XQUAD_R_SENTENCES:
        check_parallel(readings)
    return EvalDataset(
        name=request.about.name,
        questions=list(ask(request, facts)),
        documents=[document for reading in readings for document in _documents(reading)],
    )


def _readings(request: DatasetRequest) -> Iterator[SquadReading]:
    return file_readings(request, _FILE, _read_file)


def _read_file(path: Path) -> Iterator[SquadParagraph]:
    if path.suffix == ".jsonl":
        return map(_paragraph_line, read_json_lines(path))
    return map(_with_sentences, read_squad(path))


def _documents(reading: SquadReading) -> Iterator[EvalDocument]:
    for paragraph in reading.paragraphs:
        for number, sentence in enumerate(paragraph.sentences):
            yield EvalDocument(
                id=f"{paragraph.key}.{number}.{reading.document_language}",
                language=reading.document_language,
                text=sentence,
                title=paragraph.title,
            )


def _with_sentences(paragraph: SquadParagraph) -> SquadParagraph:
    sentences = passages_of(paragraph.row, "sentences")
    ends = _ends(paragraph.row, len(sentences))
    questions = [replace(q, sentence=_sentence_of(q, ends)) for q in paragraph.questions]
    return replace(paragraph, sentences=sentences, questions=questions)


def _ends(row: Row, count: int) -> list[int]:
    breaks = list_of(row, "sentence_breaks")
    ends: list[int] = []
    for value in breaks:
        match value:
            case [int(), int(end)] if end > (ends[-1] if ends else 0):
                ends.append(end)
            case _:
                raise wrong_field(row, "sentence_breaks", "pairs of numbers that rise")
    if len(ends) != count:
        right = f"as long as 'sentences', which are {count}, and it has {len(ends)} pairs"
        raise wrong_field(row, "sentence_breaks", right)
    return ends


def _sentence_of(question: SquadQuestion, ends: list[int]) -> int:
    for answer in records_of(question.row, "answers"):
        start = number_of(answer, "answer_start")
        number = bisect_right(ends, start)
        if start < 0 or number == len(ends):
            raise wrong_field(
                answer, "answer_start", f"a place in the sentences, before {ends[-1]}"
            )
        return number
    raise wrong_field(question.row, "answers", "a list with an answer, which names the sentence")


def _paragraph_line(row: Row) -> SquadParagraph:
    sentences = passages_of(row, "sents")
    return SquadParagraph(
        key=text_of(row, "pid").replace("-", "."),
        title="",
        text=passage_of(row, "context"),
        questions=list(_line_questions(row, len(sentences))),
        row=row,
        sentences=sentences,
    )


def _line_questions(row: Row, sentences: int) -> Iterator[SquadQuestion]:
    for number, value in enumerate(list_of(row, "qas")):
        match value:
            case [str(name), str(text), int(sentence), str(answer)] if 0 <= sentence < sentences:
                place = f"{row.place}: qas[{number}]"
                asked = Row(place=place, values={"id": name, "question": text})
                yield replace(squad_question(asked, (answer.strip(),)), sentence=sentence)
            case _:
                raise DocumentError(
                    f"{row.place}: qas[{number}] is {value!r:.80}; it has to be an id, a question, "
                    f"the number of the sentence, below {sentences}, and the answer"
                )
