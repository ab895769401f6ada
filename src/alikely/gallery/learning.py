"""The name of a rule to join templates and, where it is learned, labelled items in; the rule out."""

from pathlib import Path

from alikely.data.sources import read_source
from alikely.errors import InputError, SettingsError
from alikely.gallery.enrolment import embedded
from alikely.gallery.joining import Joining, learn_joining
from alikely.storage import load_model


def joining_for(
    rule: str, model: Path | str, source: Path | str | None = None, templates: int = 3, own_code: bool = False
) -> Joining:
    """The rule of that name; `learned` for `templates` templates an identity, from the labelled items of a source.

    Raises SettingsError for a name that is none, and for `learned` without a source; InputError for a source without
    labels; otherwise as `load_model`, `read_source` and `learn_joining`.
    """
    if rule != "learned":
        return Joining(rule)
    if source is None:
        raise SettingsError("to learn how to join templates it takes labelled items: --learn-from SOURCE")
    loaded = load_model(model, own_code=own_code)
    embeddings, examples, _ = embedded(loaded, read_source(source, loaded.preparation.kind))
    if examples.labels is None:
        raise InputError(f"{source}: has no labels; to learn how to join templates, give labelled items")
    return learn_joining(embeddings, examples.labels, loaded.distance, templates)[0]
