"""Draw docs/release.svg: what `make demo` prints, from a real run.

    .venv/bin/python docs/picture.py

Run it after a change of what a release prints.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "release.svg"
WIDTH = 112
STYLES = {
    r"^==.*": "bold",
    r"^\$ .*": "bold",
    r"^(build|scan|test|push|record)  ": "cyan",
    r"\bok\b|\bpassed\b": "green",
    r"NOT DONE|\bincomplete\b": "yellow",
    r"sha256:[0-9a-f]{64}": "magenta",
}
# The picture must not load anything.
REMOTE = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def main() -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(styled("$ make demo"))
    for line in demo():
        console.print(styled(line), overflow="ellipsis", no_wrap=True)
    PICTURE.write_text(REMOTE.sub("", console.export_svg(title="a release", unique_id="release")))


def demo() -> list[str]:
    """The lines of a run in a folder of its own, with the packages that earlier runs fetched."""
    cache = ROOT / ".demo" / "home" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        home.mkdir()
        (home / "cache").symlink_to(cache)
        command = [sys.executable, str(ROOT / "scripts" / "demo.py"), folder]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    return re.sub(rf"\S*{re.escape(folder)}", ".demo", result.stdout).splitlines()


def styled(line: str) -> Text:
    text = Text(line)
    for pattern, style in STYLES.items():
        text.highlight_regex(pattern, style)
    return text


if __name__ == "__main__":
    main()
