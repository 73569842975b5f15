"""Small trainings for tests: seconds each, of a static model or a transformer from nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from retriever_pairs import parallels, questions

from crosearch.training.retriever_settings import RetrieverTraining


def small_training(out: Path, model: str = "static", **changed: Any) -> RetrieverTraining:
    """Return settings of a training that takes about a second; `changed` are other fields."""
    settings = RetrieverTraining(
        model=model,
        data=(questions(60), parallels(60)),
        out=out,
        batch=8,
        steps=14,
        every=4,
        dev_share=0.1,
        vocabulary=160,
        dimension=32,
        layers=1,
    )
    return replace(settings, **changed)
