"""alikely sentences ..."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, OwnCode, SkipBad, sentences_app
from alikely.cli.finding import print_groups, print_pairs, say_written, tell
from alikely.cli.output import print_json, say_skipped

Corpus = Annotated[
    Path,
    typer.Argument(metavar="CORPUS", help="a .txt file with a text in each line, or a table with a column text"),
]
Fmr = Annotated[
    float | None,
    typer.Option(help="false-match rate of each pair [default: the strictest that the calibration can bear]"),
]
Confidence = Annotated[
    float | None,
    typer.Option(help="confidence that texts never seen keep the rate; 0: none [default: the model's own]"),
]
Out = Annotated[Path | None, typer.Option(metavar="FILE.csv", help="write all that is found to this file")]


@sentences_app.command(short_help="Find the texts of CORPUS that say the same in other words.")
def paraphrases(
    model: ModelFolder,
    corpus: Corpus,
    k: Annotated[int, typer.Option("--k", help="of each text, at most so many nearest ones")] = 10,
    fmr: Fmr = None,
    confidence: Confidence = None,
    out: Out = None,
    skip_bad: SkipBad = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Find all pairs of texts of CORPUS that mean the same, the nearest first."""
    from alikely.neighbours import check_csv
    from alikely.storage import load_model
    from alikely.tasks.sentences import paraphrases as find
    from alikely.training.progress import Terminal

    check_csv(out)
    with Terminal() as terminal:
        loaded = load_model(model, own_code=own_code)
        found = find(loaded, corpus, k, fmr, confidence, skip_bad, terminal.done)
        tell(found, terminal.note)
    say_skipped(found.skipped)
    if out is not None:
        found.save(out)
    if as_json:
        print_json({**found.to_dict(), "out": None if out is None else str(out)})
        return
    print_pairs(found)
    say_written(out, len(found))


@sentences_app.command(short_help="Put the texts of CORPUS into groups of one meaning.")
def groups(
    model: ModelFolder,
    corpus: Corpus,
    fmr: Fmr = None,
    confidence: Confidence = None,
    out: Out = None,
    skip_bad: SkipBad = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Put the texts of CORPUS into groups of one meaning, each with the text in its middle first."""
    from alikely.neighbours import check_csv
    from alikely.storage import load_model
    from alikely.tasks.sentences import group_texts
    from alikely.training.progress import Terminal

    check_csv(out)
    with Terminal() as terminal:
        loaded = load_model(model, own_code=own_code)
        found = group_texts(loaded, corpus, fmr, confidence, skip_bad, terminal.done)
        tell(found, terminal.note)
    say_skipped(found.skipped)
    if out is not None:
        found.save(out)
    if as_json:
        print_json({**found.to_dict(), "out": None if out is None else str(out)})
        return
    print_groups(found)
    say_written(out, len(found))
