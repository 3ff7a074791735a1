"""The gate on real images: golden cases, limits, and models that fail in their own ways."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.images import python_image

from tidegate.imagetest import gate, plan
from tidegate.imagetest.remote import RunningServer
from tidegate.imagetest.report import TestReport as Report
from tidegate.oci.local import LocalStore
from tidegate.project.config import Build, Config, GoldenCase, Limits, Model, Protocol
from tidegate.project.config import Test as Section
from tidegate.project.verdict import Verdict
from tidegate.runtime.interface import Runtime
from tidegate.runtime.launch import Launcher
from tidegate.runtime.select import runtimes, select

PORT = 18080
PATIENT = Limits(ready_s=30)
SERVER = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def send(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.send({}, 200 if self.path == "/v2/health/ready" else 404)
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = [2 * value for value in request["inputs"][0]["data"]]
        output = {"name": "double", "shape": [len(data)], "datatype": "FP64", "data": data}
        self.send({"model_name": "double", "outputs": [output]})

ThreadingHTTPServer(("127.0.0.1", 18080), Handler).serve_forever()
"""
GIVEN = {"inputs": [{"name": "x", "shape": [2], "datatype": "FP64", "data": [1, 2.5]}]}
RIGHT = {"outputs": [{"name": "double", "shape": [2], "datatype": "FP64", "data": [2, 5.0001]}]}
WRONG = {"outputs": [{"name": "double", "shape": [2], "datatype": "FP64", "data": [2, 7]}]}


