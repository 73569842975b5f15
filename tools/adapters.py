"""The retriever as other agents know one: a LangChain tool, and a LlamaIndex retriever.

LangChain and LlamaIndex are imported when they are asked for: neither is needed to search.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, Field

from crosearch.tools.errors import StoreError, UsageError
from crosearch.tools.languages import Language, describe_language, parse_languages
from crosearch.tools.neutral import neutralise
from crosearch.tools.passages import Hit, LanguageOutcome, SearchResult
from crosearch.tools.retriever import Retriever
from crosearch.tools.threads import in_thread

if TYPE_CHECKING:
    from langchain_core.tools import StructuredTool
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.schema import NodeWithScore

Result = TypeVar("Result")


class SearchArguments(BaseModel):
    """What a model gives to the search tool."""

    query: str = Field(description="What to look for, best in a language that is searched in.")
    languages: list[str] | None = Field(
        default=None,
        description="ISO 639 codes of the languages to search in, such as ['fr', 'de']; "
        "null: all languages of the corpus.",
    )
    k: int = Field(default=5, ge=1, le=50, description="How many passages to return.")


def as_langchain_tool(
    retriever: Retriever, *, name: str = "cross_lingual_search"
) -> "StructuredTool":
    """Offer a retriever to a LangChain agent.

    The tool's content is for the model: numbered passages, made unable to act, and which languages
    could not be searched. Its artifact is the `SearchResult`, as it is. A mistake of the model (an
    unknown language, a blank query) and a search that failed everywhere are told to it.
    """
    from langchain_core.tools import StructuredTool, ToolException

    async def search(
        query: str, languages: list[str] | None = None, k: int = 5
    ) -> tuple[str, SearchResult]:
        try:
            wanted = parse_languages(languages) if languages else None
            result = await _search(retriever, query, wanted, k)
        except (UsageError, StoreError) as error:
            raise ToolException(str(error)) from error
        return render_result(result), result

    def search_blocking(
        query: str, languages: list[str] | None = None, k: int = 5
    ) -> tuple[str, SearchResult]:
        return _run_blocking(search(query, languages, k))

    return StructuredTool.from_function(
        func=search_blocking,
        coroutine=search,
        name=name,
        description=f"Search the corpus {retriever.corpus!r} in one or several languages at once. "
        "The query need not be in the language of the passages.",
        args_schema=SearchArguments,
        response_format="content_and_artifact",
        handle_tool_error=True,
    )


def as_llama_index_retriever(
    retriever: Retriever, *, languages: Sequence[Language] | None = None, k: int = 10
) -> "BaseRetriever":
    """Offer a retriever to LlamaIndex, over some languages or (None) all that the corpus holds.

    Its nodes hold the text as it is, the fused score, and as metadata title, language, url,
    document id and sentence. Retrieving raises `UsageError` and `StoreError` as search does, and
    `StoreError` when no language could be searched.
    """
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle

    class CrossLingualRetriever(BaseRetriever):
        """Searches all its languages for each query."""

        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            return _run_blocking(self._aretrieve(query_bundle))

        async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            result = await _search(retriever, query_bundle.query_str, languages, k)
            return [_node(hit) for hit in result.hits]

    return CrossLingualRetriever()


def render_result(result: SearchResult) -> str:
    """Write a result out for a model: passages by number, with nothing in them that could act."""
    parts = [_render_hit(number, hit) for number, hit in enumerate(result.hits, start=1)]
    failed = [outcome for outcome in result.outcomes if outcome.status != "ok"]
    if failed:
        parts.append(f"Not searched: {', '.join(map(_render_outcome, failed))}.")
    return "\n\n".join(parts) or "No passage was found."


def _render_hit(number: int, hit: Hit) -> str:
    passage = hit.passage
    language = describe_language(passage.language).english_name
    return f"{number}. {neutralise(passage.title)} ({language})\n{neutralise(passage.text)}"


def _render_outcome(outcome: LanguageOutcome) -> str:
    return f"{describe_language(outcome.language).english_name} ({outcome.status})"


def _node(hit: Hit) -> "NodeWithScore":
    from llama_index.core.schema import NodeWithScore, TextNode

    passage = hit.passage
    own = {
        "title": passage.title,
        "language": str(passage.language),
        "url": passage.url,
        "document_id": passage.document_id,
        "sentence": passage.text[slice(*hit.sentence)],
    }
    node = TextNode(id_=passage.id, text=passage.text, metadata={**passage.metadata, **own})
    return NodeWithScore(node=node, score=hit.score)


async def _search(
    retriever: Retriever, query: str, languages: Sequence[Language] | None, k: int
) -> SearchResult:
    wanted = languages or tuple(await in_thread(lambda: retriever.languages))
    result = await retriever.search(query, wanted, k=k)
    if all(outcome.status in ("error", "timeout") for outcome in result.outcomes):
        raise StoreError(f"no language could be searched: {result.outcomes[0].detail}")
    return result


def _run_blocking(work: Coroutine[object, object, Result]) -> Result:
    """Run a coroutine to its end, also where an event loop is running already."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:  # raised again in the caller's thread
            errors.append(error)

    thread = Thread(target=run, name="crosearch-adapter", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
