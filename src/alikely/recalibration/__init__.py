"""What already is there -> a calibration of it: a model and a source, scores or embeddings made elsewhere.

chosen      labels -> the items whose pairs fit in memory
elsewhere   what scores and embeddings become: distances of pairs, with their way back to similarities
scores      a table of scores, or its columns -> that
embeddings  a file of embeddings, or its arrays -> that
points      a calibration -> its thresholds for the usual rates, each with what it does
result      all that is told of a new calibration: Calibrated, to print and for other programs
unlearned   whether a model learned from the pairs that it is calibrated by, and which identities they join
making      calibrate_model, calibrate_scores, calibrate_embeddings, load_calibration
replacing   may a new calibration take the place of the one in the model's folder
"""

from alikely.recalibration.making import calibrate_embeddings, calibrate_model, calibrate_scores, load_calibration
from alikely.recalibration.replacing import refuse_worse
from alikely.recalibration.result import Calibrated

__all__ = [
    "calibrate_model",
    "calibrate_scores",
    "calibrate_embeddings",
    "load_calibration",
    "refuse_worse",
    "Calibrated",
]
