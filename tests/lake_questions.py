"""Two paragraphs with a question each, in three languages and SQuAD's format."""

from typing import Any

from published_files import Json, paragraph, question, squad

from crosearch.evals.dataset_types import EvalDataset

LAKES = {
    "en": ("Lake Orta lies in Piedmont.", "Where is Lake Orta?", "Piedmont"),
    "de": ("Der Ortasee liegt im Piemont.", "Wo liegt der Ortasee?", "Piemont"),
    "zh": ("奥尔塔湖位于皮埃蒙特。", "奥尔塔湖在哪里？", "皮埃蒙特"),
}
RIVERS = {
    "en": ("The Agogna leaves the lake at Gozzano.", "Which river leaves it?", "Agogna"),
    "de": ("Die Agogna verlässt den See bei Gozzano.", "Welcher Fluss verlässt ihn?", "Agogna"),
    "zh": ("阿戈尼亚河在戈扎诺流出湖泊。", "哪条河流出？", "阿戈尼亚河"),
}


def one_language(code: str) -> Json:
    lake, river = LAKES[code], RIVERS[code]
    return squad(
        [
            paragraph(lake[0], question("q-lake", lake[1], lake[2], lake[0])),
            paragraph(river[0], question("q-river", river[1], river[2], river[0])),
        ],
    )


def by_id(dataset: EvalDataset, name: str, language: str) -> Any:
    (found,) = [q for q in dataset.questions if (q.id, q.language) == (name, language)]
    return found
