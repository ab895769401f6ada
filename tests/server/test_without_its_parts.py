"""Where the packages of the service are not installed, its commands say what to install."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "command", [["serve", "model"], ["demo", "--serve", "--out", "nowhere"], ["keys", "list"]], ids=" ".join
)
def test_what_lacks_is_named_with_the_way_out(command, tmp_path):
    code = f"import sys; sys.modules['uvicorn'] = None; sys.argv = {['alikely', *command]}\n"
    ran = subprocess.run(
        [sys.executable, "-c", code + "from alikely.cli import main; main()"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )

    assert ran.returncode == 2
    assert ran.stderr == "error: a service needs fastapi, uvicorn and some more; run: pip install alikely[serve]\n"
    assert not (tmp_path / "nowhere").exists()
