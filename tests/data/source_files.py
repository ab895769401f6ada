"""Texts -> tables and other files in a folder; Examples -> their pairs, to be compared."""


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def table(folder, text, name="t.csv", encoding="utf-8"):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def pairs_of(examples, what="items"):
    """(left, right, same) of each pair; both sides as `what` they are: items or names."""
    pairs, said = examples.pairs, getattr(examples, what)
    rows = zip(pairs.left, pairs.right, pairs.same, strict=True)
    return [(said[i], said[j], bool(same)) for i, j, same in rows]
