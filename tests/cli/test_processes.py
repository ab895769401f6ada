"""What only a process of its own can show: signals, closed pipes, full disks, memory, and how fast help is there."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from importlib.metadata import version

import numpy as np
import pytest
from PIL import Image

from alikely.storage import load_model, save_model
from tests.models import small_model
from tests.pace import slower
from tests.pictures import pattern_folder

# What runs the tests may itself be deaf to Ctrl-C (a background job of a shell is), and its children with it.
LISTEN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
ALIKELY = (sys.executable, "-c", LISTEN + "from alikely.cli import main; main()")
SMALL = ("--size", "16", "--set", "encoder_settings={width=8,depth=2,dim=8,grid=2}")


def process(*arguments, **named):
    """`alikely ARGUMENTS` in a process of its own, to its end."""
    command = [*ALIKELY, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **named)


def interrupted(*arguments, after):
    """The same, but with Ctrl-C after so many epochs: (exit code, standard output, standard error)."""
    command = [*ALIKELY, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        lines = []
        for line in running.stderr:
            lines.append(line)
            if sum(line.startswith("epoch") for line in lines) == after:
                running.send_signal(signal.SIGINT)
                break
        out, rest = running.communicate()
    return running.returncode, out, "".join(lines) + rest


@pytest.mark.slow
def test_ctrl_c_leaves_a_model_that_works_and_resume_goes_on(tmp_path):
    pictures, out = pattern_folder(tmp_path / "pictures"), tmp_path / "model"
    options = (pictures, "--out", out, *SMALL, "--epochs", "40")

    code, printed, told = interrupted("train", *options, after=2)
    usable = process("compare", out, *sorted(pictures.glob("id00/*.png"))[:2])
    stopped = load_model(out)
    resumed = process("train", *options, "--resume")

    assert code == 130
    assert "Traceback" not in told
    assert "stopped by the user: the model is made of what has been learned so far" in told
    assert told.endswith("the same command with --resume goes on with the training\n")
    assert printed.endswith(f"model written to {out}\n")
    assert usable.returncode in (0, 1)
    assert 2 <= stopped.record["training"]["epochs_done"] < 40  # whoever presses the keys is not so late
    assert (resumed.returncode, load_model(out).record["training"]["epochs_done"]) == (0, 40)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "pictures"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(small_model(), tmp_path_factory.mktemp("saved") / "model")


@pytest.mark.slow
def test_ctrl_c_in_any_command_ends_with_130_and_no_traceback(tmp_path, model):
    fifo = tmp_path / "table.csv"
    os.mkfifo(fifo)
    command = [*ALIKELY, "evaluate", str(model), str(fifo)]
    # Opening the other end waits until the command waits for its table.
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running, fifo.open("wb"):
        time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate()

    assert (running.returncode, told) == (130, "stopped\n")


def test_a_reader_that_goes_away_gets_no_traceback(model):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ran = subprocess.run([*ALIKELY, "inspect", str(model)], stdout=closed, stderr=subprocess.PIPE, check=False)

    assert (ran.returncode, ran.stderr) == (2, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_told(model):
    with open("/dev/full", "w") as full:
        command = [*ALIKELY, "inspect", str(model), "--json"]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert ran.returncode == 2
    assert ran.stderr == "error: standard output: cannot be written (No space left on device); free some space\n"


@pytest.mark.slow
def test_a_file_that_the_system_lets_grow_no_further_leaves_nothing(tmp_path):
    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))

    pattern_folder(tmp_path / "pictures", each=4)
    ran = process(
        "train", tmp_path / "pictures", "--out", tmp_path / "model", *SMALL, "--epochs", "1", preexec_fn=little_room
    )

    assert ran.returncode == 2, ran
    assert "cannot be written" in ran.stderr
    assert "nothing half-written is left" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


MEMORY = """
import resource, sys
from alikely.cli import main
from alikely.training import train  # all that is imported at all
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("memory_gb", ["4", "1e-9"])
def test_pictures_larger_than_memory_allows_at_once_are_read_one_by_one(tmp_path, memory_gb):
    """24 pictures of 64 million pixels: 4.6 GB as RGB, all at once."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (500, 500, 3), dtype=np.uint8))
    picture.resize((8000, 8000)).save(tmp_path / "large.jpg", quality=50)
    for number in range(24):
        folder = tmp_path / "pictures" / f"id{number % 6}"
        folder.mkdir(parents=True, exist_ok=True)
        os.link(tmp_path / "large.jpg", folder / f"{number}.jpg")
    arguments = [
        "train",
        str(tmp_path / "pictures"),
        "--out",
        str(tmp_path / "model"),
        *SMALL,
        "--epochs",
        "1",
        "--json",
    ]

    command = [sys.executable, "-c", MEMORY, *arguments, "--set", f"memory_gb={memory_gb}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    megabytes = int(ran.stdout.splitlines()[-1])
    assert megabytes < 1000


@pytest.mark.slow
def test_standard_error_holds_no_warnings_of_other_packages(tmp_path):
    pattern_folder(tmp_path / "pictures", each=4)

    ran = process("train", tmp_path / "pictures", "--out", tmp_path / "model", *SMALL, "--epochs", "2", "--json")

    assert ran.returncode == 0
    assert json.loads(ran.stdout)["epochs_done"] == 2
    said = [
        line for line in ran.stderr.splitlines() if not line.startswith(("the false-match rate of", "the model has"))
    ]
    assert [line.split()[0] for line in said] == ["epoch"] * 2


def test_help_is_there_in_under_a_second_without_anything_heavy():
    program = (
        "import sys\nfrom alikely.cli import main\n"
        "try: main()\nfinally: print(sorted({'torch', 'numpy', 'PIL', 'pydantic'} & set(sys.modules)))"
    )
    best = min(_seconds([sys.executable, "-c", program, "--help"]) for _ in range(3))

    assert best < slower()


def _seconds(command):
    """Of the processor, in the process of the command: what others do meanwhile does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("[]\n")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_module_is_the_command():
    ran = subprocess.run([sys.executable, "-m", "alikely", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"alikely {version('alikely')}\n"
