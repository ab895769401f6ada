"""Answers in; for each pair what most people said of it, those on which they are divided, and a table of pairs, out."""

import csv
import io
import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alikely.calibration import FEWEST_PAIRS
from alikely.data.walk import table_of
from alikely.errors import InputError, SettingsError
from alikely.folders import write_text
from alikely.labelling.agreement import Agreement, Opinions, agreement_of, figure
from alikely.labelling.answers import Answer, AnswerFile, PairOfIds
from alikely.labelling.kept import KeptItem
from alikely.labelling.pool import DRAWN, Drawn
from alikely.metrics import percent

HEADER = ("left", "right", "same", "who", "votes", "drawn", "time")
IDENTITIES = ("left_identity", "right_identity")  # where the source of the items says who they show
PAIRS, ITEMS, PACKED = "pairs.csv", "items.jsonl", "pairs.zip"


@dataclass(frozen=True)
class Judged:
    """A pair and what people said of it. `same` is the majority's opinion, None where they are divided.

    `votes` is how many called it the same, and how many different; `who` has judged it; `time` is that of the last of
    these answers; `drawn` says how the pair was found; `known` what the data says, None where it says nothing.
    """

    left: KeptItem
    right: KeptItem
    same: bool | None
    votes: tuple[int, int]
    who: tuple[str, ...]
    time: str
    drawn: Drawn
    known: bool | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "left": _named(self.left),
            "right": _named(self.right),
            "same": self.same,
            "votes": {"same": self.votes[0], "different": self.votes[1]},
            "who": list(self.who),
            "time": self.time,
            "drawn": self.drawn,
            "known": self.known,
        }


@dataclass(frozen=True)
class Labels:
    """All that people said of pairs, in one place: what most of them said, and how far they agree."""

    answers: tuple[Answer, ...]
    judged: tuple[Judged, ...]
    agreement: Agreement

    @property
    def divided(self) -> tuple[Judged, ...]:
        """The pairs of which as many said same as different: no table holds them."""
        return tuple(pair for pair in self.judged if pair.same is None)

    @property
    def kind(self) -> str | None:
        """What the items are; None while there is no answer. Raises InputError where they are of several kinds."""
        kinds = sorted({item.kind for pair in self.judged for item in (pair.left, pair.right)})
        if len(kinds) > 1:
            raise InputError(
                f"these answers are about {' and '.join(f'{kind}s' for kind in kinds)}; a model takes one kind: "
                "keep them in a folder each"
            )
        return kinds[0] if kinds else None

    def decided(self, drawn: Collection[Drawn] = DRAWN) -> tuple[Judged, ...]:
        """The pairs on which most people agree, of those found in these ways, in the order of their first answers."""
        return tuple(pair for pair in self.judged if pair.same is not None and pair.drawn in drawn)

    def by_labeller(self) -> dict[str, dict[str, int]]:
        """How often each labeller said what."""
        counts: dict[str, dict[str, int]] = {}
        for answer in self.answers:
            said = counts.setdefault(answer.who, {"same": 0, "different": 0, "skip": 0})
            said[answer.answer] += 1
        return dict(sorted(counts.items()))

    def against_known(self) -> tuple[int, int]:
        """How many answers (no skips) are about pairs that the data knows, and how many of these agree with it."""
        asked = [answer for answer in self.answers if answer.known is not None and answer.answer != "skip"]
        return len(asked), sum((answer.answer == "same") == answer.known for answer in asked)

    def written(self, drawn: Collection[Drawn] = DRAWN) -> str:
        """In words: how many pairs a table of these ways holds, of how many; and whether they do for calibrating."""
        every, some = len(self.decided()), self.decided(drawn)
        same = sum(pair.same is True for pair in some)
        only = "" if len(some) == every else f" (only those found so: {', '.join(drawn)})"
        said = f"{len(some):,} of {every:,} decided pairs{only}: {same:,} same, {len(some) - same:,} different"
        if min(same, len(some) - same) < FEWEST_PAIRS:
            said += f"; too few to calibrate by, which takes at least {FEWEST_PAIRS} of each"
        return said

    def sentences(self) -> list[str]:
        """In words: how many pairs are decided, how far people agree, with each other and with what is known."""
        same = sum(pair.same is True for pair in self.judged)
        said = [
            f"{len(self.decided()):,} pairs are decided: {same:,} same, {len(self.decided()) - same:,} different.",
            self.agreement.sentence(),
        ]
        said += [
            f"{couple.one} and {couple.other}: {percent(couple.agreed)} of {couple.pairs:,} pairs alike, "
            f"Cohen's kappa {figure(couple.kappa)}."
            for couple in self.agreement.couples
            if len(self.agreement.couples) > 1
        ]
        asked, right = self.against_known()
        if asked:
            said.append(f"{right:,} of {asked:,} answers say what the data says of these pairs.")
        return said

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        asked, right = self.against_known()
        return {
            "answers": len(self.answers),
            "pairs": len(self.decided()),
            "same": sum(pair.same is True for pair in self.judged),
            "different": sum(pair.same is False for pair in self.judged),
            "by_labeller": self.by_labeller(),
            "agreement": self.agreement.to_dict(),
            "known": {"answers": asked, "as_known": right},
            "divided": [pair.to_dict() for pair in self.divided],
        }


