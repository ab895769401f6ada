"""`train`: a folder, a table or Examples -> a model that has been trained, calibrated, measured and saved."""

import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from alikely.calibration import calibrate
from alikely.config import TrainSettings
from alikely.contracts import Distance, Encoder
from alikely.data.augment import build_augmentation, symmetries_of
from alikely.data.batches import LabelBatches, PairBatches
from alikely.data.checks import check_examples, require_enough
from alikely.data.preparation import fit_preparation
from alikely.data.sources import read_source
from alikely.data.splits import Fractions, split
from alikely.distances import build_distance
from alikely.encoders import build_encoder, default_settings
from alikely.errors import CalibrationError, SettingsError, TooFewError
from alikely.losses import build_loss
from alikely.metrics.verification import summary
from alikely.model import SiameseModel, distances_of_examples, ready
from alikely.storage import save_model
from alikely.training.history import History
from alikely.training.learner import Learner, Plan
from alikely.training.progress import Reporter, Silent
from alikely.training.reading import Pictures, read_pictures
from alikely.training.run import METRICS, Run
from alikely.training.trackers import Trackers
from alikely.types import Examples
