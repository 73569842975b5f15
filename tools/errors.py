"""Everything that CroSearch raises, in one tree.

    CroSearchError                something failed; exit code 1
    ├── UsageError                the caller asked for what cannot be; exit code 2
    │   ├── UnknownLanguageError  a language code nobody knows
    │   ├── QuestionError         a question that cannot be asked: blank, or too long
    │   ├── CorpusNotFoundError   no such corpus, or no such store
    │   ├── EmbedderMismatchError the store was made with another embedder
    │   └── DocumentError         a document that cannot be read as what it claims to be
    ├── StoreError                the store does not do its work: down, full, read-only, damaged
    │   └── StoreLockedError      another process is writing to the store
    ├── TranslationError          a translator failed
    ├── PolicyError               the policy's model failed: unreachable, refused, garbled, too slow
    ├── LogError                  a trajectory log cannot be written or read, or refuses a record
    ├── CollectionError           a collection cannot go on, or another one has its folder
    └── TrainingError             a training cannot go on, or another one has its folder

A failure of the machine is raised by one of these, with the cause attached (`raise … from`). A
mistake of the policy (a malformed action, a citation of nothing) is not an error: it becomes
feedback in the transcript. A language whose search failed is a status of that search.
"""

from typing import ClassVar


class CroSearchError(RuntimeError):
    """Base of all: the message is one line or a few, meant for the person who reads it.

    It is a `RuntimeError` because LangGraph's server passes only errors that it knows on to Studio.
    """

    exit_code: ClassVar[int] = 1


class UsageError(CroSearchError):
    """The request itself is wrong; nothing was done."""

    exit_code: ClassVar[int] = 2


class UnknownLanguageError(UsageError):
    """A language code is not among the known ones."""


class QuestionError(UsageError):
    """A question is blank or too long."""


class CorpusNotFoundError(UsageError):
    """A store holds no such corpus, or does not exist."""


class EmbedderMismatchError(UsageError):
    """A corpus was embedded by one model and is opened with another."""


class DocumentError(UsageError):
    """A document is not what its name or format promises."""


class StoreError(CroSearchError):
    """A store cannot be read or written."""


class StoreLockedError(StoreError):
    """Another process holds the store's writer lock."""


class TranslationError(CroSearchError):
    """A translator did not translate."""


class PolicyError(CroSearchError):
    """A policy's model gave no usable answer; the message says which model and why."""


class LogError(CroSearchError):
    """A trajectory log cannot be written or read, or a record is not fit to be kept in it."""


class CollectionError(CroSearchError):
    """A batch of runs cannot be collected: all of them fail, or somebody else is at it."""


class TrainingError(CroSearchError):
    """A model cannot be trained on; what was trained before is kept."""
