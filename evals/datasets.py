"""Data sets that others published to evaluate with, each read from its published files."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches

from crosearch.evals import (
    dataset_afriqa,
    dataset_bmlama,
    dataset_bordirlines,
    dataset_clirudit,
    dataset_lareqa,
    dataset_mintaka,
    dataset_miracl,
    dataset_mkqa,
    dataset_mlama,
    dataset_mlqa,
    dataset_neuclir,
    dataset_polyfact,
    dataset_tydiqa,
    dataset_xor,
    dataset_xquad,
    dataset_xrag,
)
from crosearch.evals.dataset_catalog import DatasetDescription, DatasetRequest, split_named
from crosearch.evals.dataset_types import EvalDataset
from crosearch.tools.errors import DocumentError, UnknownLanguageError, UsageError
from crosearch.tools.languages import (
    Language,
    describe_language,
    parse_language,
    parse_languages,
)

_READERS: Mapping[DatasetDescription, Callable[[DatasetRequest], EvalDataset]] = {
    dataset_mkqa.MKQA: dataset_mkqa.read_mkqa,
    dataset_xquad.XQUAD: dataset_xquad.read_xquad,
    dataset_mlqa.MLQA: dataset_mlqa.read_mlqa,
    dataset_lareqa.XQUAD_R: dataset_lareqa.read_xquad_r,
    dataset_lareqa.XQUAD_R_SENTENCES: dataset_lareqa.read_sentences,
    dataset_lareqa.MLQA_R: dataset_lareqa.read_mlqa_r,
    dataset_lareqa.MLQA_R_SENTENCES: dataset_lareqa.read_sentences,
    dataset_xor.XOR_RETRIEVE: dataset_xor.read_xor,
    dataset_xor.XOR_FULL: dataset_xor.read_xor,
    dataset_tydiqa.TYDIQA: dataset_tydiqa.read_tydiqa,
    dataset_afriqa.AFRIQA: dataset_afriqa.read_afriqa,
    dataset_miracl.MIRACL: dataset_miracl.read_miracl,
    dataset_neuclir.NEUCLIR: dataset_neuclir.read_neuclir,
    dataset_clirudit.CLIRUDIT: dataset_clirudit.read_clirudit,
    dataset_xrag.XRAG: dataset_xrag.read_xrag,
    dataset_bordirlines.BORDIRLINES: dataset_bordirlines.read_bordirlines,
    dataset_polyfact.POLYFACT: dataset_polyfact.read_polyfact,
    dataset_mlama.MLAMA: dataset_mlama.read_mlama,
    dataset_bmlama.BMLAMA: dataset_bmlama.read_bmlama,
    dataset_mintaka.MINTAKA: dataset_mintaka.read_mintaka,
}


def datasets_known() -> tuple[DatasetDescription, ...]:
    """List the data sets that can be read."""
    return tuple(_READERS)


def describe_dataset(name: str) -> DatasetDescription:
    """Find a data set by its name, in whatever case, with spaces or underscores for hyphens.

    Raises:
        UsageError: There is none of this name; the message lists those there are.
    """
    known = {about.name: about for about in _READERS}
    asked = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    if asked not in known:
        raise UsageError(
            f"unknown data set {name!r}{_hint(asked, list(known))}; known are {', '.join(known)}"
        )
    return known[asked]


def open_dataset(
    name: str, source: str, *, languages: str | Iterable[str] = (), split: str = ""
) -> EvalDataset:
    """Read a data set.

    Args:
        name: One of `datasets_known`.
        source: A file or folder as published, or for some sets a Hugging Face id, or the folder
            that its data were saved to.
        languages: Those to ask in; none: all. Where each language has files of its own, the
            documents of these languages are read, else all.
        split: Which part to read; empty: the only one there is.

    Raises:
        UsageError: There is no such data set, source, split or language.
        DocumentError: A file is not as published; the message says where, which field, what was
            found and what would be right.
    """
    about = describe_dataset(name)
    wanted = _languages(about, languages)
    request = DatasetRequest(
        about=about, source=source, languages=wanted, split=_split(about, split)
    )
    dataset = _READERS[about](request)
    _check_questions(dataset, request)
    return dataset


def _languages(about: DatasetDescription, languages: str | Iterable[str]) -> tuple[Language, ...]:
    if not about.languages:
        return parse_languages(languages)
    texts = languages.split(",") if isinstance(languages, str) else languages
    wanted = [_language(about, text) for text in texts if text.strip()]
    return tuple(dict.fromkeys(wanted))


def _language(about: DatasetDescription, text: str) -> Language:
    with suppress(UnknownLanguageError):
        language = parse_language(text)
        if language in about.languages:
            return language
    codes = {describe_language(code).english_name.lower(): code for code in about.languages}
    near = get_close_matches(text.strip().lower(), [*codes, *about.languages], n=1)
    hint = _hint(codes.get(near[0], near[0]), about.languages) if near else ""
    raise UsageError(
        f"{about.name} has no questions in {text!r}{hint}; its languages are "
        f"{', '.join(about.languages)}"
    )


def _hint(text: str, choices: Sequence[str]) -> str:
    near = get_close_matches(text, choices, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _split(about: DatasetDescription, split: str) -> str:
    if not split:
        return ""
    if found := split_named(split, about.splits):
        return found
    if not about.splits:
        raise UsageError(f"{about.name} has no splits: leave {split!r} out")
    hint = _hint(split, about.splits)
    raise UsageError(f"{about.name} has no split {split!r}{hint}; it has {', '.join(about.splits)}")


def _check_questions(dataset: EvalDataset, request: DatasetRequest) -> None:
    counts = Counter((question.language, question.id) for question in dataset.questions)
    there = {language for language, _ in counts}
    if missing := [language for language in request.languages if language not in there]:
        raise UsageError(f"{request.source!r} has no questions in {', '.join(missing)}")
    if not counts:
        raise DocumentError(f"{request.source!r} has no questions")
    (language, name), times = counts.most_common(1)[0]
    if times > 1:
        raise DocumentError(
            f"{request.source!r} has {times} questions in {language} with the id {name!r:.80}; "
            "ids have to differ"
        )
