import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from alikely.errors import ServiceError, SettingsError
from alikely.server.keys import Keys, hashed_key
from tests.commands import command, refused


def test_a_key_is_known_by_its_hash_only_and_only_its_owner_may_read_the_file(tmp_path):
    keys = Keys(tmp_path / "state" / "keys.json")
    key = keys.add("phone", "enrol")

    found = keys.of(key)
    assert (found.name, found.right) == ("phone", "enrol")
    assert len(key) > 40
    content = keys.path.read_text()
    assert key not in content
    assert hashed_key(key) in content
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("said", ["", "x", "alikely_", "\ud800", "ä" * 50, "a" * 100_000])
def test_what_is_no_key_is_nobodys(tmp_path, said):
    keys = Keys(tmp_path / "keys.json")
    keys.add("phone", "read")

    assert keys.of(said) is None


def test_what_another_process_changes_counts_at_once(tmp_path):
    mine, theirs = Keys(tmp_path / "keys.json"), Keys(tmp_path / "keys.json")
    assert mine.by_hash() is None

    key = theirs.add("phone", "read")
    assert mine.of(key).name == "phone"
    # As long as before, and by a clock that stands still: the file is another one.
    before = mine.path.stat()
    theirs.remove("phone")
    other = theirs.add("phone", "read")
    os.utime(mine.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert mine.of(key) is None
    assert mine.of(other).name == "phone"
    theirs.remove("phone")
    assert mine.of(other) is None
    assert mine.by_hash() == {}  # not None: keys are still asked for


def test_several_processes_write_and_none_is_lost(tmp_path):
    path = tmp_path / "keys.json"
    script = "import sys; from pathlib import Path; from alikely.server.keys import Keys\n"
    script += "for n in range(5): Keys(Path(sys.argv[1])).add(f'{sys.argv[2]}{n}', 'read')"
    with ThreadPoolExecutor() as pool:
        ended = list(
            pool.map(
                lambda name: subprocess.run([sys.executable, "-c", script, str(path), name], check=False).returncode,
                ("a", "b"),
            )
        )

    assert ended == [0, 0]
    assert len(Keys(path).listed()) == 10


def test_threads_write_and_none_is_lost(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Keys(tmp_path / "keys.json").add(f"k{n}", "read"), range(40)))

    assert len(Keys(tmp_path / "keys.json").listed()) == 40
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Keys(tmp_path / "keys.json").remove(f"k{n}"), range(39)))

    assert [key.name for key in Keys(tmp_path / "keys.json").listed()] == ["k39"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"keys": [{"name": "a"}]}',
        '{"keys": 3}',
        '{"keys": [{"name": "a", "right": "root", "sha256": "x", "made": "y"}]}',
        '{"keys": [{"name": "a", "right": "read", "sha256": 3, "made": "y"}]}',
        "[" * 10_000,
        "\xff",
    ],
)
def test_a_damaged_file_lets_nobody_in_and_is_not_written_over(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_bytes(content.encode("latin-1"))

    with pytest.raises(ServiceError, match="cannot be read"):
        Keys(path).by_hash()
    with pytest.raises(ServiceError, match="cannot be read"):
        Keys(path).add("b", "read")
    assert path.read_bytes() == content.encode("latin-1")


def test_a_file_that_cannot_be_looked_at_lets_nobody_in(tmp_path):
    path = tmp_path / "keys.json"
    path.symlink_to(path)  # leads nowhere: the system refuses to say what it is

    with pytest.raises(ServiceError, match="cannot be read"):
        Keys(path).by_hash()
    with pytest.raises(ServiceError, match="cannot be read"):
        Keys(path).of("alikely_x")


@pytest.mark.parametrize("name", ["", " ", "-a", "a/b", "a\nb", "ä", "a" * 65])
def test_names_are_plain(tmp_path, name):
    with pytest.raises(SettingsError, match="cannot be a key's name"):
        Keys(tmp_path / "keys.json").add(name, "read")


def test_names_are_unique_and_rights_are_three(tmp_path):
    keys = Keys(tmp_path / "keys.json")
    keys.add("a", "admin")

    with pytest.raises(SettingsError, match="there is a key called a"):
        keys.add("a", "read")
    with pytest.raises(SettingsError, match="'root' is no right; there are read, enrol, admin"):
        keys.add("b", "root")
    with pytest.raises(SettingsError, match="no key is called b; there are: a"):
        keys.remove("b")


def test_the_commands(tmp_path):
    state = ("--state", tmp_path)
    made = command("keys", "add", "phone", "--right", "read", *state)
    assert made.code == 0
    key = made.out.strip()
    assert Keys(tmp_path / "keys.json").of(key).name == "phone"

    listed = json.loads(command("keys", "list", "--json", *state).out)
    assert [(one["name"], one["right"]) for one in listed["keys"]] == [("phone", "read")]
    assert "phone   read" in command("keys", "list", *state).out
    assert key not in command("keys", "list", *state).out

    assert "there is a key called phone" in refused("keys", "add", "phone", "--right", "read", *state)
    assert "is no right" in refused("keys", "add", "x", "--right", "all", *state)
    gone = command("keys", "remove", "phone", *state).out
    assert "removed phone (read)" in gone
    assert "no key is left" in gone
    assert "no keys" in command("keys", "list", *state).out
    assert "no key is called phone" in refused("keys", "remove", "phone", *state)
