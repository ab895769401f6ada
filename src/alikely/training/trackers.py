"""The numbers of each epoch -> TensorBoard, MLflow or W&B, through accelerate, where they are installed."""

from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.utils import is_mlflow_available, is_tensorboard_available, is_wandb_available

from alikely.errors import SettingsError
from alikely.training.history import Epoch

AVAILABLE = {"tensorboard": is_tensorboard_available, "mlflow": is_mlflow_available, "wandb": is_wandb_available}


def require_installed(names: tuple[str, ...]) -> None:
    """Raise SettingsError for a tracker that is not known or not installed."""
    for name in names:
        if name not in AVAILABLE:
            raise SettingsError(f"trackers: no tracker {name!r}; there are: {', '.join(AVAILABLE)}")
        if not AVAILABLE[name]():
            raise SettingsError(f"trackers: {name} is not installed; pip install {name}, or leave it out")


class Trackers:
    """The trackers named in the settings; none is the usual case. Logs that are files go to `folder`."""

    def __init__(self, names: tuple[str, ...], folder: Path, settings: dict[str, Any]) -> None:
        require_installed(names)
        self.accelerator = Accelerator(log_with=list(names), project_dir=str(folder)) if names else None
        if self.accelerator is not None:
            flat = {key: str(value) if isinstance(value, dict | list) else value for key, value in settings.items()}
            self.accelerator.init_trackers("alikely", config=flat)

    def log(self, epoch: Epoch) -> None:
        """The numbers of one epoch."""
        if self.accelerator is not None:
            values = {
                "loss": epoch.loss,
                "learning_rate": epoch.learning_rate,
                "pairs_per_second": epoch.pairs_per_second,
            }
            measured = {"eer": epoch.eer, "spearman": epoch.spearman}
            known = {name: value for name, value in measured.items() if value is not None}
            self.accelerator.log({**values, **known}, step=epoch.epoch)

    def close(self) -> None:
        """Write what is still waiting."""
        if self.accelerator is not None:
            self.accelerator.end_training()
