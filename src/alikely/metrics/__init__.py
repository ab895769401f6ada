"""How good the distances are: pairs of known relation -> error rates, each with its interval.

pairs         embeddings -> distances of same and of different pairs
verification  those distances -> ROC, EER, AUC, FNMR at an FMR
intervals     figures -> the same on identities drawn anew: how far chance moves them
agreement     distances of scored pairs -> rank correlation with the scores
costs         error rates -> the minimum detection cost
folds         distances in folds -> accuracy with the threshold from the other folds
stream        embeddings -> the distances of their pairs in chunks
corners       distances in chunks -> their exact ROC
rates         pairs, or embeddings in a stream -> exact error rates of all, and a sample for intervals
estimates     error rates -> a report: each figure with its interval
bands         error rates -> curves with their bands
groups        embeddings and marks of the items -> error rates for each mark
identities    error rates -> a row for each identity, and the worst
retrieval     embeddings -> Recall@k, precision@k, R-precision, MAP@R
ranking       rankings and what is sought -> nDCG@k, Recall@k
few_shot      embeddings -> N-way K-shot accuracy
identification  embeddings -> FNIR at FPIR: the enrolled found, strangers nobody
"""

from alikely.metrics.agreement import Agreement, agreement, spearman
from alikely.metrics.bands import Band, fnmr_band, threshold_bands
from alikely.metrics.costs import DetectionCosts, LeastCost, least_cost
from alikely.metrics.estimates import AtThreshold, VerificationReport, percent, rates_at_threshold, summary
from alikely.metrics.few_shot import few_shot_accuracy, n_way_k_shot, shot_credits
from alikely.metrics.folds import FoldAccuracy, best_threshold, fold_accuracy
from alikely.metrics.groups import GroupRow, group_rows, pair_group_rows
from alikely.metrics.identification import IdentificationReport, identification
from alikely.metrics.identities import IdentityRow, WorstIdentities, identity_rows, worst_identities
from alikely.metrics.intervals import (
    Estimate,
    mean_over_identities,
    percentile_interval,
    resampled_curves,
    resampled_figures,
    resampled_shares,
)
from alikely.metrics.pairs import PairDistances, all_pairs, known_distances, known_pairs
from alikely.metrics.ranking import found_at_k, ndcg_at_k
from alikely.metrics.rates import ErrorRates, Errors
from alikely.metrics.retrieval import RetrievalReport, recall_at_k, retrieval
from alikely.metrics.verification import OperatingPoint, Roc, Verification

__all__ = [
    "Agreement",
    "agreement",
    "spearman",
    "AtThreshold",
    "PairDistances",
    "all_pairs",
    "known_distances",
    "known_pairs",
    "Verification",
    "OperatingPoint",
    "Roc",
    "DetectionCosts",
    "LeastCost",
    "least_cost",
    "FoldAccuracy",
    "fold_accuracy",
    "best_threshold",
    "ErrorRates",
    "Errors",
    "resampled_curves",
    "resampled_figures",
    "resampled_shares",
    "percentile_interval",
    "mean_over_identities",
    "summary",
    "rates_at_threshold",
    "VerificationReport",
    "Estimate",
    "percent",
    "Band",
    "fnmr_band",
    "threshold_bands",
    "GroupRow",
    "group_rows",
    "pair_group_rows",
    "IdentityRow",
    "identity_rows",
    "WorstIdentities",
    "worst_identities",
    "RetrievalReport",
    "retrieval",
    "recall_at_k",
    "ndcg_at_k",
    "found_at_k",
    "n_way_k_shot",
    "shot_credits",
    "few_shot_accuracy",
    "IdentificationReport",
    "identification",
]
