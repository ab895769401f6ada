"""A recommender is a folder: recommender.json, numbers.safetensors, words.json. Nothing in it is ever run."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from scipy import sparse
from torch import Tensor

from alikely.data.preparations import described as described_preparation
from alikely.data.preparations import preparation_from
from alikely.errors import ModelError, StorageError
from alikely.folders import whole_folder
from alikely.signed import SignedFormat
from alikely.tasks.recommend.between import Between
from alikely.tasks.recommend.catalogue import Catalogue
from alikely.tasks.recommend.characteristics import Part
from alikely.tasks.recommend.content import Content
from alikely.tasks.recommend.histories import Histories
from alikely.tasks.recommend.matching import Blend, Matching
from alikely.tasks.recommend.network import Network
from alikely.tasks.recommend.people import PersonEncoder
from alikely.tasks.recommend.recommender import Recommender
from alikely.tasks.recommend.tower import ItemTower

FORMAT = SignedFormat("recommender", "recommender.json", "alikely-recommender", 1)
NUMBERS, WORDS = "numbers.safetensors", "words.json"


def save_recommender(recommender: Recommender, folder: Path | str) -> Path:
    """Write the recommender's folder, whole or not at all; a recommender that is there already is replaced.

    It holds what each person liked, so that it can be asked for by name: keep it as safe as the histories.
    Raises StorageError on a full disk, and where `folder` is there but is no recommender: it would be lost.
    """
    folder = Path(folder)
    require_replaceable(folder)
    with whole_folder(folder) as partial:
        try:
            save_file(_tensors(recommender), partial / NUMBERS)
        except SafetensorError as error:
            raise OSError(str(error)) from error
        words = {
            "ids": list(recommender.catalogue.ids),
            "fields": [dict(fields) for fields in recommender.catalogue.fields],
            "people": list(recommender.histories.people),
        }
        (partial / WORDS).write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")
        files = [NUMBERS, WORDS]
        for number, part in enumerate(recommender.matching.network.parts):
            for name, content in part.preparation.files().items():
                (partial / _file(number, name)).write_bytes(content)
                files.append(_file(number, name))
        FORMAT.write(partial, _described(recommender), files)
    return folder


def require_replaceable(folder: Path, overwrite: bool = True) -> None:
    """Raise StorageError where `folder` is there but is neither a recommender, to `overwrite`, nor empty."""
    if not os.path.lexists(folder):
        return
    if folder.is_dir() and (FORMAT.is_there(folder) or not any(folder.iterdir())):
        if overwrite or not any(folder.iterdir()):
            return
        raise StorageError(f"{folder}: is there already; name another folder, or replace it: --overwrite")
    raise StorageError(f"{folder}: is there but is no recommender, so it is not replaced; name another folder")


def load_recommender(folder: Path | str) -> Recommender:
    """The recommender in `folder`, which answers as the one that was saved, bit for bit.

    Raises ModelError where the folder is damaged, edited, or of a format that this version does not know.
    """
    folder = Path(folder)
    described = FORMAT.read(folder)
    try:
        # In memory of their own, laid out as that of what was saved: equal bits.
        numbers = {name: tensor.clone() for name, tensor in load_file(folder / NUMBERS).items()}
        words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
        matching = Matching(
            network=_network(folder, described, numbers),
            vectors=numbers["vectors"],
            between=_between(numbers, len(words["ids"])),
            content=_content(numbers, len(words["ids"])),
            longest=int(described["longest"]),
        )
        fields = tuple(dict(cells) for cells in words["fields"])
        return Recommender(
            catalogue=Catalogue(tuple(words["ids"]), fields, fields),
            matching=matching,
            of_known=Blend(**described["of_known"]),
            of_new=Blend(**described["of_new"]),
            counts=numbers["counts"].numpy(),
            histories=Histories(
                tuple(words["people"]), _lists(numbers, "liked"), _lists(numbers, "seen"), tuple(described["notes"])
            ),
            skipped=tuple((str(name), str(problem)) for name, problem in described["skipped"]),
            record=described["record"],
        )
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder}: does not hold together ({error}); copy the folder or fit it again") from error


def _described(recommender: Recommender) -> dict[str, Any]:
    """What is no table of numbers, as JSON can hold it."""
    network = recommender.matching.network
    parts = [
        {
            "kind": part.kind,
            "columns": list(part.columns),
            "preparation": described_preparation(part.preparation),
            "files": sorted(part.preparation.files()),
        }
        for part in network.parts
    ]
    return {
        "parts": parts,
        "tower": network.tower.settings(),
        "person": network.person.settings(),
        "longest": recommender.matching.longest,
        "of_known": asdict(recommender.of_known),
        "of_new": asdict(recommender.of_new),
        "notes": list(recommender.histories.notes),
        "skipped": [list(skipped) for skipped in recommender.skipped],
        "record": dict(recommender.record),
    }


def _tensors(recommender: Recommender) -> dict[str, Tensor]:
    """All numbers by name; of lists of different lengths, what stands in them behind each other, and the lengths."""
    matching, histories = recommender.matching, recommender.histories
    tensors = {
        **{f"tower.{name}": tensor for name, tensor in matching.network.tower.state_dict().items()},
        **{f"person.{name}": tensor for name, tensor in matching.network.person.state_dict().items()},
        "vectors": matching.vectors,
        "counts": torch.from_numpy(recommender.counts),
        "content.solved": torch.from_numpy(matching.content.solved),
        **_sparse_tensors("content", matching.content.features),
    }
    for name, lists in (("liked", histories.liked), ("seen", histories.seen)):
        tensors[name] = torch.from_numpy(np.concatenate([np.zeros(0, np.int64), *lists]))
        tensors[f"{name}.lengths"] = torch.tensor([len(some) for some in lists], dtype=torch.int64)
    if matching.between is not None:
        tensors |= _sparse_tensors("between", matching.between.table)
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def _network(folder: Path, described: Mapping[str, Any], numbers: Mapping[str, Tensor]) -> Network:
    parts = []
    for number, part in enumerate(described["parts"]):
        files = {name: (folder / _file(number, name)).read_bytes() for name in part["files"]}
        parts.append(Part(part["kind"], tuple(part["columns"]), preparation_from(part["preparation"], files)))
    tower = described["tower"]
    made = ItemTower([(kind, name, settings) for kind, name, settings in tower["parts"]], tower["items"], tower["dim"])
    person = PersonEncoder(**described["person"])
    for start, module in (("tower.", made), ("person.", person)):
        module.load_state_dict({k.removeprefix(start): t for k, t in numbers.items() if k.startswith(start)})
        module.eval().requires_grad_(False)
    return Network(made, person, tuple(parts))


def _between(numbers: Mapping[str, Tensor], items: int) -> Between | None:
    return Between(_sparse("between", numbers, items, items)) if "between.values" in numbers else None


def _content(numbers: Mapping[str, Tensor], items: int) -> Content:
    solved = numbers["content.solved"].numpy()
    return Content(_sparse("content", numbers, items, len(solved)), solved)


def _sparse_tensors(name: str, table: Any) -> dict[str, Tensor]:
    parts = {"values": table.data, "columns": table.indices, "starts": table.indptr}
    return {f"{name}.{part}": torch.from_numpy(numbers) for part, numbers in parts.items()}


def _sparse(name: str, numbers: Mapping[str, Tensor], rows: int, columns: int) -> Any:
    values, places, starts = (numbers[f"{name}.{part}"].numpy() for part in ("values", "columns", "starts"))
    return sparse.csr_matrix((values, places, starts), shape=(rows, columns))


def _lists(numbers: Mapping[str, Tensor], name: str) -> tuple[Int[np.ndarray, "_"], ...]:
    ends = np.cumsum(numbers[f"{name}.lengths"].numpy())
    return tuple(np.split(numbers[name].numpy(), ends[:-1])) if len(ends) else ()


def _file(number: int, name: str) -> str:
    return f"part-{number}-{name}"
