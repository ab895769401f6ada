"""A model -> its model card: what it learned from, how good it is, what it is for and where its limits lie."""

import json
import math
from collections.abc import Mapping
from typing import Any

from alikely.data.items import counted
from alikely.item_words import TWO_ITEMS, UNLIKE, lines_of
from alikely.metrics import percent
from alikely.metrics.estimates import FEWEST_PAIRS, plain, row, too_few
from alikely.metrics.intervals import Estimate
from alikely.model import SiameseModel

TITLES = {
    "train": "learning",
    "validate": "choosing the best epoch",
    "calibrate": "threshold and probability",
    "test": "measuring",
}


def model_card(model: SiameseModel, name: str) -> str:
    """The card as Markdown. All numbers come from the model's record; nothing is left out because it looks bad."""
    sections = [
        f"# {name}\n\nA Siamese network made with Alikely: it says whether two items show the same identity, "
        "identities it has never seen included.",
        _use(model, name),
        _items(model),
        _data(model.record.get("data", {})),
        _quality(model.record.get("evaluation")),
        _decision(model),
        _export(model.record.get("export")),
        _limits(model),
        _made(model),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _use(model: SiameseModel, name: str) -> str:
    in_python, in_shell = TWO_ITEMS[model.preparation.kind]
    lines = (
        f"    alikely compare {name} {in_shell}\n\n```python\nimport alikely\n\nmodel = alikely.load_model({name!r})\n"
    )
    if model.calibration is None:
        return f"## Use\n\n{lines}embeddings = model.embed([{in_python}])\n```"
    return f"## Use\n\n{lines}print(model.compare({in_python}).sentence())\n```"


def _items(model: SiameseModel) -> str:
    first, *others = lines_of(model.preparation)
    return (
        f"## Items\n\n{first[:1].upper()}{first[1:]}."
        + ("\n" if others else "")
        + "".join(f"\n- {line}" for line in others)
    )


def _data(data: dict[str, Any]) -> str:
    if not data:
        return ""
    rows = [
        f"| {TITLES.get(part, part)} | {counts.get('identities', 'not known')} | {counts.get('items', '')} |"
        for part, counts in data.get("parts", {}).items()
        if part in TITLES
    ]
    table = "\n".join(["| used for | identities | items |", "|---|---|---|", *rows])
    pairs = data.get("parts", {}).get("dropped_pairs", 0)
    dropped = f"; {pairs:,} pairs between parts were left out" if pairs else ""
    findings = "".join(f"\n- {finding['what']}" for finding in data.get("findings", []))
    return (
        f"## Data\n\n`{data.get('source')}`: {data.get('items')} items, "
        f"fingerprint `{data.get('fingerprint', '')[:16]}`. No identity {_apart(data)}{dropped}.\n\n{table}"
        + (f"\n\nWhat the data checks found:\n{findings}" if findings else "")
    )


def _apart(data: dict[str, Any]) -> str:
    source = data.get("calibrated_on")
    return "stands in two parts" if source is None else f"stood in two parts; since then calibrated on `{source}`"


def _quality(evaluation: dict[str, Any] | None) -> str:
    if not evaluation:
        return "## Quality\n\nNot measured on identities that were used for nothing else."
    rows = [f"| {title_of(name)} | {value} | {remark} |" for name, value, remark in figures_of(evaluation)]
    return (
        f"## Quality\n\nOn identities that were used for nothing else ({counts_of(evaluation)}):\n\n"
        f"| measure | value | {percent(evaluation['confidence'])} interval over identities |\n|---|---|---|\n"
        + "\n".join(rows)
        + _verdicts(evaluation.get("at_threshold"))
    )


def _verdicts(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    return (
        f"\n\nThe model's own threshold, set for a false-match rate of {percent(found['wanted_fmr'])}, let "
        f"{percent(found['fmr'])} of these different pairs through and refused {percent(found['fnmr'])} of the same "
        "pairs. The FNMR in the table is with the best threshold for these very pairs."
    )


def _decision(model: SiameseModel) -> str:
    calibration = model.calibration
    if calibration is None:
        return "## Decision\n\nThis model has no calibration: it gives distances and embeddings, no verdicts."
    threshold, rate = calibration.threshold(fmr=calibration.default_fmr), percent(calibration.default_fmr)
    if math.isinf(threshold):
        said = f"No threshold keeps a false-match rate of {rate}: every verdict is *different*."
    else:
        said = f"*Same* at a distance ({model.distance_name}) of at most {threshold:.4g}: " + (
            f"of different pairs of identities never seen, at most {rate} lie below it, with "
            f"{percent(calibration.confidence)} confidence over identities."
            if calibration.confidence
            else f"at most {rate} of the different pairs of the calibration identities lie below it, which promises "
            "nothing for others."
        )
    note = "" if calibration.note is None else f" {calibration.note[:1].upper()}{calibration.note[1:]}."
    return (
        f"## Decision\n\n{said}{note} Fitted on {calibration.same_pairs:,} same and {calibration.different_pairs:,} "
        f"different pairs of {whose(model)}."
    )


def rests_on(model: SiameseModel) -> str:
    """Whom the model's calibration was made of, in words: how many, and whether the model learned from them.

    Nothing is said of what nobody knows. Pairs without identities are of groups of items that same pairs join.
    """
    known = {True: " that were not learned from", False: ", some of which were learned from", None: ""}
    return _counted(model) + known[calibrated_unlearned(model)]


def calibrated_unlearned(model: SiameseModel) -> bool | None:
    """Whether the model did not learn from what it is calibrated by; None where its record does not say."""
    data = model.record.get("data", {})
    if data.get("calibrated_on") is None:  # then it was calibrated by what training held back for that
        return True if data.get("parts", {}).get("calibrate") else None
    found: bool | None = data.get("calibrated_unlearned")
    return found


def _counted(model: SiameseModel) -> str:
    assert model.calibration is not None  # of one without, nobody asks
    count = model.calibration.identities
    if model.record.get("data", {}).get("labels", {}).get("calibrate") == []:
        return counted(count, "group of items that same pairs join", "groups of items that same pairs join")
    return counted(count, "identity", "identities")


def whose(model: SiameseModel) -> str:
    """The same, with where they lay, if the model was calibrated by others than training held back."""
    source = model.record.get("data", {}).get("calibrated_on")
    return rests_on(model) if source is None else f"{_counted(model)} of `{source}`"


def _export(proof: dict[str, Any] | None) -> str:
    if proof is None:
        return ""
    eers = ""
    if proof["eer"] is not None:
        eers = f", EER {proof['eer']:.2%} (the encoder itself: {proof['eer_before']:.2%})"
    what = "the encoder" if proof["precision"] == "fp32" else "this model: its encoder in int8,"
    return (
        f"## Fast inference\n\n`encoder.onnx` is {what} for ONNX Runtime. Measured on {proof['measured_on']} "
        f"({proof['items']:,} items): embeddings differ from those of the encoder by "
        f"{proof['largest_difference']:.1e} at most{eers}. `proof.json` has all of it."
    )


def _limits(model: SiameseModel) -> str:
    lines = [
        f"The figures hold for items like those of the data: {UNLIKE[model.preparation.kind]} need a measurement of "
        "their own (`alikely evaluate`).",
        "Rates differ between identities and groups; few identities make wide intervals.",
        "A verdict about people should not be the only reason for a decision that matters to them.",
    ]
    skipped = model.record.get("data", {}).get("skipped", 0)
    if skipped:
        were = "1 item could not be read and was" if skipped == 1 else f"{skipped:,} items could not be read and were"
        lines.append(f"{were} left out (`skipped.csv`).")
    return "## Intended use and limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _made(model: SiameseModel) -> str:
    training = model.record.get("training", {})
    given = {key: value for key, value in training.get("settings", {}).items() if value not in (None, {}, [])}
    settings = "\n".join(f"{key} = {json.dumps(value)}" for key, value in given.items())
    versions = ", ".join(f"{key} {value}" for key, value in model.record.get("versions", {}).items())
    lines = "".join(f"- {alarm}\n" for alarm in training.get("alarms", []))
    alarms = f"Alarms during the training:\n\n{lines}\n" if lines else ""
    parameters = sum(tensor.numel() for tensor in model.encoder.parameters())
    return (
        f"## How it was made\n\nEncoder `{model.encoder_name}` ({parameters:,} weights, embeddings of {model.dim}), "
        f"distance `{model.distance_name}`; {lasted(training)}.\n\n"
        f"{alarms}"
        f"Settings:\n\n```\n{settings}\n```\n\nVersions: {versions}."
    )


def lasted(training: Mapping[str, Any]) -> str:
    """How long was learned, and which epoch's weights were kept."""
    return (
        f"{training.get('epochs_done', '?')} epochs ({training.get('ended', '?')}); "
        f"the weights are those of epoch {training.get('best_epoch', '?')}"
    )


def title_of(name: str) -> str:
    """What a figure of the record's evaluation is, in words."""
    known = {
        "eer": "EER (same pairs refused = different pairs let through)",
        "auc": "AUC",
        "spearman": "Spearman (order of the distances, against that of the scores)",
        "pearson": "Pearson (of the distances with the scores)",
        "min_detection_cost": "minimum detection cost, normalised",
    }
    rate = name.removeprefix("fnmr_at_fmr_")
    return known[name] if name in known else f"FNMR (same pairs refused) at FMR {percent(float(rate))}"


def figures_of(evaluation: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The figures of the record's evaluation: name, value, interval; where there is no interval, why not."""
    # What is let through at a FAR is 1 minus what is refused at it.
    names = [name for name in evaluation if f"{name}_interval" in evaluation and not name.startswith("tar_at_far_")]
    return [(name, *_figure(evaluation, name)) for name in names]


def counts_of(evaluation: Mapping[str, Any]) -> str:
    """Of how much the figures are: identities, items, pairs."""
    return ", ".join(
        f"{evaluation[name]:,} {name.replace('_', ' ')}"
        for name in ("identities", "items", "same_pairs", "different_pairs")
        if evaluation.get(name) is not None
    )


def estimate_of(evaluation: Mapping[str, Any], name: str) -> Estimate:
    """A figure of the record's evaluation as people are told it: not known, with the reason, of too few pairs."""
    few = too_few(*(evaluation.get(f"{kind}_pairs", FEWEST_PAIRS) for kind in ("same", "different")))
    if few is not None and name not in ("spearman", "pearson"):
        return Estimate(None, reason=few)
    low, high = evaluation[f"{name}_interval"] or (None, None)
    return Estimate(evaluation[name], low, high, evaluation.get(f"{name}_reason"))


def _figure(evaluation: Mapping[str, Any], name: str) -> tuple[str, str]:
    text = percent if name == "eer" or name.startswith("fnmr_at_fmr_") else plain
    return row(name, estimate_of(evaluation, name), text)[1:]
