"""How good the distances are: pairs of known relation -> error rates, each with its interval.

pairs         embeddings -> distances of same and of different pairs
verification  those distances -> ROC, EER, AUC, FNMR at an FMR
intervals     the same, on identities drawn anew: how far chance moves a figure
estimates     all of it in one report
retrieval     embeddings -> N-way K-shot accuracy, Recall@k
"""

from alikely.metrics.estimates import AtThreshold, Estimate, VerificationReport, percent, summary
from alikely.metrics.intervals import percentile_interval, resampled_curves
from alikely.metrics.pairs import PairDistances, all_pairs, known_pairs
from alikely.metrics.retrieval import n_way_k_shot, recall_at_k
from alikely.metrics.verification import OperatingPoint, Roc, Verification

__all__ = [
    "AtThreshold",
    "PairDistances",
    "all_pairs",
    "known_pairs",
    "Verification",
    "OperatingPoint",
    "Roc",
    "resampled_curves",
    "percentile_interval",
    "summary",
    "VerificationReport",
    "Estimate",
    "percent",
    "n_way_k_shot",
    "recall_at_k",
]
