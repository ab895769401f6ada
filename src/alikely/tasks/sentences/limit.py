"""Known questions and a wanted share of wrong answers in; the distance up to which a question is answered, out."""

import math

from scipy import stats

from alikely.calibration.record import check_confidence, percent_up
from alikely.errors import CalibrationError
from alikely.gallery import Gallery, Threshold
from alikely.gallery.open_set import CONFIDENCE, Shown, default_confidence, shown_to_others
from alikely.gallery.strangers import Strangers
from alikely.metrics import percent
from alikely.metrics.verification import check_rate

USUAL_WRONG = 0.05
FEW = 3  # errors; of fewer than these, one question decides


def answer_limit(gallery: Gallery, wrong: float = USUAL_WRONG, confidence: float = 0.0) -> Threshold:
    """The distance up to which a question is answered: of those with no known answer, a share `wrong` gets one.

    With a confidence the share is promised: that of `Gallery.threshold`. With 0 it is an estimate from how near each
    known question comes to those with other answers. Of many questions these are counted. Where fewer than 3 of them
    would count, one pair of questions alike would decide for all: there the distances are taken as normally distributed
    and the limit is their predictive quantile, mean + t * deviation * sqrt(1 + 1 / n), t that of Student with n - 1
    degrees of freedom. It is never below 0.

    Raises CalibrationError where the questions are too few, SettingsError for a share or confidence that is none.
    """
    check_rate(wrong, "the share of wrong answers (--wrong, wrong=)")
    check_confidence(confidence)
    shown = _shown(gallery)
    strangers = shown.strangers
    if strangers is not None and confidence == 0 and 1 <= wrong * len(strangers.distances) < FEW:
        return Threshold(_predicted(strangers, wrong), wrong, 0.0, "gallery", shown.identities)
    try:
        return gallery.threshold(wrong, confidence)
    except CalibrationError:
        raise CalibrationError(_cannot(gallery, shown, wrong, confidence)) from None


def promised(gallery: Gallery, wrong: float) -> str:
    """What is known of this share of wrong answers, in a sentence: an estimate, and what it takes to promise it."""
    sure = default_confidence(gallery.inside) or CONFIDENCE
    said = f"that {percent(wrong)} of the questions without a known answer get one is an estimate"
    try:
        answer_limit(gallery, wrong, sure)
    except CalibrationError:
        pass
    else:
        return f"{said}; a promise, at {percent(sure)} confidence and more careful: --confidence {sure:g}"
    try:
        among = answer_limit(gallery, wrong).identities
    except CalibrationError as error:
        return str(error)
    return (
        f"{said}: {_answers(among)} are too few to promise it with {percent(sure)} confidence, which takes about "
        f"{_needed(wrong, sure):,}"
    )


def _shown(gallery: Gallery) -> Shown:
    gallery.inside.require_templates()
    return shown_to_others(gallery.inside, len(gallery))


def _predicted(strangers: Strangers, wrong: float) -> float:
    near, count = strangers.distances, len(strangers.distances)
    spread = float(near.std(ddof=1)) * math.sqrt(1 + 1 / count)
    return max(0.0, float(near.mean() + stats.t.ppf(wrong, count - 1) * spread))


def _needed(wrong: float, confidence: float) -> int:
    """Answers that can promise the share if none is mixed up; errors come in pairs, so half of them count."""
    return math.ceil(2 * math.log(1 - confidence) / math.log1p(-wrong))


def _answers(count: int) -> str:
    return f"{count:,} known {'answer' if count == 1 else 'answers'}"


def _cannot(gallery: Gallery, shown: Shown, wrong: float, confidence: float) -> str:
    calibration = gallery.inside.model.calibration
    borne = [1.0] if shown.strangers is None else [shown.strangers.bearable(confidence)]
    if calibration is not None:
        borne.append(calibration.bearable("fmr", confidence) * shown.templates)
    smallest = min(borne)
    ways = [f"ask for {percent_up(smallest)} or more (--wrong, wrong=)"] if smallest < 1 else []
    ways += ["take an estimate (--confidence 0)"] if confidence else []
    ways += ["calibrate the model (alikely calibrate)"] if calibration is None else []
    if 0 < wrong < 1:
        least = max(20, math.ceil(1 / wrong))
        ways.append(f"learn questions with about {_needed(wrong, confidence) if confidence else least:,} answers")
    how = f"be promised with {percent(confidence)} confidence" if confidence else "even be estimated"
    return (
        f"that at most {percent(wrong)} of the questions without a known answer get one cannot {how}: "
        f"{_answers(shown.identities)} are too few to show it, and the model's own calibration is "
        f"{'not there' if calibration is None else 'not enough for so many questions'}; {', or '.join(ways)}"
    )
