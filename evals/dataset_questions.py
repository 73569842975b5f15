"""Questions as data sets ask them: one fact, in one language or in many."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crosearch.evals.dataset_catalog import DatasetRequest
from crosearch.evals.dataset_types import EvalQuestion
from crosearch.tools.errors import DocumentError, UnknownLanguageError
from crosearch.tools.languages import Language, parse_language
from crosearch.training.question_files import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedFact:
    """A fact, with the question about it in each language that it is asked in."""

    id: str
    texts: Mapping[Language, str]
    answers: Mapping[Language, Sequence[str]] = field(default_factory=dict[Language, Sequence[str]])
    gold: Mapping[str, int] = field(default_factory=dict[str, int])
    answerable: bool | None = None
    """As `EvalQuestion.answerable`; where None, an answer or a gold document says so."""
    candidates: Mapping[Language, Sequence[str]] = field(
        default_factory=dict[Language, Sequence[str]]
    )


class OtherLanguages(Mapping[Language, str]):
    """A question in all languages but one, for which nothing is copied."""

    __slots__ = ("_own", "_texts")

    def __init__(self, texts: Mapping[Language, str], own: Language) -> None:
        """Look at texts without the one in a language."""
        self._texts = texts
        self._own = own

    def __getitem__(self, language: Language) -> str:
        """Return the question in another language."""
        if language == self._own:
            raise KeyError(language)
        return self._texts[language]

    def __iter__(self) -> Iterator[Language]:
        """Go through the other languages."""
        return (language for language in self._texts if language != self._own)

    def __len__(self) -> int:
        """Count the other languages."""
        return len(self._texts) - (self._own in self._texts)

    def __repr__(self) -> str:
        """Show them as a dictionary would."""
        return repr(dict(self))


def ask(request: DatasetRequest, facts: Iterable[AskedFact]) -> Iterator[EvalQuestion]:
    """Ask about facts, in each language that is wanted."""
    for fact in facts:
        known = bool(fact.answers or fact.gold) or None
        for language in filter(request.asks_in, fact.texts):
            yield EvalQuestion(
                id=fact.id,
                language=language,
                text=fact.texts[language],
                fact=fact.id,
                translations=OtherLanguages(fact.texts, language),
                answers=fact.answers,
                gold=fact.gold,
                answerable=known if fact.answerable is None else fact.answerable,
                candidates=fact.candidates.get(language, ()),
            )


def by_language(row: Row, *, leave_out: Collection[str] = ()) -> dict[Language, str]:
    """Tell by which name of its fields a record has something in a language.

    Args:
        row: A record whose fields are language codes.
        leave_out: Fields that are not looked at.

    Raises:
        DocumentError: A field is no code that anybody knows.
    """
    names: dict[Language, str] = {}
    for name in row.values:
        if name not in leave_out:
            try:
                names[parse_language(name)] = name
            except UnknownLanguageError as error:
                raise DocumentError(
                    f"{row.place}: the field {name!r} has to be a language code"
                ) from error
    return names
