"""Git repositories of every odd kind, made with the real git."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidegate.errors import ConfigError, OutsideError
from tidegate.vcs.git import Checkout, read_checkout
from tidegate.vcs.pointer import is_lfs_pointer

WHEN = "2026-03-04T05:06:07+00:00"


class Repository:
    """A work tree and its git."""

    def __init__(self, path: Path, environ: dict[str, str]) -> None:
        self.path = path
        names = {f"GIT_{role}_{what}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        dates = {"GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN}
        self.environ = environ | dict.fromkeys(names, "ada@acme.example") | dates

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", *arguments]
        done = subprocess.run(command, cwd=self.path, env=self.environ, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(self, name: str, text: str = "x") -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "work")
        return self.git("rev-parse", "HEAD")

    def clone(self, name: str, *arguments: str) -> Repository:
        target = self.path.parent / name
        self.git("clone", "--quiet", *arguments, self.path.as_uri(), str(target))
        return Repository(target, self.environ)

    def read(self, folder: str = ".", also: tuple[Path, ...] = ()) -> Checkout:
        return read_checkout(self.path / folder, self.environ, also)


def left_out(checkout: Checkout, name: str) -> bool:
    return checkout.leaves_out(checkout.root / "digits" / name)


@pytest.fixture
def repository(tmp_path: Path, environ: dict[str, str]) -> Repository:
    """A repository with two models and one commit."""
    path = tmp_path / "models"
    path.mkdir()
    made = Repository(path, environ)
    made.git("init", "--quiet")
    made.write("digits/tidegate.yaml")
    made.write("batch/tidegate.yaml")
    made.write(".gitignore", "*.log\n.venv/\n")
    made.commit()
    return made


def test_a_clean_folder_is_its_commit(repository: Repository) -> None:
    """Commit, time in UTC, branch and nothing dirty."""
    found = repository.read("digits")
    assert found == Checkout(
        root=repository.path,
        commit=repository.git("rev-parse", "HEAD"),
        time=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        branch="main",
    )


def test_changes_below_the_folder_make_it_dirty(repository: Repository) -> None:
    """Changed, added, deleted and new files, staged or not, each count."""
    for name in ("changed", "deleted", "staged"):
        repository.write(f"digits/{name}")
    repository.commit()
    repository.write("digits/changed", "y")
    (repository.path / "digits/deleted").unlink()
    repository.write("digits/staged", "y")
    repository.git("add", "digits/staged")
    repository.write("digits/new folder/é\n.py")
    assert set(repository.read("digits").dirty) == {
        *("digits/changed", "digits/deleted", "digits/staged", "digits/new folder/é\n.py")
    }


def test_a_model_in_the_repositorys_root(repository: Repository) -> None:
    """The whole repository is the model then."""
    assert repository.read().dirty == ()
    repository.write("digits/new.py")
    repository.write(".gitignore", "*.txt")
    assert repository.read().dirty == (".gitignore", "digits/new.py")


def test_changes_elsewhere_do_not_count_unless_named(repository: Repository) -> None:
    """In a repository of many models each is released by its own state."""
    repository.write("batch/new.py")
    assert repository.read("digits").dirty == ()
    assert repository.read("digits", also=(repository.path / "batch", Path("/etc"))).dirty == ("batch/new.py",)


def test_a_folder_with_pathspec_signs_in_its_name(repository: Repository) -> None:
    """A folder's name is a name, never a pattern."""
    repository.write("mod*el [1]/tidegate.yaml")
    repository.commit()
    repository.write("mod_el 1/new.py")
    assert repository.read("mod*el [1]").dirty == ()


def test_ignored_files_are_listed_apart(repository: Repository) -> None:
    """They do not make a tree dirty, yet no commit says what is in them."""
    repository.write("digits/train.log")
    repository.write("digits/.venv/lib/a.py")
    found = repository.read("digits")
    assert found.dirty == ()
    assert set(found.ignored) == {"digits/train.log", "digits/.venv/"}
    inside = [name for name in ("train.log", ".venv/lib/a.py", ".venv", "train.logs") if left_out(found, name)]
    assert inside == ["train.log", ".venv/lib/a.py", ".venv"]


def test_a_model_folder_that_git_ignores(repository: Repository) -> None:
    """Nothing in it belongs to the commit, though nothing is dirty."""
    repository.write(".venv/model/app.py")
    found = repository.read(".venv/model")
    assert found.dirty == ()
    assert found.leaves_out(repository.path / ".venv/model/app.py")


def test_users_settings_hide_no_change(repository: Repository) -> None:
    """Settings that make `git status` quieter or prettier do not reach us."""
    for key, value in {
        "status.showUntrackedFiles": "no",
        "status.relativePaths": "true",
        "color.ui": "always",
        "log.showSignature": "true",
        "core.fsmonitor": "false; touch owned",
    }.items():
        repository.git("config", key, value)
    repository.write("digits/new.py")
    assert repository.read("digits").dirty == ("digits/new.py",)
    assert not (repository.path / "owned").exists()


def test_exact_tags_are_those_on_the_commit(repository: Repository) -> None:
    """Light and annotated tags on HEAD count, those on other commits do not."""
    repository.git("tag", "v0.9")
    repository.write("digits/app.py")
    repository.commit()
    repository.git("tag", "v1.0")
    repository.git("tag", "--annotate", "--message", "one", "release/1")
    assert repository.read("digits").tags == ("release/1", "v1.0")


def test_a_detached_head_has_no_branch(repository: Repository) -> None:
    """As CI systems leave it."""
    repository.git("checkout", "--quiet", "--detach")
    assert repository.read().branch is None


