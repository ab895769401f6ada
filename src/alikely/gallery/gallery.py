"""Gallery: what is enrolled, in; who an item is or nobody, whether it is who it claims to be, what is like it, out."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.contracts import Store
from alikely.decision import Decision
from alikely.embedding import Progress
from alikely.gallery import enrolment, moving, rebuilding, removal
from alikely.gallery.answers import Enrolled, Hit, Identification, Removed, Threshold
from alikely.gallery.candidates import check_k, like_template, nearest_templates
from alikely.gallery.computed import Computed
from alikely.gallery.coordinates import coordinates_of
from alikely.gallery.drift import Drift, drift_of_items, drift_of_live
from alikely.gallery.enrolment import Source
from alikely.gallery.held import Held, about, held, opened
from alikely.gallery.identifying import identify, verify
from alikely.gallery.joining import Joining
from alikely.gallery.listing import listed
from alikely.gallery.live import append_live, live_of, log_beside, read_live
from alikely.model import SiameseModel
from alikely.storage import load_model
from alikely.stores import create_store
from alikely.types import Examples, Field, Item, Templates


class Gallery:
    """Items enrolled under identities, with the model that compares them.

    `Gallery.create` makes one, `Gallery.open` opens one; both close it at the end of a `with`. `log` is a file to which
    verify and identify add the distances that they find, for `drift`: no item and no identity, only numbers. Several
    threads may use one gallery.
    """

    def __init__(self, inside: Held, log: Path | None = None) -> None:
        self.inside = inside
        self.log = log
        self._computed = Computed(inside)
        self._one = threading.Lock()  # one thread at a time removes, or shows the enrolled to each other

    @classmethod
    def create(
        cls, where: Path | str, model: SiameseModel | Path | str, joining: Joining | None = None, own_code: bool = False
    ) -> "Gallery":
        """A new, empty gallery: in a folder, or on a Milvus server by its URI.

        `model` is a model or its folder; `joining` says how several templates of an identity are joined (without it:
        the nearest). Raises GalleryError where one is there already, SettingsError for a distance that no store can
        search by, ModelError, StorageError.
        """
        loaded = model if isinstance(model, SiameseModel) else load_model(model, own_code=own_code)
        rule = Joining() if joining is None else joining
        kept = about(loaded, rule, None if isinstance(model, SiameseModel) else model)
        return cls.on(create_store(str(where), loaded.dim, coordinates_of(loaded).metric, kept), loaded, str(where))

    @classmethod
    def open(
        cls,
        where: Path | str,
        model: SiameseModel | Path | str | None = None,
        log: Path | None = None,
        own_code: bool = False,
    ) -> "Gallery":
        """A gallery that is there. Without `model`: with the model in the folder that it was made with.

        Raises GalleryError where there is none, or one of another model.
        """
        return cls(opened(str(where), model, own_code), log)

    @staticmethod
    def rebuild(
        where: Path | str,
        model: SiameseModel | Path | str,
        source: Source,
        without_missing: bool = False,
        progress: Progress | None = None,
        own_code: bool = False,
    ) -> rebuilding.Rebuilt:
        """Embed everything in the gallery at `where` anew with another model; identities and fields stay.

        `source` holds the items that were enrolled, wherever they lie now. The old gallery stays until all is done.
        Raises GalleryError where items are lacking (`without_missing`: they are left out), or `where` is no folder.
        """
        return rebuilding.rebuild(where, model, source, without_missing, progress, own_code)

    @classmethod
    def on(cls, store: Store, model: SiameseModel, where: str = "the store") -> "Gallery":
        """A gallery on a store that is open. Raises GalleryError where the store is of another model, or no gallery."""
        return cls(held(where, store, model))

    def __len__(self) -> int:
        """How many templates there are."""
        return self.inside.store.count()

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files and connections."""
        self.inside.store.close()

    def identities(self, where: str | None = None) -> dict[str, int]:
        """All identities, in alphabetical order, and how many templates each has that meets the condition `where`.

        Raises SettingsError for a condition that is none, or on a field that no template has; so do all others.
        """
        self._computed.check_condition(where)
        return self.inside.store.identities(where)

    def templates(self, identities: Collection[str] | None = None, where: str | None = None) -> Iterator[Templates]:
        """All templates (of these identities) that meet the condition, in pieces that fit in memory."""
        self._computed.check_condition(where)
        return self.inside.store.read(identities=identities, where=where)

    def described(
        self, where: str | None = None, identity: str | None = None, skip: int = 0, most: int | None = None
    ) -> list[dict[str, Any]]:
        """For JSON: key, identity and fields of all templates (of this identity) that meet the condition `where`.

        In the order of their enrolment; without the first `skip`, and at most `most` of them.
        """
        return listed(self.templates(None if identity is None else [identity], where), skip, most)

    def enrol(
        self,
        source: Source,
        identity: str | None = None,
        fields: Mapping[str, Field] | Sequence[Mapping[str, Field]] | None = None,
        progress: Progress | None = None,
    ) -> Enrolled:
        """Enrol a folder, a table, one item, a list or Examples: each item once, however often it is run.

        Items show `identity`; without it their label; without that their own name (a file its path, a text itself).
        Their fields are the further columns of the table, numbers as numbers, and `fields`: of all, or a list with
        those of each. Items that cannot be read are named in the answer, and the others go on. Every 256 items are
        committed: who stops and begins again goes on from there.
        """
        examples = enrolment.examples_of(source, self.inside.model.preparation.kind)
        return enrolment.enrol(self.inside, examples, identity, fields, progress)

    def verify(
        self, item: Item, identity: str, fmr: float | None = None, prior: float = 0.5, confidence: float | None = None
    ) -> Decision:
        """Whether an item shows this identity (1:1), as `SiameseModel.compare` says it of two items.

        With m templates, the chance that one of them matches falsely is at most m times that of one: the threshold is
        that for `fmr` / m, whatever rule joins them. Without `fmr`, that is the model's own rate.

        Raises GalleryError for an identity that is not there, InputError for an item that cannot be read,
        CalibrationError without a calibration, or where it cannot bear `fmr` / m: with the smallest `fmr` that it can.
        """
        (query,) = self._embedded(item)
        decision = verify(self.inside, query, identity, fmr, prior, confidence)
        self._keep(query[None], [(identity, decision.verdict == "same")], decision.threshold)
        return decision

    def identify(
        self, item: Item, fpir: float = 0.01, confidence: float | None = None, k: int = 5, prior: float = 0.5
    ) -> Identification:
        """Who an item shows (1:N), or nobody, with the `k` nearest identities.

        A stranger is taken for somebody with a rate of at most `fpir` (`threshold` says how that is kept). `prior` is
        the chance, before looking, that somebody is shown who is enrolled, any of them alike.

        Raises GalleryError for an empty gallery, InputError for an item that cannot be read, CalibrationError for a
        rate that cannot be kept.
        """
        (answer,) = self._identified(["the item"], self._embedded(item), fpir, confidence, k, prior)
        return answer

    def identify_all(
        self,
        source: Source,
        fpir: float = 0.01,
        confidence: float | None = None,
        k: int = 5,
        prior: float = 0.5,
        progress: Progress | None = None,
    ) -> tuple[list[Identification], list[tuple[str, str]]]:
        """`identify` for all items of a source; and the items that cannot be read, with what is wrong with each."""
        examples, embeddings, problems = self._read(source, progress)
        return self._identified(examples.names, embeddings, fpir, confidence, k, prior), problems

    def search(self, item: Item, k: int = 10, where: str | None = None) -> list[Hit]:
        """The `k` templates most like an item, nearest first, among those that meet the condition on fields `where`.

        Raises GalleryError for an empty gallery, InputError for an item that cannot be read, SettingsError for a
        condition that is none, or on a field that no template has.
        """
        check_k(k)
        self.inside.require_templates()
        self._computed.check_condition(where)
        return nearest_templates(self.inside, self._embedded(item), k, where)[0]

    def search_all(
        self, source: Source, k: int = 10, where: str | None = None, progress: Progress | None = None
    ) -> tuple[list[tuple[str, list[Hit]]], list[tuple[str, str]]]:
        """`search` for all items of a source, each with its name; and the items that cannot be read."""
        check_k(k)
        self.inside.require_templates()
        self._computed.check_condition(where)
        examples, embeddings, problems = self._read(source, progress)
        found = nearest_templates(self.inside, embeddings, k, where)
        return list(zip(examples.names, found, strict=True)), problems

    def like(self, key: str, k: int = 10, where: str | None = None) -> list[Hit]:
        """`search` with the template of this key, which is left out. GalleryError where it is not there."""
        self._computed.check_condition(where)
        return like_template(self.inside, key, k, where)

    def threshold(self, fpir: float = 0.01, confidence: float | None = None) -> Threshold:
        """The distance up to which `identify` identifies: it keeps the false-positive-identification rate `fpir`.

        By the distances of the gallery's own identities from all others where they can show the rate, with this
        confidence, else by the model's calibration: docs/decisions/0013-identification.md. `confidence` None is the
        calibration's own (95 % without one), 0 an estimate without a promise. Raises CalibrationError with what it
        takes, GalleryError for an empty gallery.
        """
        with self._one:
            return self._computed.threshold(fpir, confidence)

    def remove(self, identity: str | None = None, key: str | None = None) -> Removed:
        """Remove an identity with all its templates, or one template by its key, and search the files for traces.

        In a folder, nothing of it is left; Milvus overwrites its files in its own time, and the answer says which hold
        traces. Raises GalleryError where it is not there.
        """
        with self._one:
            return removal.remove(self.inside, identity, key)

    def export_to(self, file: Path | str, overwrite: bool = False) -> int:
        """Write everything into one .npz file (`gallery.moving` says what it holds); how many templates.

        Raises SettingsError for a file that is there, unless `overwrite` replaces it.
        """
        return moving.export_to(self.inside, Path(file), overwrite)

    def import_from(self, file: Path | str, progress: Progress | None = None) -> tuple[int, int]:
        """Take in what `export_to` wrote, from a gallery of the same model; how many were new, how many replaced."""
        return moving.import_from(self.inside, Path(file), progress)

    def drift(self, log: Path | None = None, source: Path | str | Examples | None = None) -> Drift:
        """Whether distances in use have moved away from those of the calibration, and so whether to calibrate anew.

        Of a log that verify and identify wrote (without `log`: this gallery's own), or of labelled items. Raises
        CalibrationError where the model has no calibration, GalleryError where there is no log.
        """
        calibration = self.inside.model.require_calibration()
        if source is None:
            return drift_of_live(read_live(log or self.log or log_beside(self.inside.where)), calibration)
        return drift_of_items(source, self.inside.model, calibration)

    def _identified(
        self,
        names: Sequence[str],
        embeddings: Float[np.ndarray, "items dim"],
        fpir: float,
        confidence: float | None,
        k: int,
        prior: float,
    ) -> list[Identification]:
        threshold = self.threshold(fpir, confidence)
        answers = identify(self.inside, names, embeddings, threshold, k, prior)
        nearest = [(answer.candidates[0].identity, answer.identity is not None) for answer in answers]
        self._keep(embeddings, nearest, threshold.distance)
        return answers

    def _embedded(self, item: Item) -> Float[np.ndarray, "1 dim"]:
        """One item as the store keeps embeddings."""
        return self.inside.coordinates.of(self.inside.model.embed([item]))

    def _read(
        self, source: Source, progress: Progress | None
    ) -> tuple[Examples, Float[np.ndarray, "items dim"], list[tuple[str, str]]]:
        examples = enrolment.examples_of(source, self.inside.model.preparation.kind)
        embeddings, read, problems = enrolment.embedded(self.inside.model, examples, progress)
        return read, self.inside.coordinates.of(embeddings), problems

    def _keep(
        self, queries: Float[np.ndarray, "queries dim"], answers: Sequence[tuple[str, bool]], threshold: float
    ) -> None:
        if self.log is not None:
            append_live(self.log, live_of(self.inside, self._computed.names(), queries, answers, threshold))
