"""Small documents and stores for tests of what reads and writes them."""

from pathlib import Path

from hashing_embedder import HashingEmbedder

from crosearch.tools.index import CorpusWriter, Store, open_store
from crosearch.tools.ingestion import content_hash
from crosearch.tools.languages import Language
from crosearch.tools.passages import Document
from crosearch.tools.splitting import split_document

EN, FR, ZH = Language("en"), Language("fr"), Language("zh")
EMBEDDER = HashingEmbedder(dimension=32)

BRIDGE = Document(
    id="bridge",
    title="A bridge",
    text="The bridge was opened in 1932. It spans the harbour.",
    language=EN,
    url="https://example.org/bridge",
    metadata={"year": 1932},
)
TOWER = Document(
    id="tower", title="A tower", text="The tower is made of iron. It sways.", language=EN
)
PONT = Document(id="pont", title="", text="Le pont fut ouvert en 1932.", language=FR)
QIAO = Document(id="qiao", title="桥", text="这座桥建于1932年。它很长。", language=ZH)


def put(writer: CorpusWriter, *documents: Document) -> None:
    for document in documents:
        writer.put(document, content_hash(document), split_document(document))


def filled_store(folder: Path, *documents: Document) -> Store:
    store = open_store(folder)
    with store.writer("facts", EMBEDDER) as writer:
        put(writer, *documents)
    return store