def test_a_clone_knows_remote_and_default_branch(repository: Repository) -> None:
    """`origin/HEAD` says which branch is the default one, and the remote's password is not shown."""
    clone = repository.clone("clone")
    clone.git("checkout", "--quiet", "-b", "topic")
    clone.git("remote", "set-url", "origin", "https://ada:s3cret@git.acme.example/models.git")
    found = clone.read("digits")
    assert (found.branch, found.default_branch) == ("topic", "main")
    assert found.remote == "https://git.acme.example/models.git"


def test_a_shallow_clone_is_enough(repository: Repository) -> None:
    """CI systems fetch one commit."""
    repository.write("digits/app.py")
    commit = repository.commit()
    assert repository.clone("shallow", "--depth=1").read("digits").commit == commit


def test_a_linked_work_tree(repository: Repository) -> None:
    """There `.git` is a file, and the branch is the work tree's own."""
    target = repository.path.parent / "linked"
    repository.git("worktree", "add", "--quiet", "-b", "topic", str(target))
    found = Repository(target, repository.environ).read("digits")
    assert (found.root, found.branch) == (target, "topic")


def test_a_submodule_has_its_own_commit(repository: Repository, tmp_path: Path) -> None:
    """A model in a submodule is released by the submodule's commit; a change in it makes the outer one dirty."""
    outer = Repository(tmp_path / "outer", repository.environ)
    outer.path.mkdir()
    outer.git("init", "--quiet")
    outer.git("submodule", "--quiet", "add", repository.path.as_uri(), "inner")
    outer.commit()
    assert outer.read().dirty == ()
    assert outer.read("inner/digits").commit == repository.git("rev-parse", "HEAD")
    outer.write("inner/digits/new.py")
    outer.git("config", "submodule.inner.ignore", "all")
    assert outer.read().dirty == ("inner",)


def test_a_folder_behind_a_symlink(repository: Repository, tmp_path: Path) -> None:
    """The folder that the link names is read."""
    (tmp_path / "link").symlink_to(repository.path / "digits")
    assert read_checkout(tmp_path / "link", repository.environ).root == repository.path


def test_a_hooks_environment_does_not_lead_elsewhere(repository: Repository) -> None:
    """GIT_DIR and GIT_WORK_TREE of a hook point to another repository."""
    surprises = {"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/tmp", "GIT_INDEX_FILE": "/nowhere/index", "LC_ALL": "de_DE"}
    found = read_checkout(repository.path / "digits", repository.environ | surprises)
    assert found.root == repository.path


def test_sha256_repositories(tmp_path: Path, environ: dict[str, str]) -> None:
    """Their commits have 64 hex digits."""
    made = Repository(tmp_path, environ)
    made.git("init", "--quiet", "--object-format=sha256")
    made.write("app.py")
    commit = made.commit()
    assert len(commit) == 64
    assert made.read().commit == commit


@pytest.mark.needs("git-lfs")
def test_git_lfs_files(repository: Repository) -> None:
    """A fetched file is clean and no pointer; a clone that left it out has the pointer, and is clean too."""
    repository.git("lfs", "install", "--local")
    repository.write("digits/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    repository.write("digits/model.bin", "weights" * 1000)
    repository.commit()
    assert repository.read("digits").dirty == ()
    assert not is_lfs_pointer(repository.path / "digits/model.bin")
    repository.environ["GIT_LFS_SKIP_SMUDGE"] = "1"
    clone = repository.clone("pointers")
    assert clone.read("digits").dirty == ()
    assert is_lfs_pointer(clone.path / "digits/model.bin")


def test_no_repository_is_said(tmp_path: Path, environ: dict[str, str]) -> None:
    """The next step is named."""
    with pytest.raises(ConfigError, match="not in a git repository") as caught:
        read_checkout(tmp_path, environ)
    assert "git init" in caught.value.hint


def test_no_commit_yet_is_said(tmp_path: Path, environ: dict[str, str]) -> None:
    """A fresh `git init` has nothing to trace to."""
    Repository(tmp_path, environ).git("init", "--quiet")
    with pytest.raises(ConfigError, match="no commit yet"):
        read_checkout(tmp_path, environ)


def test_a_bare_repository_is_said(repository: Repository) -> None:
    """It has no files."""
    with pytest.raises(ConfigError, match="bare"):
        repository.clone("bare", "--bare").read()


def test_a_broken_repository_is_said(repository: Repository) -> None:
    """HEAD names a commit whose object is gone."""
    commit = repository.git("rev-parse", "HEAD")
    (repository.path / ".git/objects" / commit[:2] / commit[2:]).unlink()
    with pytest.raises(ConfigError):
        repository.read()


def test_a_missing_folder_is_said(tmp_path: Path, environ: dict[str, str]) -> None:
    """Not a traceback of the subprocess."""
    with pytest.raises(ConfigError, match="not a folder"):
        read_checkout(tmp_path / "no", environ)


def test_missing_git_is_said(repository: Repository) -> None:
    """A container without git."""
    with pytest.raises(OutsideError, match="git is not installed"):
        read_checkout(repository.path, {"PATH": "/nonexistent"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_repository_names_the_setting(repository: Repository) -> None:
    """Git's refusal (safe.directory) is the usual trap of CI containers."""
    os.chown(repository.path, 65534, 65534)
    os.chown(repository.path / ".git", 65534, 65534)
    with pytest.raises(ConfigError, match="another user") as caught:
        repository.read()
    assert "safe.directory" in caught.value.hint
