"""Search through a Chroma server, and when it dies between two searches."""

from pathlib import Path

import pytest
from servers import free_port, running_chroma

from crosearch.tools.embedder import load_embedder
from crosearch.tools.index import open_store
from crosearch.tools.languages import Language
from crosearch.tools.passages import Document, Passage
from crosearch.tools.search import open_retriever

EN, FR = Language("en"), Language("fr")
TEXTS = {"tea": (EN, "Tea comes from China."), "bread": (FR, "Le pain est fait de farine.")}


@pytest.mark.server
async def test_a_server_that_dies_between_two_searches_is_a_status_of_every_language(
    tmp_path: Path,
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with running_chroma(tmp_path / "data", port):
        with open_store(address).writer("facts", load_embedder()) as writer:
            for name, (language, text) in TEXTS.items():
                passage = Passage(
                    id=f"{name}#0",
                    document_id=name,
                    title="",
                    text=text,
                    language=language,
                    sentences=((0, len(text)),),
                )
                document = Document(id=name, title="", text=text, language=language)
                writer.put(document, name, [passage])
        retriever = open_retriever(address, "facts")
        result = await retriever.search("Where does tea come from?", [EN, FR])
        assert result.hits[0].passage.document_id == "tea"
        assert [outcome.status for outcome in result.outcomes] == ["ok", "ok"]
    result = await retriever.search("What is bread made of?", [EN, FR])
    assert result.hits == ()
    assert [outcome.status for outcome in result.outcomes] == ["error", "error"]
    assert all(address in outcome.detail for outcome in result.outcomes)
