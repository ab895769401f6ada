"""The service under load, beside what it stands on: the network alone, and HTTP alone.

    python -m benchmarks.serving

The load comes from wrk (Debian: apt install wrk) over loopback, with 1, 8 and 64 clients that each ask again as soon as
they have their answer: one picture in the body, its embedding in the answer. As metrics:

- `over_session`: `resnet` at 112 pixels with 64 clients: pictures a second through the service, by those of the same
  ONNX session (that of the model as `load_model` loads it after `alikely export`) called in a loop on tensors that are
  ready, with the same threads, on batches of 1, 8 or 64 (the service's largest), whichever is fastest in that turn.
- `over_bare_endpoint`: a small `cnn`, where HTTP is what costs: requests a second, by those of an endpoint of the same
  framework and server, as FastAPI's documentation shows one, that reads the same body and returns a constant.
- `resnet.64`, `cnn.8` ...: requests a second with so many clients; `.p50_ms`, `.p99_ms`: how long one takes.
- `cnn.64.processor_us`: microseconds that the processors of the server worked for one request, by both servers.
- `growth_mb`: by how many megabytes the process of the service grew over 100,000 requests, after it was warm.

Both sides of a ratio take turns, so that whatever else the machine does meets both. The ratios are medians over the
turns, the other figures means; `_sd` is over the turns. The service runs as it comes, with all its limits and checks.
"""

import gc
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from alikely.data.preparation import fit_preparation
from alikely.distances import build_distance
from alikely.encoders import build_encoder, default_settings
from alikely.engine import OnnxEngine
from alikely.errors import ServiceError, SettingsError
from alikely.export import export_model
from alikely.model import SiameseModel, ready
from alikely.storage import load_model, save_model
from alikely.types import Examples
from benchmarks.report import Options, Result, over_seeds, publish, read_options

CLIENTS = (1, 8, 64)
BATCHES = (1, 8, 64)
# What each network is beside its defaults, and the height and width of its pictures.
NETWORKS: dict[str, tuple[dict[str, Any], int]] = {"resnet": ({}, 112), "cnn": ({"width": 16}, 32)}
BARE, SESSION = "bare endpoint", "session in a loop"
BESIDE = "beside."

# What wrk sends, and what it says at the end: requests, those without a good answer, seconds, and two percentiles.
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "image/png"
local file = io.open(os.getenv("BODY"), "rb")
wrk.body = file:read("*a")
file:close()
done = function(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format('{"requests": %d, "bad": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f}',
    summary.requests, bad, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Plan:
    """How long and how often: seconds of a turn, turns, requests whose memory is watched."""

    seconds: float
    turns: int
    watched: int


WHOLE, QUICK = Plan(6, 9, 100_000), Plan(1, 1, 500)


@dataclass(frozen=True)
class Load:
    """wrk, and the picture that it sends."""

    folder: Path
    body: Path

    def run(self, url: str, clients: int, seconds: float) -> dict[str, float]:
        """Requests a second and how long they took. Raises ServiceError where an answer was no good one."""
        script = self.folder / "load.lua"
        script.write_text(SCRIPT, encoding="utf-8")
        duration = f"-d{max(1, round(seconds))}s"
        # An answer that comes late is no bad one.
        command = ["wrk", "-t1", f"-c{clients}", duration, "--timeout", "30s", "-s", str(script), url]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "BODY": str(self.body)}
        )
        said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        if said["bad"]:
            raise ServiceError(f"{url}: {said['bad']:.0f} of {said['requests']:.0f} requests got no good answer")
        return {**said, "rate": said["requests"] / said["seconds"]}


