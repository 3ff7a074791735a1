"""Release examples/digits to a registry on this machine, and show where it came from.

Needs git and the packages of .venv; everything it writes lies in .demo/, or in the folder that it is given,
and it opens loopback ports only.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DEMO = Path(sys.argv[1] if sys.argv[1:] else ROOT / ".demo").absolute()
MODEL = DEMO / "digits"
REGISTRY = DEMO / "registry"
TIDEGATE = Path(sys.executable).parent / "tidegate"
ENVIRON = {
    **os.environ,
    "TIDEGATE_HOME": str(DEMO / "home"),
    # The commit is the demo's own: no identity, hook or signature of the user's.
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Demo",
    "GIT_AUTHOR_EMAIL": "demo@tidegate.example",
    "GIT_COMMITTER_NAME": "Demo",
    "GIT_COMMITTER_EMAIL": "demo@tidegate.example",
}
USAGE = 2


def main() -> int:
    started = time.monotonic()
    say(f"A model in a git repository of its own: {relative(MODEL)}")
    make_repository()
    address = f"127.0.0.1:{free_port()}"
    say(f"A registry on this machine: {address}")
    with serve(address):
        document = release(address)
        if needs_new_lock(document):
            say("A package that the lock pins has left the mirrors. Locking anew")
            tidegate("lock", str(MODEL), "--upgrade")
            commit("Lock anew")
            document = release(address)
        if error := document.get("error"):
            print("\nThe release did not go through; see above.", file=sys.stderr)
            return int(error["exit_code"])
        say("Where the image came from, as the registry alone tells it")
        tidegate("trace", f"{address}/digits@{document['digest']}")
    conclude(document, time.monotonic() - started)
    return 0


def make_repository() -> None:
    for folder in (MODEL, REGISTRY):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "examples" / "digits", MODEL, ignore=shutil.ignore_patterns("__pycache__"))
    git("init", "--quiet", "--initial-branch", "main", "--template", "")
    commit("Recognise handwritten digits")


def commit(message: str) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", message)
    subprocess.run(["git", "--no-pager", "log", "--oneline", "-1"], cwd=MODEL, env=ENVIRON, check=True)


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=MODEL, env=ENVIRON, check=True)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serve(address: str) -> Iterator[None]:
    """The embedded registry, for as long as the block lasts."""
    log = DEMO / "registry.log"
    command = [str(TIDEGATE), "registry", "serve", "--address", address, "--data", str(REGISTRY)]
    with log.open("wb") as output, subprocess.Popen(command, env=ENVIRON, stdout=output, stderr=output) as process:
        try:
            wait_for(f"http://{address}/v2/", process, log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(200):
        try:
            opener.open(url, timeout=5).close()
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    sys.exit(f"the registry did not start:\n{log.read_text()}")


def release(address: str) -> dict[str, Any]:
    """Run the release; what it says in JSON. What it prints on the way goes to the terminal."""
    say("$ tidegate release")
    command = [str(TIDEGATE), "release", str(MODEL), "--to", f"{address}/digits", "--json"]
    result = subprocess.run(command, env=ENVIRON, stdout=subprocess.PIPE, check=False)
    try:
        document: dict[str, Any] = json.loads(result.stdout)
    except ValueError:
        return {"error": {"exit_code": result.returncode or 1}}
    if result.returncode and not document.get("error"):
        document["error"] = {"exit_code": result.returncode}
    return document


def needs_new_lock(document: dict[str, Any]) -> bool:
    error = document.get("error") or {}
    return error.get("exit_code") == USAGE and "lock --upgrade" in error.get("hint", "")


def tidegate(*arguments: str) -> None:
    """Run a command; ends the demo with its exit code when it fails."""
    say(f"$ tidegate {' '.join(arguments)}")
    result = subprocess.run([str(TIDEGATE), *arguments], env=ENVIRON, check=False)
    if result.returncode:
        sys.exit(result.returncode)


def conclude(document: dict[str, Any], seconds: float) -> None:
    say(f"Released in {seconds:.0f} s, without Docker, root or an account")
    print(f"  digest    {document['digest']}")
    for reference in document["references"]:
        if "@" not in reference:
            print(f"  tag       {reference}")
    print(f"  report    {relative(MODEL / 'tidegate-report' / 'report.html')}")
    print(f"  registry  {relative(TIDEGATE)} registry serve --data {relative(REGISTRY)}")
    print("            starts it again; its page is then at http://127.0.0.1:5000/")
    for line in document["not_done"]:
        print(f"\n  NOT DONE: {line}")


def relative(path: Path) -> str:
    return os.path.relpath(path)


def say(text: str) -> None:
    print(f"\n{'' if text.startswith('$') else '== '}{text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
