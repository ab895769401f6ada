"""alikely export."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, OwnCode, SkipBad, app
from alikely.cli.output import print_json, print_rows, say, say_skipped


@app.command(short_help="Make MODEL faster: its encoder as ONNX, with a proof that it answers the same.")
def export(
    model: ModelFolder,
    onnx: Annotated[bool, typer.Option("--onnx", help="as ONNX, the one format there is")] = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="in int8: another model, faster and a little worse; needs --out")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            metavar="SOURCE", help="folder or table to prove it on [default: what the model was calibrated by]"
        ),
    ] = None,
    eer_loss: Annotated[
        float | None, typer.Option(help="how much worse the EER in int8 may be, 0 to 1 [default: 0.005]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="a new folder for a copy of MODEL [default: in place]")
    ] = None,
    skip_bad: SkipBad = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Write the encoder of MODEL as ONNX into its folder, and a proof beside it (proof.json).

    From then on, MODEL runs by ONNX Runtime wherever it is used. It is refused, and nothing is written, where the
    embeddings differ by more than rounding does; with --int8, where the EER suffers by more than --eer-loss.
    """
    from alikely.errors import SettingsError
    from alikely.export import EER_LOSS, export_model
    from alikely.training.progress import Terminal

    if not onnx:
        raise SettingsError(f"say what to export to: alikely export {model} --onnx")
    if eer_loss is not None and not int8:
        raise SettingsError("--eer-loss is for --int8; in fp32 the embeddings are the same up to rounding")
    allowed = EER_LOSS if eer_loss is None else eer_loss
    with Terminal() as terminal:
        done = export_model(
            model,
            source,
            int8=int8,
            eer_loss=allowed,
            out=out,
            own_code=own_code,
            skip_bad=skip_bad,
            progress=terminal.done,
        )
        for note in done.notes:
            terminal.alarm(note)
    say_skipped(done.skipped)
    if as_json:
        print_json(done.to_dict())
        return
    print_rows(f"Proof ({done.proof.precision}): {done.proof.measured_on}", ("", "value", ""), done.proof.rows())
    if int8:
        say(f"another model, in int8, with a calibration of its own: {done.folder}")
    else:
        say(f"{done.folder} runs by ONNX Runtime from now on")
