"""What a model folder's git repository says: commit, time, branch, tags, and what is not committed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tidegate.errors import ConfigError
from tidegate.vcs.command import Git, Output

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_STATUS = (
    *("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--ignored=matching"),
    *("--ignore-submodules=none", "--no-renames", "--"),
)
# Fields before the path in `git status --porcelain=v2`, by the entry's kind (git-status, "Changed Tracked Entries").
_FIELDS = {"1": 8, "2": 9, "u": 10, "?": 1, "!": 1}
# Changed paths beyond these are not listed.
MAX_PATHS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A commit as it lies in a work tree.

    `dirty` and `ignored` are paths below `root`, a folder ending in `/`: what differs from the commit
    below the model's folder, and what git leaves out there, so that the commit says nothing about it.
    """

    root: Path
    commit: str
    time: datetime
    branch: str | None = None
    tags: tuple[str, ...] = ()
    default_branch: str | None = None
    remote: str | None = None
    dirty: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def leaves_out(self, path: Path) -> bool:
        """Whether git ignores a file or folder in the work tree, itself or one that it lies in."""
        name = path.relative_to(self.root).as_posix() + "/"
        return any(name.startswith(ignored if ignored.endswith("/") else ignored + "/") for ignored in self.ignored)


def read_checkout(folder: Path, environ: Mapping[str, str], also: Sequence[Path] = ()) -> Checkout:
    """Read the repository that a model folder lies in, with a few short git processes.

    `also` names files and folders outside of `folder` that go into the image; those inside the work tree
    are looked at for changes too. Raises ConfigError when there is no commit to read, OutsideError when
    git itself is missing or hangs.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise ConfigError(f"{folder}: not a folder")
    git = Git(folder, environ)
    root, commit = _find(git, folder)
    paths = [folder, *(path for path in map(Path.resolve, also) if path.is_relative_to(root))]
    status, time, tags, head, urls = git.run(
        [*_STATUS, *(_pathspec(path, root) for path in paths)],
        ["log", "-1", "--no-show-signature", "--format=%ct", commit],
        ["for-each-ref", f"--points-at={commit}", "--format=%(refname:strip=2)", "refs/tags"],
        ["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"],
        ["config", "--null", "--get-regexp", r"^remote\..*\.url$"],
    )
    for output in (status, time, tags):
        if output.code != 0:
            raise _refusal(folder, output)
    branch, dirty, ignored = parse_status(status.text)
    return Checkout(
        root=root,
        commit=commit,
        time=datetime.fromtimestamp(int(time.text), UTC),
        branch=branch,
        tags=tuple(sorted(tags.text.splitlines())),
        default_branch=head.text.strip().removeprefix("refs/remotes/origin/") or None,
        remote=_remote(urls.text),
        dirty=dirty,
        ignored=ignored,
    )


def parse_status(text: str) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """Branch, changed paths and ignored paths of `git status --porcelain=v2 --branch -z` without renames.

    At most MAX_PATHS changed ones are given.
    """
    branch = None
    dirty: list[str] = []
    ignored: list[str] = []
    for line in text.split("\0"):
        if line.startswith("# branch.head "):
            name = line.removeprefix("# branch.head ")
            branch = None if name == "(detached)" else name
        elif line[:1] in _FIELDS:
            fields = line.split(" ", _FIELDS[line[0]])
            (ignored if line[0] == "!" else dirty).append(fields[-1])
    return branch, tuple(dirty[:MAX_PATHS]), tuple(ignored)


def _find(git: Git, folder: Path) -> tuple[Path, str]:
    (output,) = git.run(["rev-parse", "--show-toplevel", "--verify", "HEAD^{commit}"])
    root, _, commit = output.text.rstrip("\n").rpartition("\n")
    if output.code != 0 or not _COMMIT.fullmatch(commit):
        raise _refusal(folder, output)
    return Path(root), commit


def _pathspec(path: Path, root: Path) -> str:
    # A literal "." at the top would match nothing.
    return ":/" if path == root else f":(top,literal){path.relative_to(root)}"


def _refusal(folder: Path, output: Output) -> ConfigError:
    for pattern, message, hint in _REFUSALS:
        if pattern in output.errors:
            return ConfigError(f"{folder}: {message}", hint=hint.format(folder=folder))
    return ConfigError(f"{folder}: git says: {output.last_lines or f'exit code {output.code}'}")


_REFUSALS = (
    (
        "dubious ownership",
        "git does not read a repository that belongs to another user",
        "if you trust it: git config --global --add safe.directory '{folder}' (or the repository's root)",
    ),
    (
        "not a git repository",
        "not in a git repository, so there is no commit to trace an image to",
        "run: git init && git add . && git commit",
    ),
    ("must be run in a work tree", "a bare repository has no files to build from", "clone it first"),
    ("Needed a single revision", "the repository has no commit yet", "run: git add . && git commit"),
    ("bad object", "the commit that HEAD names is missing", "clone the repository again"),
)


def _remote(text: str) -> str | None:
    """The URL of `origin`, or of the only remote, without user, password, query and fragment."""
    urls = dict(item.split("\n", 1) for item in text.split("\0") if "\n" in item)
    url = urls.get("remote.origin.url") or (next(iter(urls.values())) if len(urls) == 1 else None)
    return without_credentials(url) if url else None


def without_credentials(url: str) -> str:
    """The URL with user information, query and fragment cut off; git's `user@host:path` stays as it is."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
