"""Tells whether answers in different languages mean the same: by the gold answers' own aliases.

Gold answers come by language: that `Βερολίνο` and `Berlin` are one thing is known from a question
whose answers hold both. An answer that is no gold answer of any question stands for itself alone.
"""

from collections.abc import Iterable, Mapping, Sequence

from crosearch.tools.scoring import normalise_answer


def parallel_texts(language: str, text: str, translations: Mapping[str, str]) -> list[str]:
    """Name a question in every language it is known in, its own first.

    Two questions that share a name ask for the same: `Joined` brings them together.

    Args:
        language: The code of its language.
        text: The question.
        translations: The same in other languages, by code.
    """
    own = [(language, text), *translations.items()]
    return [f"{code}:{' '.join(asked.split())}" for code, asked in own]


class Joined:
    """Sets of texts that grow together: whoever shares a member becomes one."""

    def __init__(self) -> None:
        """Begin with none."""
        self._parents: dict[str, str] = {}

    def join(self, texts: Iterable[str]) -> None:
        """Make one set of all that hold any of the texts."""
        roots = sorted({self.find(text) for text in texts})
        for root in roots[1:]:
            self._parents[root] = roots[0]

    def __contains__(self, text: str) -> bool:
        """Tell whether a text was ever joined or looked for."""
        return text in self._parents

    def find(self, text: str) -> str:
        """Name the set that a text is in, by one of its members."""
        parent = self._parents.setdefault(text, text)
        while parent != self._parents[parent]:
            self._parents[parent] = parent = self._parents[self._parents[parent]]
        self._parents[text] = parent
        return parent


class AnswerEntities:
    """Maps answers in any language to what they mean."""

    def __init__(self, golds: Iterable[Mapping[str, Sequence[str]]]) -> None:
        """Learn which answers mean the same.

        Args:
            golds: For each question, its gold answers by language. Two questions one of whose
                answers is the same in the same language mean the same by all of them.
        """
        self._joined = Joined()
        self._any: dict[str, str] = {}
        for answers in golds:
            known = [
                (language, normalise_answer(alias, language))
                for language, aliases in answers.items()
                for alias in aliases
            ]
            self._joined.join(f"{language}:{alias}" for language, alias in known)
            for language, alias in known:
                self._any.setdefault(alias, f"{language}:{alias}")

    def entity(self, answer: str, language: str) -> str:
        """Name what an answer means; equal names for equal meanings.

        An answer that is a gold answer in another language only is taken for that one, since names
        are often left as they were found.

        Args:
            answer: An answer; a blank one means nothing.
            language: The code of its language.
        """
        normal = normalise_answer(answer, language)
        if not normal:
            return ""
        own = f"{language}:{normal}"
        if own in self._joined:
            return self._joined.find(own)
        elsewhere = self._any.get(normal)
        return self._joined.find(elsewhere) if elsewhere else f"?:{normal}"
