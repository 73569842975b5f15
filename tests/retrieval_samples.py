"""A small multilingual data set to retrieve from: parallel documents, and questions on each."""

import json
from collections.abc import Sequence
from pathlib import Path

from crosearch.evals.dataset_types import EvalDataset, EvalDocument, EvalQuestion
from crosearch.tools.languages import Language

DE, EN, FR = map(Language, ("de", "en", "fr"))

TEXTS = {
    "lighthouse": {
        EN: "The lighthouse of Cordouan was finished in 1611. Its tower has 301 steps.",
        DE: "Der Leuchtturm von Cordouan wurde 1611 vollendet. Sein Turm hat 301 Stufen.",
        FR: "Le phare de Cordouan fut achevé en 1611. Sa tour compte 301 marches.",
    },
    "lake": {
        EN: "Lake Neusiedl is a shallow lake. Herons breed in its reeds.",
        DE: "Der Neusiedler See ist ein flacher See. In seinem Schilf brüten Reiher.",
        FR: "Le lac de Neusiedl est un lac peu profond. Des hérons nichent dans ses roseaux.",
    },
    "bridge": {
        EN: "The Göltzsch Viaduct is a railway bridge made of bricks.",
        DE: "Die Göltzschtalbrücke ist eine Eisenbahnbrücke aus Ziegeln.",
        FR: "Le viaduc de la Göltzsch est un pont ferroviaire en briques.",
    },
    "bread": {
        EN: "Bakers leave the dough to rise before it goes into the oven.",
        DE: "Bäcker lassen den Teig gehen, bevor er in den Ofen kommt.",
        FR: "Les boulangers laissent lever la pâte avant de la mettre au four.",
    },
}

QUESTIONS = {
    "lighthouse": {
        EN: "How many steps has the tower of the Cordouan lighthouse?",
        DE: "Wie viele Stufen hat der Turm von Cordouan?",
        FR: "Combien de marches compte la tour du phare de Cordouan ?",
    },
    "lake": {
        EN: "Which birds breed in the reeds of Lake Neusiedl?",
        DE: "Welche Vögel brüten im Schilf des Neusiedler Sees?",
        FR: "Quels oiseaux nichent dans les roseaux du lac de Neusiedl ?",
    },
    "bridge": {
        EN: "What is the Göltzsch Viaduct made of?",
        DE: "Woraus ist die Göltzschtalbrücke?",
        FR: "De quoi est fait le viaduc de la Göltzsch ?",
    },
}


def small_dataset(
    languages: Sequence[Language] = (DE, EN, FR), *, name: str = "small"
) -> EvalDataset:
    """Make the data set: each question is answered by its subject's document in each language."""
    return EvalDataset(
        name=name,
        questions=[
            EvalQuestion(
                id=fact,
                language=language,
                text=texts[language],
                fact=fact,
                gold={f"{fact}.{other}": 1 for other in languages},
            )
            for language in languages
            for fact, texts in QUESTIONS.items()
        ],
        documents=[
            EvalDocument(
                id=f"{fact}.{language}", language=language, text=texts[language], parallel=fact
            )
            for fact, texts in TEXTS.items()
            for language in languages
        ],
    )


def write_xquad(folder: Path) -> Path:
    """Write the data set as XQuAD is published, and return the folder."""
    folder.mkdir(parents=True)
    for language in (DE, EN):
        paragraphs = [
            {
                "context": texts[language],
                "qas": [
                    {
                        "id": fact,
                        "question": QUESTIONS[fact][language],
                        "answers": [{"text": texts[language].split()[0], "answer_start": 0}],
                    }
                ]
                if fact in QUESTIONS
                else [],
            }
            for fact, texts in TEXTS.items()
        ]
        data = {"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]}
        (folder / f"xquad.{language}.json").write_text(json.dumps(data), encoding="utf-8")
    return folder
