"""A model -> its model card: what it learned from, how good it is, what it is for and where its limits lie."""

from typing import Any

from alikely.model import SiameseModel

TITLES = {
    "train": "learning",
    "validate": "deciding when to stop",
    "calibrate": "threshold and probability",
    "test": "measuring",
}


def model_card(model: SiameseModel, name: str) -> str:
    """The card as Markdown. All numbers come from the model's record; nothing is left out because it looks bad."""
    sections = [
        f"# {name}\n\nA Siamese network made with [Alikely: it says whether two items show the same identity, "
        "identities it has never seen included.",
        _use(model, name),
        _data(model.record.get("data", {})),
        _quality(model.record.get("evaluation")),
        _decision(model),
        _limits(model.record),
        _made(model),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _use(model: SiameseModel, name: str) -> str:
    lines = (
        f"    alikely compare {name} LEFT RIGHT\n\n```python\nimport alikely\n\nmodel = alikely.load_model({name!r})\n"
    )
    if model.calibration is None:
        return f"## Use\n\n{lines}embeddings = model.embed([left, right])\n```"
    return f"## Use\n\n{lines}print(model.compare(left, right).sentence())\n```"


def _data(data: dict[str, Any]) -> str:
    if not data:
        return ""
    rows = [
        f"| {TITLES.get(part, part)} | {counts.get('identities', '')} | {counts.get('items', '')} |"
        for part, counts in data.get("parts", {}).items()
    ]
    table = "\n".join(["| used for | identities | items |", "|---|---|---|", *rows])
    findings = "".join(f"\n- {finding}" for finding in data.get("findings", []))
    return (
        f"## Data\n\n`{data.get('source')}`: {data.get('items')} items, "
        f"fingerprint `{data.get('fingerprint', '')[:16]}`. No identity stands in two parts.\n\n{table}"
        + (f"\n\nWhat the data checks found:\n{findings}" if findings else "")
    )


def _quality(evaluation: dict[str, Any] | None) -> str:
    if not evaluation:
        return "## Quality\n\nNot measured: no identities were held back for a test."
    rows = []
    for name, value in evaluation.items():
        if isinstance(value, dict) and "value" in value:
            rows.append(f"| {name} | {_number(value['value'])} | {_interval(value)} |")
    counts = ", ".join(f"{evaluation[k]} {k.replace('_', ' ')}" for k in evaluation if isinstance(evaluation[k], int))
    return (
        f"## Quality\n\nOn identities that were used for nothing else ({counts}):\n\n"
        "| measure | value | 95 % interval over identities |\n|---|---|---|\n" + "\n".join(rows)
    )


def _decision(model: SiameseModel) -> str:
    if model.calibration is None:
        return "## Decision\n\nThis model has no calibration: it gives distances and embeddings, no verdicts."
    point = model.calibration.decide(0.0)
    return (
        f"## Decision\n\n*Same* at a distance ({model.distance_name}) of at most {point.threshold:.4g}: at most "
        f"{point.fmr:.3g} of the different pairs of the calibration identities lie below it. This is the rate measured "
        "on those identities, not a bound for all others."
    )


def _limits(record: dict[str, Any]) -> str:
    lines = [
        "The figures hold for items like those of the data: other cameras, lights, scanners or kinds of items need a "
        "measurement of their own (`alikely evaluate`).",
        "Rates differ between identities and groups; few identities make wide intervals.",
        "A verdict about people should not be the only reason for a decision that matters to them.",
    ]
    skipped = record.get("data", {}).get("skipped", 0)
    if skipped:
        lines.append(f"{skipped} items could not be read and were left out (`skipped.csv`).")
    return "## Intended use and limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _made(model: SiameseModel) -> str:
    training = model.record.get("training", {})
    settings = ", ".join(f"{key} {value}" for key, value in training.get("settings", {}).items())
    versions = ", ".join(f"{key} {value}" for key, value in model.record.get("versions", {}).items())
    parameters = sum(tensor.numel() for tensor in model.encoder.parameters())
    return (
        f"## How it was made\n\nEncoder `{model.encoder_name}` ({parameters:,} weights, embeddings of {model.dim}), "
        f"distance `{model.distance_name}`; {training.get('epochs_done', '?')} epochs "
        f"({training.get('ended', '?')}).\n\n"
        f"Settings: {settings}.\n\nVersions: {versions}."
    )


def _number(value: float | None) -> str:
    return "not measurable" if value is None else f"{value:.4f}"


def _interval(estimate: dict[str, Any]) -> str:
    if estimate.get("low") is None:
        return ""
    return f"{estimate['low']:.4f} to {estimate['high']:.4f}"
