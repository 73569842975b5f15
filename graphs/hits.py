"""Search results and actions, to and from the plain values that the state holds."""

from collections.abc import Sequence

from crosearch.agents.actions import Action, AnswerAction, SearchAction
from crosearch.graphs.state import ActionState, FoundPassage
from crosearch.tools.ledger import LanguageSearch, SearchRecord
from crosearch.tools.passages import Hit, Passage, SearchResult

NO_ACTION = ActionState(kind="none", thought="", languages=[], text="", citations=[], found=False)


def action_state(action: Action) -> ActionState:
    """Put a parsed action into the state's form."""
    if isinstance(action, SearchAction):
        return ActionState(
            kind="search",
            thought=action.thought,
            languages=list(action.languages),
            text=action.query,
            citations=[],
            found=False,
        )
    return ActionState(
        kind="answer",
        thought=action.thought,
        languages=[],
        text=action.text,
        citations=list(action.citations),
        found=action.found,
    )


def answer_action(state: ActionState) -> AnswerAction:
    """Rebuild an answer from the state."""
    return AnswerAction(
        text=state["text"],
        citations=tuple(state["citations"]),
        found=state["found"],
        thought=state["thought"],
    )


def search_record(result: SearchResult) -> SearchRecord:
    """Sum a search up: what was asked where, and how each language's part ended."""
    failed = sum(outcome.status != "ok" for outcome in result.outcomes)
    return SearchRecord(
        languages=[outcome.language for outcome in result.outcomes],
        query=result.query,
        status="ok" if not failed else "failed" if failed == len(result.outcomes) else "partial",
        seconds=round(result.seconds, 4),
        outcomes=[
            LanguageSearch(
                language=outcome.language,
                status=outcome.status,
                found=outcome.found,
                seconds=round(outcome.seconds, 4),
                promise=None if outcome.promise is None else round(outcome.promise, 4),
                detail=outcome.detail,
            )
            for outcome in result.outcomes
        ],
    )


def found_passages(hits: Sequence[Hit]) -> list[FoundPassage]:
    """Put hits into the state's form."""
    return [
        FoundPassage(
            passage_id=hit.passage.id,
            document_id=hit.passage.document_id,
            title=hit.passage.title,
            text=hit.passage.text,
            language=hit.passage.language,
            sentences=[list(span) for span in hit.passage.sentences],
            url=hit.passage.url,
            score=hit.score,
            signals=dict(hit.signals),
            sentence=list(hit.sentence),
        )
        for hit in hits
    ]


def search_result(record: SearchRecord, found: Sequence[FoundPassage]) -> SearchResult:
    """Rebuild what a search brought from the state; the outcomes stay in the record."""
    return SearchResult(
        query=record["query"],
        hits=tuple(_hit(passage) for passage in found),
        outcomes=(),
        seconds=record["seconds"],
    )


def _hit(found: FoundPassage) -> Hit:
    passage = Passage(
        id=found["passage_id"],
        document_id=found["document_id"],
        title=found["title"],
        text=found["text"],
        language=found["language"],
        sentences=tuple((start, end) for start, end in found["sentences"]),
        url=found["url"],
    )
    start, end = found["sentence"]
    return Hit(
        passage=passage,
        score=found["score"],
        signals=found["signals"],
        sentence=(start, end),
    )
