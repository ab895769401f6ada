"""alikely sentences ..."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, OwnCode, SkipBad, sentences_app
from alikely.cli.finding import print_groups, print_pairs, say_written, tell
from alikely.cli.output import print_json, say, say_skipped

if TYPE_CHECKING:
    from alikely.neighbours import AlikeGroups, AlikePairs

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


def give(found: "AlikePairs | AlikeGroups", out: Path | None, as_json: bool) -> bool:
    """Say what was left out, write what was found, print it as JSON; whether it is to be printed for people."""
    say_skipped(found.skipped)
    if out is not None:
        found.save(out)
    if as_json:
        print_json({**found.to_dict(), "out": None if out is None else str(out)})
    return not as_json


@sentences_app.command(short_help="Find the texts of CORPUS that say the same in other words.")
def paraphrases(
    model: ModelFolder,
    corpus: Corpus,
    k: Annotated[int, typer.Option("-k", help="of each text, at most so many nearest ones")] = 10,
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
    if give(found, out, as_json):
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
    if give(found, out, as_json):
        print_groups(found)
        say_written(out, len(found))


@sentences_app.command(short_help="Learn the questions and answers of SOURCE, to be asked later.")
def learn(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="table (CSV, JSONL, Parquet) with the columns question and answer")
    ],
    model: Annotated[Path, typer.Option(help="folder of a trained model of texts; it must stay where it is")],
    out: Annotated[Path, typer.Option(help="new folder for the questions and answers")],
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="go on without questions that cannot be read or have two answers")
    ] = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Learn the questions and answers of SOURCE, to be asked later. Several questions may have the same answer."""
    from alikely.tasks.sentences import learn_answers
    from alikely.training.progress import Terminal

    with Terminal() as terminal:
        done = learn_answers(source, model, out, skip_bad, own_code, terminal.done)
        for left, right, far in done.close or ():
            terminal.alarm(f"may be mixed up, as they are {far:.3g} apart, with different answers: {left} - {right}")
        terminal.note(done.promise)
    say_skipped(done.skipped)
    if as_json:
        print_json({**done.to_dict(), "out": str(out)})
        return
    say(f"{done.sentence()}, in {out}")


@sentences_app.command(short_help="Answer QUESTION from what was learned, or say that no answer is known.")
def ask(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="folder that `sentences learn` made")],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="the question, in any words")],
    wrong: Annotated[float, typer.Option(help="share of the questions without a known answer that may get one")] = 0.05,
    confidence: Annotated[
        float,
        typer.Option(help="confidence that at most this share gets one, such as 0.95; 0: the share is an estimate"),
    ] = 0.0,
    model: Annotated[
        Path | None, typer.Option(help="folder of the model, where it is not where it was [default: where it was]")
    ] = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Answer QUESTION from what was learned. Exit code: 0 answered, 1 no answer known, 2 error."""
    from alikely.tasks.sentences import Answers

    with Answers(folder, model, own_code=own_code) as answers:
        reply = answers.ask(question, wrong, confidence)
    if as_json:
        print_json(reply.to_dict())
    else:
        say(reply.sentence())
    raise typer.Exit(reply.exit_code)