def labels_in(folder: Path | str) -> Labels:
    """All labels in the folder of a service's answers. Raises InputError where there are none, or damaged ones."""
    file = AnswerFile(Path(folder))
    if not file.path.exists():
        raise InputError(f"{folder}: holds no answers; label some pairs on the page Label: alikely serve MODEL --items")
    return labels_of(file.answers(), file.items())


def labels_of(answers: Sequence[Answer], items: Mapping[str, KeptItem]) -> Labels:
    """Answers joined by pair. The majority decides; where as many say same as different, nobody does."""
    by_pair: dict[PairOfIds, list[Answer]] = {}
    for answer in answers:
        by_pair.setdefault(answer.pair, []).append(answer)
    opinions: Opinions = {
        pair: {answer.who: answer.answer == "same" for answer in said if answer.answer != "skip"}
        for pair, said in by_pair.items()
    }
    judged = []
    for pair, said in by_pair.items():
        votes = list(opinions[pair].values())
        if not votes:
            continue
        same = sum(votes)
        different = len(votes) - same
        judged.append(
            Judged(
                left=items[said[0].left],
                right=items[said[0].right],
                same=None if same == different else same > different,
                votes=(same, different),
                who=tuple(opinions[pair]),
                time=max(answer.time for answer in said if answer.answer != "skip"),
                drawn=said[0].drawn,
                known=next((answer.known for answer in reversed(said) if answer.known is not None), None),
            )
        )
    return Labels(tuple(answers), tuple(judged), agreement_of(opinions))


def ways_of(said: Sequence[str] | None) -> tuple[Drawn, ...]:
    """In which ways pairs were found, as a command line says it; None: all. Raises SettingsError for another word."""
    for word in said or ():
        if word not in DRAWN:
            raise SettingsError(f"pairs are found in the ways {', '.join(DRAWN)}; got {word!r}")
    return tuple(way for way in DRAWN if not said or way in said)


def write_pairs(labels: Labels, out: Path | str, drawn: Collection[Drawn] = DRAWN) -> tuple[Path, ...]:
    """Write a table of pairs that `train` and `calibrate` read, left,right,same and who said so; what was written.

    Where the source of the items said who they show, left_identity,right_identity say so, too.

    Pictures and sequences stand in it by the paths of their files, texts as they are. Rows, and sequences without a
    file, stand in items.jsonl beside it, and the table has their ids. Raises SettingsError where a table beside `out`
    would be read for that of these items, InputError where nothing is decided, StorageError where it cannot be written.
    """
    target = Path(out)
    if not labels.decided(drawn):
        every, ways = len(labels.decided()), ", ".join(drawn)
        raise InputError(
            f"nothing to write: of {every:,} decided pairs none was found so: {ways}; answer more on the page Label"
        )
    if target.suffix.lower() != ".csv":
        raise SettingsError(f"{target}: the table is written as CSV; name a file that ends in .csv")
    beside = table_of(target.parent) if target.parent.is_dir() else None
    itself = beside is not None and beside.name == ITEMS and _by_id(labels)
    if beside is not None and not itself:
        raise SettingsError(
            f"{target}: {beside.name} lies beside it, and would be read for the table of its items; "
            "choose another folder"
        )
    files = {target.name if name == PAIRS else name: text for name, text in tables_of(labels, drawn).items()}
    for name, text in files.items():
        write_text(target.parent / name, text)
    return tuple(target.parent / name for name in files)


def packed(labels: Labels, drawn: Collection[Drawn] = DRAWN) -> tuple[str, bytes]:
    """The same as one file to download, by its name: the table, or where there are two tables a ZIP of both."""
    files = tables_of(labels, drawn)
    if len(files) == 1:
        return PAIRS, files[PAIRS].encode("utf-8", "surrogateescape")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return PACKED, content.getvalue()


def tables_of(labels: Labels, drawn: Collection[Drawn] = DRAWN) -> dict[str, str]:
    """The texts of the tables by their names: pairs.csv, and items.jsonl where the items have ids."""
    decided, ids = labels.decided(drawn), _by_id(labels)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    named = any(item.identity is not None for pair in decided for item in (pair.left, pair.right))
    table.writerow([*HEADER, *(IDENTITIES if named else ())])
    for pair in decided:
        ends = (pair.left.id, pair.right.id) if ids else (_cell(pair.left), _cell(pair.right))
        votes = f"{max(pair.votes)} of {sum(pair.votes)}"
        table.writerow(
            [*ends, int(bool(pair.same)), "; ".join(pair.who), votes, pair.drawn, pair.time, *_identities(pair, named)]
        )
    if not ids:
        return {PAIRS: text.getvalue()}
    items = {item.id: item for pair in decided for item in (pair.left, pair.right)}
    lines = (json.dumps({"id": item.id, **item.said}) for item in items.values())
    return {PAIRS: text.getvalue(), ITEMS: "".join(f"{line}\n" for line in lines)}


def _identities(pair: Judged, named: bool) -> tuple[str, ...]:
    return tuple(item.identity or "" for item in (pair.left, pair.right)) if named else ()


def _by_id(labels: Labels) -> bool:
    """Whether the items stand in a table of their own."""
    kind = labels.kind
    return kind == "row" or any("sequence" in item.said for pair in labels.judged for item in (pair.left, pair.right))


def _cell(item: KeptItem) -> str:
    return str(item.said["text" if item.kind == "text" else "path"])


def _named(item: KeptItem) -> Any:
    said = item.said
    return said.get("path", said.get("text", said))