def smooth(size: int, generator: np.random.Generator) -> np.ndarray:
    """A grey picture with coarse and fine parts, as photographs have them."""
    coarse = Image.fromarray(generator.integers(0, 256, (size // 8, size // 8), dtype=np.uint8))
    fine = generator.normal(0, 4, (size, size))
    whole = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC), dtype=np.float64) + fine
    return whole.clip(0, 255).astype(np.uint8)


def write_model(network: str, folder: Path) -> Path:
    """An untrained model with its export (how fast it is does not depend on its weights), and a picture beside it."""
    settings, size = NETWORKS[network]
    generator = np.random.default_rng(0)
    pictures = [smooth(size, generator) for _ in range(24)]
    torch.manual_seed(0)
    whole = default_settings(network, {"channels": 1, "size": size}) | settings
    model = SiameseModel(
        preparation=fit_preparation(pictures, size),
        encoder=ready(build_encoder(network, whole)),
        encoder_name=network,
        distance=build_distance("euclidean", whole["dim"]),
        distance_name="euclidean",
    )
    save_model(model, folder / network)
    names = tuple(f"picture {place + 1}" for place in range(len(pictures)))
    examples = Examples(tuple(pictures), names, np.repeat(np.arange(8), 3).astype(str), kind="picture")
    export_model(folder / network, examples, seconds=0.01)
    file = BytesIO()
    Image.fromarray(pictures[0]).save(file, "PNG")
    (folder / f"{network}.png").write_bytes(file.getvalue())
    return folder / network


@contextmanager
def service(model: Path, state: Path) -> Iterator[tuple[str, int]]:
    """The address of a running `alikely serve`, and the number of its process."""
    command = [sys.executable, "-m", "alikely", "serve", str(model), "--port", "0", "--state", str(state), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise ServiceError("the service did not start; see what it said above")
        yield json.loads(line)["url"], process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def bare_endpoint() -> Iterator[tuple[str, int]]:
    """The same of an endpoint that reads the body and returns a constant."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve_bare, args=(there,), daemon=True)
    process.start()
    try:
        assert process.pid is not None  # it was started
        yield here.recv(), process.pid
    finally:
        process.terminate()
        process.join()


def serve_bare(told: Connection) -> None:
    """Serve it as `alikely serve` serves: the same server with the same settings."""
    import uvicorn
    from fastapi import FastAPI, Request

    app = FastAPI(openapi_url=None)

    @app.post("/v1/embed")
    async def constant(request: Request) -> dict[str, list[float]]:
        await request.body()
        return {"embeddings": []}

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="error", access_log=False, proxy_headers=False, server_header=False, ws="none"
    )
    gc.collect()
    gc.freeze()
    told.send(f"http://127.0.0.1:{listening.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[listening])


def session_rate(model: SiameseModel, batch: int, seconds: float) -> float:
    """Pictures a second of the model's ONNX session, called in a loop on a batch that is ready."""
    assert isinstance(model.engine, OnnxEngine)  # it was exported
    session = model.engine.session()
    size = NETWORKS["resnet"][1]
    ready_batch = np.random.default_rng(0).random((batch, 1, size, size), dtype=np.float32)
    session.run(ready_batch)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        session.run(ready_batch)
        count += batch
    return count / (time.perf_counter() - start)


def of_network(network: str, folder: Path, plan: Plan) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Figures of the service by clients, and of each turn with 64 clients; what is beside it as `beside.NAME`."""
    model = write_model(network, folder)
    load = Load(folder, folder / f"{network}.png")
    loaded = load_model(model)
    figures: dict[str, float] = {}
    turns = []
    with service(model, folder / "state") as (address, process), bare_endpoint() as (bare, bare_process):
        url, other = f"{address}/v1/embed", f"{bare}/v1/embed"
        load.run(url, CLIENTS[-1], plan.seconds / 4)
        for clients in CLIENTS[:-1]:
            figures |= named(network, clients, load.run(url, clients, plan.seconds))
        for _ in range(plan.turns):
            if network == "resnet":
                rate = max(session_rate(loaded, batch, plan.seconds / len(BATCHES)) for batch in BATCHES)
                beside = {"resnet.64": rate}
            else:
                beside = worked(network, load, other, bare_process, plan)
            ours = worked(network, load, url, process, plan)
            ratio = ours[f"{network}.64"] / beside[f"{network}.64"]
            turns.append({**ours, "ratio": ratio, **{BESIDE + name: value for name, value in beside.items()}})
        if network == "cnn":
            figures |= growth(load, url, process, plan)
    return figures, turns


def worked(network: str, load: Load, url: str, process: int, plan: Plan) -> dict[str, float]:
    """A turn with 64 clients: its figures, and what the processors did for one request."""
    before = processor_seconds(process)
    found = load.run(url, CLIENTS[-1], plan.seconds)
    spent = (processor_seconds(process) - before) / max(1, found["requests"])
    return {**named(network, CLIENTS[-1], found), f"{network}.64.processor_us": spent * 1e6}


def processor_seconds(process: int) -> float:
    """Seconds that the processors worked for a process so far."""
    # The name of the command, in brackets, may hold spaces.
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def named(network: str, clients: int, found: dict[str, float]) -> dict[str, float]:
    """A run of the load -> its metrics."""
    name = f"{network}.{clients}"
    return {name: found["rate"], f"{name}.p50_ms": found["p50_ms"], f"{name}.p99_ms": found["p99_ms"]}


def growth(load: Load, url: str, process: int, plan: Plan) -> dict[str, float]:
    """How much memory the process has after the requests that are watched, and how much more than before them."""
    before, done = resident_mb(process), 0.0
    while done < plan.watched:
        done += load.run(url, CLIENTS[-1], plan.seconds)["requests"]
    after = resident_mb(process)
    return {"memory_mb": after, "growth_mb": after - before, "watched_requests": done}


def resident_mb(process: int) -> float:
    """Memory of a process in megabytes (10 ** 6 bytes)."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ServiceError(f"the process {process} has ended")


def measured(options: Options) -> Result:
    """All of it."""
    if shutil.which("wrk") is None:
        raise SettingsError("the load comes from wrk, which is not installed: apt install wrk")
    plan = QUICK if options.quick else WHOLE
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        resnet, with_session = of_network("resnet", Path(name), plan)
        cnn, with_bare = of_network("cnn", Path(name), plan)
    mine = _ours(with_session, "over_session") | _ours(with_bare, "over_bare_endpoint")
    floors = {
        SESSION: over_seeds([_beside(turn) for turn in with_session]),
        BARE: over_seeds([_beside(turn) for turn in with_bare]),
    }
    settings = {
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "turns": plan.turns,
        "seconds": plan.seconds,
        "torch": torch.__version__,
    }
    return Result("serving", {**resnet, **cnn, **mine}, time.perf_counter() - start, floors, {}, settings)


def _ours(turns: list[dict[str, float]], ratio: str) -> dict[str, float]:
    renamed = [
        {ratio if name == "ratio" else name: value for name, value in turn.items() if not name.startswith(BESIDE)}
        for turn in turns
    ]
    # One turn in which somebody else had the machine must not decide.
    return over_seeds(renamed) | {ratio: statistics.median(turn["ratio"] for turn in turns)}


def _beside(turn: dict[str, float]) -> dict[str, float]:
    return {name.removeprefix(BESIDE): value for name, value in turn.items() if name.startswith(BESIDE)}


def main() -> None:
    """Measure, print, write."""
    options = read_options(__doc__ or "", needs_data=False)
    publish(measured(options), options)


if __name__ == "__main__":
    main()
