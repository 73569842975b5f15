"""What a retriever is trained to do: rank a question's passage first, or follow a teacher.

Ranking is the softmax over the batch, both ways (van den Oord et al. 2018, arXiv 1807.03748); with
a mini-batch its gradients are cached, so that large batches fit a small memory (Gao et al. 2021,
arXiv 2101.06983). Matryoshka trains the beginnings of the vectors along (Kusupati et al. 2022,
arXiv 2205.13147).
"""

from typing import Literal

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import (
    CachedMultipleNegativesRankingLoss,
    EmbedDistillLoss,
    MatryoshkaLoss,
    MultipleNegativesRankingLoss,
)
from torch import nn

from crosearch.training.retriever_models import dimension_of
from crosearch.training.retriever_settings import RetrieverTraining

_BOTH_WAYS: tuple[Literal["query_to_doc", "doc_to_query"], ...] = ("query_to_doc", "doc_to_query")


def make_loss(model: SentenceTransformer, settings: RetrieverTraining) -> nn.Module:
    """Return the loss that the settings ask for."""
    loss = _whole_loss(model, settings)
    if not settings.matryoshka:
        return loss
    # The whole vector is what most will use: it is always among them.
    lengths = sorted({*settings.matryoshka, dimension_of(model)}, reverse=True)
    return MatryoshkaLoss(model, loss, matryoshka_dims=lengths)


def _whole_loss(model: SentenceTransformer, settings: RetrieverTraining) -> nn.Module:
    if settings.teacher:
        return EmbedDistillLoss(model, distance_metric="cosine")
    if settings.mini_batch:
        return CachedMultipleNegativesRankingLoss(
            model,
            scale=settings.scale,
            mini_batch_size=settings.mini_batch,
            directions=_BOTH_WAYS,
            partition_mode="per_direction",
        )
    return MultipleNegativesRankingLoss(
        model, scale=settings.scale, directions=_BOTH_WAYS, partition_mode="per_direction"
    )
