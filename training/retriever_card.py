"""The card of a trained retriever: what it was made from, by which licences, and how it scores."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from crosearch.training.batches import BatchSource
from crosearch.training.pair_records import PairSet
from crosearch.training.retriever_settings import Figures, RetrieverTraining


def model_card(
    settings: RetrieverTraining,
    sources: Sequence[BatchSource],
    figures: Figures,
    history: Sequence[Mapping[str, float]],
    *,
    dimension: int,
) -> str:
    """Write the card, in Markdown with the front matter that model hubs read."""
    languages = sorted(
        {code for one in sources for code in (one.query_language, one.passage_language)}
    )
    return "\n".join(
        [
            *_front_matter(languages),
            f"# {settings.out.name}",
            "",
            f"A sentence-transformers model of {dimension:,} dimensions for searching in and "
            f"across {len(languages)} languages ({', '.join(languages)}), trained by `crosearch "
            f"train retriever` from `{_name(settings.model)}`.",
            "",
            "```python",
            "from sentence_transformers import SentenceTransformer",
            "",
            f'model = SentenceTransformer("{settings.out.name}")',
            'questions = model.encode_query(["Where is the lighthouse?"])',
            'passages = model.encode_document(["The lighthouse stands on a rock."])',
            "print(model.similarity(questions, passages))",
            "```",
            "",
            "## Data",
            "",
            *_data_table(settings.data),
            "",
            "The weights derive from these texts: see to it that every licence allows your use. A "
            "licence that is not known is not a permission.",
            "",
            "## Training",
            "",
            *_training(settings, sources, figures),
            "",
            "## Figures",
            "",
            *_figures(figures, history),
            "",
            "Of languages not named above nothing is known, and little should be expected.",
            "",
        ]
    )


def _front_matter(languages: Sequence[str]) -> list[str]:
    return [
        "---",
        "library_name: sentence-transformers",
        "pipeline_tag: sentence-similarity",
        "tags: [sentence-transformers, cross-lingual, retrieval]",
        f"language: [{', '.join(json.dumps(code) for code in languages)}]",
        "---",
        "",
    ]


def _data_table(sets: Sequence[PairSet]) -> list[str]:
    rows = [
        f"| {_cell(one.name)} | {one.kind} | {len(one.records):,} | {one.weight:g} | "
        f"{_cell(one.source) or 'not known'} | {_cell(one.licence) or 'not known'} | "
        f"`{one.sha256[:12]}` |"
        for one in sets
    ]
    return [
        "| file | kind | records | weight | source | licence | SHA-256 |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def _training(
    settings: RetrieverTraining, sources: Sequence[BatchSource], figures: Figures
) -> list[str]:
    shares = Counter[str]()
    for one in sources:
        shares["in two languages" if one.is_cross else "in one language"] += round(1e6 * one.share)
    mix = ", ".join(f"{count / 1e4:.0f}% {kind}" for kind, count in sorted(shares.items()))
    loss = (
        f"cosine distance to the vectors of `{_name(settings.teacher)}` of the English sides"
        if settings.teacher
        else f"softmax over the batch, both ways, inverse temperature {settings.scale:g}"
    )
    lines = [
        f"- {settings.steps:,} steps of {settings.batch:,} pairs in {settings.sampler} batches "
        f"({mix})",
        f"- loss: {loss}",
        f"- parameters: {figures['parameters']:,}, trained {figures['trained_parameters']:,}",
        f"- seed {settings.seed}; temperature of languages {settings.temperature:g}",
    ]
    if settings.matryoshka:
        cuts = ", ".join(f"{length:,}" for length in sorted(settings.matryoshka, reverse=True))
        lines.append(f"- vectors may be cut to {cuts} numbers")
    if settings.hard_negatives:
        lines.append(
            f"- up to {settings.hard_negatives} hard negatives a pair"
            + (f", found by `{_name(settings.miner)}`" if settings.miner else "")
        )
    return lines


def _figures(figures: Figures, history: Sequence[Mapping[str, float]]) -> list[str]:
    if figures["dev"] is None:
        return ["No pairs were kept back to score by."]
    rows = [
        f"| {one['step']:,.0f} | {_score(one.get('mono'))} | {_score(one.get('cross'))} |"
        for one in history
    ]
    return [
        "Mean average precision on dev pairs, with a pool of their passages for each language: "
        "in one language (mono), and from one to another (cross). Pools this small flatter a "
        "model.",
        "",
        "| step | mono | cross |",
        "|---|---|---|",
        *rows,
    ]


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _name(model: str) -> str:
    """Name a model; of a folder only the last part, for the rest is nobody's business."""
    return Path(model).name if Path(model).is_dir() else model
