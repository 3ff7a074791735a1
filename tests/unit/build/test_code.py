from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.build.code import Selection, contents, select
from tidegate.build.contents import Item
from tidegate.build.filesystem import Filesystem
from tidegate.errors import ConfigError
from tidegate.oci.layer import DIRECTORY
from tidegate.project.config import Build, CodeItem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "app.py",
        "run.sh",
        "src/digits/__init__.py",
        "src/digits/model.py",
        "notes.ipynb",
        "weights/model.bin",
        ".git/config",
        ".env",
        ".env.local",
        "src/.env",
        "src/__pycache__/model.pyc",
        ".venv/bin/python",
        ".pytest_cache/x",
        "tidegate-report/report.html",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "run.sh").chmod(0o777)
    return tmp_path


def chosen(folder: Path, build: Build | None = None, ignored: tuple[str, ...] = ()) -> dict[str, str]:
    files = select(Selection(folder, build or Build(), ("weights/model.bin",), ignored))
    return {file.path: file.entry.path for file in files}


def test_without_a_list_it_is_the_folder_without_what_never_belongs(folder: Path) -> None:
    """No repository, no secrets, no caches, no reports, no weights."""
    assert chosen(folder) == {
        "app.py": "app/app.py",
        "notes.ipynb": "app/notes.ipynb",
        "run.sh": "app/run.sh",
        "src/digits/__init__.py": "app/src/digits/__init__.py",
        "src/digits/model.py": "app/src/digits/model.py",
    }


def test_items_go_where_they_are_told(folder: Path) -> None:
    """A file, a folder, a folder elsewhere, a file into a folder."""
    build = Build(
        code=(
            "app.py",
            "src",
            CodeItem(source="src/digits", to="/opt/digits"),
            CodeItem(source="run.sh", to="/usr/bin/"),
            CodeItem(source="run.sh", to="start"),
        ),
        workdir="/srv",
    )
    files = select(Selection(folder, build, ()))
    assert [(file.path, file.entry.path) for file in files] == [
        ("src/digits/__init__.py", "opt/digits/__init__.py"),
        ("src/digits/model.py", "opt/digits/model.py"),
        ("app.py", "srv/app.py"),
        ("src/digits/__init__.py", "srv/src/digits/__init__.py"),
        ("src/digits/model.py", "srv/src/digits/model.py"),
        ("run.sh", "srv/start"),
        ("run.sh", "usr/bin/run.sh"),
    ]


def test_modes_are_those_that_git_keeps(folder: Path) -> None:
    """Executable or not: a checkout's umask has no say."""
    (folder / "app.py").chmod(0o600)
    modes = {file.path: file.entry.mode for file in select(Selection(folder, Build(), ()))}
    assert modes["run.sh"] == 0o755
    assert modes["app.py"] == 0o644


def test_excludes_and_dockerignore_are_obeyed(folder: Path) -> None:
    """An exception brings back what they exclude, never what may not leave the machine."""
    (folder / ".dockerignore").write_text("src\n!src/digits/model.py\n!.env\n!weights/model.bin\n")
    found = chosen(folder, Build(exclude=("**/*.ipynb",)))
    assert set(found) == {".dockerignore", "app.py", "run.sh", "src/digits/model.py"}


def test_what_git_ignores_is_left_out_unless_named(folder: Path) -> None:
    """The commit doesn't have it; a folder that a build step makes can be named."""
    ignored = ("src/", "notes.ipynb")
    assert set(chosen(folder, ignored=ignored)) == {"app.py", "run.sh"}
    named = chosen(folder, Build(code=("src/digits", "notes.ipynb")), ignored)
    assert set(named) == {"src/digits/__init__.py", "src/digits/model.py", "notes.ipynb"}


def test_links_inside_are_kept(folder: Path) -> None:
    """As links, with their target as it is."""
    (folder / "src" / "link.py").symlink_to("../app.py")
    (file,) = (f for f in select(Selection(folder, Build(), ())) if f.path == "src/link.py")
    assert (file.entry.kind, file.entry.target) == ("symlink", "../app.py")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret", "../src/../../x"])
def test_links_that_lead_out_are_refused(folder: Path, target: str) -> None:
    """The message names link and target."""
    (folder / "src" / "link.py").symlink_to(target)
    with pytest.raises(ConfigError, match=r"src/link\.py.*outside"):
        chosen(folder)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("missing.py", "no such file"),
        ("../x", "leads out"),
        ("/etc/passwd", "leads out"),
        ("src/../../x", "leads out"),
    ],
)
def test_wrong_items_are_refused(folder: Path, item: str, message: str) -> None:
    """build.code takes what the folder has."""
    with pytest.raises(ConfigError, match=message):
        chosen(folder, Build(code=(item,)))


def test_two_files_for_one_place_are_refused(folder: Path) -> None:
    """Neither silently wins."""
    with pytest.raises(ConfigError, match="both go to /app/x"):
        chosen(folder, Build(code=(CodeItem(source="app.py", to="x"), CodeItem(source="run.sh", to="x"))))


@pytest.mark.parametrize("workdir", ["/app", "app", "../app"])
def test_no_destination_leaves_the_image(folder: Path, workdir: str) -> None:
    """The root of the image is as high as a path can climb."""
    build = Build(code=(CodeItem(source="app.py", to="../../../x"),), workdir=workdir)
    assert [file.entry.path for file in select(Selection(folder, build, ()))] == ["x"]


def test_working_directory_comes_even_without_code(folder: Path) -> None:
    """A container can't start in a folder that isn't there; one that lies below keeps its mode."""
    made = [entry.path for entry, _ in contents(folder, (), "/srv/app", Filesystem())]
    assert made == ["srv", "srv/app"]
    below = Filesystem([(Item("srv", DIRECTORY, mode=0o711), Item("srv/app", DIRECTORY, mode=0o700))])
    assert [entry.mode for entry, _ in contents(folder, (), "/srv/app", below)] == [0o711, 0o700]


def test_root_as_working_directory_is_left_alone(folder: Path) -> None:
    """There is no entry for the root itself."""
    assert list(contents(folder, (), "/", Filesystem())) == []


def test_file_that_has_gone_is_named(folder: Path) -> None:
    """Between looking and reading a file may go."""
    files = select(Selection(folder, Build(), ()))
    (folder / "app.py").unlink()
    with pytest.raises(ConfigError, match=r"app\.py"):
        list(contents(folder, files, "/app", Filesystem()))