@pytest.fixture(scope="module")
def workplace() -> Iterator[Path]:
    """A folder that the model's user may enter."""
    with tempfile.TemporaryDirectory(prefix="tidegate-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    """A quick way to run an image here."""
    environ = {"PATH": os.environ["PATH"]}
    return select(environ, "bubblewrap" if select_works(environ, "bubblewrap") else "unshare")


def select_works(environ: dict[str, str], name: str) -> bool:
    """Whether this runtime can be used here."""
    return next(found for found in runtimes(environ) if found.name == name).probe() is None


def run(
    workplace: Path,
    runtime: Runtime,
    program: str,
    protocol: Protocol,
    *cases: tuple[object, object],
    limits: Limits = PATIENT,
) -> Report:
    """Test a program as a model."""
    todo = planned(workplace, protocol, *cases, limits=limits)
    image = python_image(LocalStore(workplace / "store"), program)
    memory = None if limits.memory_mb is None else int(limits.memory_mb * 1_000_000)
    return gate.run(todo, Launcher(image, runtime, workplace / "rootfs", memory=memory), time.monotonic)


def planned(workplace: Path, protocol: Protocol, *cases: tuple[object, object], limits: Limits = PATIENT) -> plan.Plan:
    """A plan with these golden cases."""
    golden = []
    for index, (given, expected) in enumerate(cases):
        (workplace / f"in{index}.json").write_text(json.dumps(given))
        (workplace / f"out{index}.json").write_text(json.dumps(expected))
        golden.append(GoldenCase(input=f"in{index}.json", expect=f"out{index}.json", rtol=1e-3))
    test = Section(protocol=protocol, golden=tuple(golden), limits=limits, requests=20)
    config = Config(tidegate=1, model=Model(name="double"), build=Build(port=PORT), test=test)
    return plan.load(config, workplace, image="sha256:0", platform="linux/amd64")


def test_open_inference(workplace: Path, runtime: Runtime) -> None:
    """A right model passes, with every limit measured."""
    limits = Limits(ready_s=30, p95_ms=5000, memory_mb=500)
    report = run(workplace, runtime, SERVER, "open-inference", (GIVEN, RIGHT), limits=limits)
    assert report.verdict is Verdict.PASSED, report
    assert [limit.name for limit in report.limits] == ["ready_s", "p95_ms", "memory_mb"]
    assert all(limit.measured for limit in report.limits)
    assert json.loads(report.to_json())["verdict"] == "passed"


def test_wrong_answer(workplace: Path, runtime: Runtime) -> None:
    """A wrong answer fails, and the case says where."""
    limits = Limits(ready_s=30, p95_ms=5000)
    report = run(workplace, runtime, SERVER, "open-inference", (GIVEN, RIGHT), (GIVEN, WRONG), limits=limits)
    assert report.verdict is Verdict.FAILED
    assert [case.verdict for case in report.cases] == [Verdict.PASSED, Verdict.FAILED]
    assert report.cases[1].message == "outputs[0].data[1]: 5.0 is not 7 (rtol 0.001)"
    assert report.limits[1].verdict is Verdict.INCOMPLETE


def test_import_error(workplace: Path, runtime: Runtime) -> None:
    """A model that ends at its start fails with its own traceback in the report."""
    report = run(workplace, runtime, "import absent_library", "open-inference", (GIVEN, RIGHT))
    assert report.verdict is Verdict.FAILED
    assert report.message == "the model ended before it was ready (exit code 1)"
    assert "No module named 'absent_library'" in report.log


def test_not_ready(workplace: Path, runtime: Runtime) -> None:
    """A model that never listens fails when its time is over."""
    program = "import time; print('loading', flush=True); time.sleep(60)"
    report = run(workplace, runtime, program, "http", limits=Limits(ready_s=1))
    assert report.verdict is Verdict.FAILED
    assert report.message.startswith("the model was not ready after 1 s: nobody listens")
    assert report.limits[0].verdict is Verdict.FAILED
    assert "loading" in report.log


def test_no_http(workplace: Path, runtime: Runtime) -> None:
    """A server that speaks something else is not ready, and is not waited for beyond the limit."""
    program = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 18080))\n"
        "while True:\n    client, _ = server.accept()\n    client.sendall(b'\\xff' * 1000)\n    client.close()\n"
    )
    report = run(workplace, runtime, program, "http", limits=Limits(ready_s=2))
    assert report.verdict is Verdict.FAILED
    assert report.message.startswith("the model was not ready after 2 s")


def test_too_much_memory(workplace: Path, runtime: Runtime) -> None:
    """A model over its memory limit is ended and fails for that reason."""
    report = run(workplace, runtime, "x = b'x' * 400_000_000; input()", "none", limits=Limits(ready_s=3, memory_mb=100))
    assert report.verdict is Verdict.FAILED
    assert report.limits[-1].message == "the model needed more and was ended"


def test_command(workplace: Path, runtime: Runtime) -> None:
    """A command is started for each case, reading stdin and writing stdout."""
    program = "import json, sys; print('hello', file=sys.stderr); json.dump(json.load(sys.stdin)['n'] * 2, sys.stdout)"
    report = run(workplace, runtime, program, "command", ({"n": 1.5}, 3), ({"n": 2}, 5))
    assert report.verdict is Verdict.FAILED
    assert [case.message for case in report.cases] == ["", "4 is not 5 (rtol 0.001)"]
    assert "hello" in report.log


def test_command_fails(workplace: Path, runtime: Runtime) -> None:
    """A command that ends badly, or not at all, fails its case."""
    report = run(workplace, runtime, "raise SystemExit(3)", "command", (1, 1))
    assert report.cases[0].message == "exit code 3"
    report = run(workplace, runtime, "import time; time.sleep(60)", "command", (1, 1), limits=Limits(ready_s=0.5))
    assert report.cases[0].message == "did not end within 0.5 s (test.limits.ready_s)"


def test_none(workplace: Path, runtime: Runtime) -> None:
    """Without a protocol, a model that ends well or stays up passes, one that ends badly fails."""
    assert run(workplace, runtime, "pass", "none").verdict is Verdict.PASSED
    assert run(workplace, runtime, "raise SystemExit(2)", "none").verdict is Verdict.FAILED


def test_other_platform(workplace: Path) -> None:
    """What can't run here is not done, and says why."""
    report = gate.not_done(planned(workplace, "none"), "an image for linux/arm64", required=False)
    assert (report.verdict, report.required) == (Verdict.INCOMPLETE, False)


def test_url(workplace: Path) -> None:
    """A server that already runs is tested over its own address, below its path."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = RunningServer.parse(f"http://127.0.0.1:{server.server_port}/model/")
        report = gate.run(planned(workplace, "http"), address, time.monotonic, base=address.base)
        server.shutdown()
        thread.join()
    assert report.verdict is Verdict.PASSED, report
    assert asked == ["/model/"]
    assert report.notes
