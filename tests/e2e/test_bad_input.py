"""Whatever a user or the world gives: one error that names it, the next step, the right exit code, nothing pushed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import Model, Result, make_model
from tests.images import Item, make_image, make_layer
from tests.scripted_registry import Handler, Script, scripted_registry

from tidegate.cli.main import main
from tidegate.oci.image import Image
from tidegate.oci.layout import Layout

pytestmark = pytest.mark.needs("git")

Change = Callable[[Model], object]
BUILD = ("build",)
DRY = ("release", "--dry-run", "--allow-dirty")
# Refuses connections; what is tried there is not reached in these tests.
NOWHERE = "127.0.0.1:1/counter"
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"
LAUGHS = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Model:
    """A model that each test gets a copy of; they all share one TIDEGATE_HOME."""
    place = tmp_path_factory.mktemp("template")
    (place / "user").mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(place / "user"),
        "TIDEGATE_HOME": str(place / "home"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    return make_model(place, base, environ)


@pytest.fixture
def copied(template: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model's folder that a test may spoil, as the working directory."""
    folder = tmp_path / "counter"
    shutil.copytree(template.folder, folder, symlinks=True)
    (tmp_path / "base").symlink_to(template.folder.parent / "base")
    monkeypatch.chdir(folder)
    return Model(folder, template.environ)


@pytest.fixture
def call(copied: Model, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Result]]:
    """The program in this process: as fast as a function."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str, **environ: str) -> Result:
        code = main(arguments, {**copied.environ, **environ})
        out, err = capsys.readouterr()
        return Result(code, out, err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def registry() -> Iterator[Script]:
    """A registry in this process that can lie."""
    with scripted_registry() as script:
        yield script


def assert_refused(done: Result, code: int, *named: str) -> None:
    """One error, which names what is wrong, and a next step."""
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    errors = re.findall(r"^error: (.+)", done.err, re.MULTILINE)
    assert len(errors) == 1, done.err
    assert all(name in done.err for name in named), done.err
    assert re.search(r"^  next: \S", done.err, re.MULTILINE), done.err
    assert done.out == ""


def text(name: str, content: str | bytes) -> Change:
    """Write a file."""
    data = content if isinstance(content, bytes) else content.encode()
    return lambda model: (model.folder / name).write_bytes(data)


def config(old: str, new: str) -> Change:
    """Replace something in tidegate.yaml."""

    def change(model: Model) -> None:
        before = (model.folder / "tidegate.yaml").read_text()
        assert old in before
        model.write("tidegate.yaml", before.replace(old, new))

    return change


def lock(pattern: str, new: str) -> Change:
    """Replace something in tidegate.lock."""

    def change(model: Model) -> None:
        before = (model.folder / "tidegate.lock").read_text()
        assert re.search(pattern, before)
        model.write("tidegate.lock", re.sub(pattern, new, before))

    return change


def each(*changes: Change) -> Change:
    return lambda model: [change(model) for change in changes]


def replaced(name: str, make: Callable[[Path], object]) -> Change:
    """Something else in place of a file."""

    def change(model: Model) -> None:
        path = model.folder / name
        path.unlink()
        make(path)

    return change


def nothing(_model: Model) -> None:
    """The model is as it should be."""


CONFIGURATIONS: dict[str, tuple[Change, str]] = {
    "unknown key": (config("tidegate: 1", "tidegate: 1\nwieghts: []"), "did you mean weights?"),
    "unknown inner key": (config("code:", "codes:"), "build.codes"),
    "unknown version": (config("tidegate: 1", "tidegate: 2"), "tidegate: invalid"),
    "unknown protocol": (config("protocol: command", "protocol: telepathy"), "test.protocol"),
    "none": (replaced("tidegate.yaml", lambda _: None), "tidegate init"),
    "folder": (replaced("tidegate.yaml", Path.mkdir), "tidegate.yaml"),
    "pipe": (replaced("tidegate.yaml", os.mkfifo), "tidegate.yaml"),
    "binary": (text("tidegate.yaml", bytes(range(256))), "not UTF-8"),
    "zero byte": (text("tidegate.yaml", "tidegate: 1\0"), "control characters"),
    "empty": (text("tidegate.yaml", ""), "not a mapping"),
    "list": (text("tidegate.yaml", "- a"), "not a mapping"),
    "cut off": (text("tidegate.yaml", "tidegate: [1"), "tidegate.yaml, line"),
    "tab": (text("tidegate.yaml", "tidegate: 1\n\tmodel: x"), "line 2"),
    "key twice": (config("tidegate: 1", "tidegate: 1\ntidegate: 1"), "given twice"),
    "billion laughs": (text("tidegate.yaml", LAUGHS), "aliases"),
    "deep": (text("tidegate.yaml", "[" * 100_000), "deeper"),
    "huge": (text("tidegate.yaml", "#" * (2 << 20)), "larger"),
    "code in a tag": (text("tidegate.yaml", "a: !!python/object/apply:os.system [x]"), "tag"),
    "number as key": (config("tidegate: 1", "tidegate: 1\n1: 2"), "not text"),
    "enormous number": (config("tidegate: 1", f"tidegate: {'9' * 5000}"), "tidegate.yaml"),
    "two configurations": (text("pyproject.toml", "[tool.tidegate]\ntidegate = 1"), "keep one"),
    "broken TOML": (text("pyproject.toml", "[tool"), "pyproject.toml"),
    "deep TOML": (text("pyproject.toml", "a = " + "[" * 5000), "pyproject.toml"),
    "odd name": (config("name: counter", 'name: "../Coun ter"'), "model.name"),
    "missing code": (config("[app.py]", "[app.py, nope.py]"), "nope.py"),
    "code from outside": (config("[app.py]", "[/etc/passwd]"), "/etc/passwd"),
    "link to the outside": (
        each(config("[app.py]", "[app.py, l]"), lambda model: (model.folder / "l").symlink_to("/etc/passwd")),
        "/etc/passwd",
    ),
    "code is a pipe": (each(config("[app.py]", "[app.py, p]"), lambda m: os.mkfifo(m.folder / "p")), "build.code: p"),
    "weights that climb out": (config("/models/model.bin", "/../etc/passwd"), "weights[0].path"),
    "missing weights": (config("weights/model.bin", "weights/nope.bin"), "weights/nope.bin"),
    "weights are a git-lfs pointer": (text("weights/model.bin", LFS), "git lfs pull"),
    "weights of an unknown kind": (config("weights/model.bin", '"ftp://h.example/x"'), "ftp://"),
    "weights from an address without sha256": (config("weights/model.bin", '"https://h.example/x"'), "sha256"),
    "no base": (config("{layout: ../base}", "{}"), "build.base"),
    "missing base": (config("../base}", "../nowhere}"), "nowhere"),
    "base that is no archive": (each(config("../base}", "junk}"), text("junk", b"junk" * 999)), "junk"),
    "base with a bad name": (config("{layout: ../base}", '{image: "Bad REF"}'), "build.base.image"),
    "platform that is none": (config("  code:", "  platforms: [amd64]\n  code:"), "build.platforms"),
    "platform that the base lacks": (config("  code:", "  platforms: [linux/arm64]\n  code:"), "build.platforms"),
    "unlisted variable": (config("version: 1.0.0", 'version: "${NOPE}"'), "NOPE"),
    "unset variable": (
        each(config("version: 1.0.0", 'version: "${NOPE}"'), config("tidegate: 1", "tidegate: 1\nvariables: [NOPE]")),
        "NOPE is not set",
    ),
    "missing requirements": (config("  code:", "  requirements: no.txt\n  code:"), "no.txt"),
    "unknown tag": (config("type=ref", "type=reff"), "type=reff"),
}


@pytest.mark.parametrize(("change", "named"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_wrong_configuration_is_exit_code_2(
    copied: Model, call: Callable[..., Result], change: Change, named: str
) -> None:
    """With the file or key that is wrong."""
    change(copied)
    assert_refused(call("build"), 2, named)


def test_weights_of_another_sha256_are_exit_code_5(copied: Model, call: Callable[..., Result]) -> None:
    """They are there, but not the ones that tidegate.yaml names."""
    config("/models/model.bin}", f"/models/model.bin, sha256: {'ab' * 32}}}")(copied)
    assert_refused(call("build"), 5, "weights/model.bin", "abab")


LOCKS: dict[str, tuple[Change, str]] = {
    "garbage": (text("tidegate.lock", b"\xff\0garbage"), "tidegate.lock"),
    "conflict": (text("tidegate.lock", "<<<<<<< HEAD\n{}\n"), "tidegate.lock"),
    "deep": (text("tidegate.lock", '{"x":' + "[" * 100_000), "tidegate.lock"),
    "folder": (replaced("tidegate.lock", Path.mkdir), "tidegate.lock"),
    "huge": (text("tidegate.lock", b" " * ((64 << 20) + 1)), "larger"),
    "missing": (replaced("tidegate.lock", lambda _: None), "tidegate lock"),
    "stale": (config("../base}", "../base/}"), "tidegate lock"),
    "of the future": (lock('"tidegate-lock": 1', '"tidegate-lock": 9'), "format 9"),
    "no digest": (lock('"digest": "[^"]+"', '"digest": "zz"'), "not a digest"),
    "another base": (lock('"digest": "[^"]+"', f'"digest": "sha256:{"0" * 64}"'), "build.base"),
    "other weights": (lock('"sha256": "[0-9a-f]+"', f'"sha256": "{"0" * 64}"'), "weights/model.bin"),
    "another platform": (lock("linux/amd64|linux/arm64", "linux/riscv64"), "nothing is locked"),
}


@pytest.mark.parametrize(("change", "named"), LOCKS.values(), ids=LOCKS)
def test_a_wrong_lock_is_exit_code_2(copied: Model, call: Callable[..., Result], change: Change, named: str) -> None:
    """With --locked nothing mends it."""
    change(copied)
    assert_refused(call("build", "--locked"), 2, named)


@pytest.mark.parametrize("content", ["<<<<<<< HEAD\n", '{"tidegate-lock": 9}'])
def test_a_lock_that_cannot_be_read_is_made_anew_by_lock(
    copied: Model, call: Callable[..., Result], content: str
) -> None:
    """What the error about it says to do must help; --check changes nothing."""
    copied.write("tidegate.lock", content)
    assert_refused(call("lock", "--check"), 2, "tidegate.lock")
    assert call("lock").code == 0
    assert call("lock", "--check").code == 0


USAGES: dict[str, tuple[tuple[str, ...], str]] = {
    "no command": ((), "COMMAND"),
    "unknown command": (("biuld",), "biuld"),
    "unknown option": (("build", "--nope"), "--nope"),
    "missing folder": (("build", "/nowhere"), "/nowhere"),
    "file as folder": (("build", "app.py"), "app.py"),
    "odd output": (("build", "--output", "zip:x"), "zip:x"),
    "no image": (("scan", ""), "IMAGE"),
    "no digest": (("scan", "sha256:xx"), "sha256:xx"),
    "digest cut short": (("scan", "r.example/x@sha256:abc"), "sha256:abc"),
    "missing image folder": (("test", "./nowhere"), "nowhere"),
    "no jobs": (("push", ".", NOWHERE, "--jobs", "0"), "--jobs"),
    "push to a digest": (("push", ".", f"{NOWHERE}@sha256:{'0' * 64}"), "digest"),
    "push to a layout": (("push", ".", "oci:out"), "oci:out"),
    "no port": (("run", ".", "--port", "99999"), "99999"),
    "unknown runtime": (("test", ".", "--runtime", "foo"), "foo"),
    "trace without a place": (("trace", "abcdef1"), "--in"),
    "trace no digest": (("trace", "sha256:zz", "--in", "oci:../base"), "sha256:zz"),
    "to nothing": (("release", "--to", ""), "repository"),
    "to upper case": (("release", "--to", "127.0.0.1:1/Counter"), "Counter"),
    "to a URL": (("release", "--to", "https://r.example/x"), "https:"),
    "to a layout": (("release", "--to", "oci:out"), "oci:out"),
    "to an odd tag": (("release", "--to", f"{NOWHERE}:a b"), "a b"),
    "to an odd port": (("release", "--to", "127.0.0.1:99999/x"), "99999"),
    "to a place that climbs": (("release", "--to", "127.0.0.1:1/../x"), "../x"),
    "to a digest": (("release", "--to", f"{NOWHERE}@sha256:{'0' * 64}"), "digest"),
    "odd address": (("registry", "serve", "--address", "nowhere"), "nowhere"),
}


@pytest.mark.parametrize(("arguments", "named"), USAGES.values(), ids=USAGES)
def test_wrong_usage_is_exit_code_2(call: Callable[..., Result], arguments: tuple[str, ...], named: str) -> None:
    """Also where only the value of an argument is wrong."""
    assert_refused(call(*arguments), 2, named)


def test_wrong_usage_is_a_document_too(call: Callable[..., Result]) -> None:
    """Who asked for JSON parses stdout, whatever happens."""
    document = call("build", "--json", "--nope").document
    assert (document["verdict"], document["error"]["exit_code"]) == ("failed", 2)


ENVIRONMENTS: dict[str, tuple[tuple[str, ...], dict[str, str], int, str]] = {
    "home is a file": (BUILD, {"TIDEGATE_HOME": "app.py"}, 4, "app.py"),
    "home can't be made": (BUILD, {"TIDEGATE_HOME": "/proc/nowhere"}, 4, "/proc/nowhere"),
    "home of advisories": (("advisories", "update", "--from", "app.py"), {"TIDEGATE_HOME": "app.py"}, 4, "app.py"),
    "runtime": (DRY, {"TIDEGATE_RUNTIME": "foo"}, 2, "foo"),
    "proxy": (("scan", "r.example/x"), {"HTTPS_PROXY": "garbage"}, 2, "https_proxy"),
    "broken proxy": (("scan", "r.example/x"), {"https_proxy": "http://[::1"}, 2, "https_proxy"),
    "certificates": (("scan", "r.example/x"), {"SSL_CERT_FILE": "/nowhere"}, 2, "/nowhere"),
    "no git": (DRY, {"PATH": "/nowhere"}, 4, "git"),
    "report on a file": ((*DRY, "--report", "app.py"), {}, 4, "app.py"),
    "report nowhere": ((*DRY, "--report", "/proc/x"), {}, 4, "/proc/x"),
    "output nowhere": (("build", "--output", "oci:/proc/x"), {}, 4, "/proc/x"),
    "output on a file": (("build", "--output", "oci:app.py"), {}, 4, "app.py"),
    "archive on a folder": (("build", "--output", "docker-archive:weights"), {}, 4, "weights"),
}


@pytest.mark.parametrize(("arguments", "environ", "code", "named"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_a_wrong_environment_is_named(
    call: Callable[..., Result], arguments: tuple[str, ...], environ: dict[str, str], code: int, named: str
) -> None:
    """By its variable or path."""
    assert_refused(call(*arguments, **environ), code, named)


@pytest.mark.parametrize("name", ["tests/in.txt", "tests/out.txt"])
def test_a_missing_golden_file_is_exit_code_2(copied: Model, call: Callable[..., Result], name: str) -> None:
    """With the key that names it."""
    (copied.folder / name).unlink()
    assert_refused(call(*DRY), 2, name, "test.golden[0]")


def special(kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo("x")
    member.type, member.linkname = kind, target
    return member


LAYERS: dict[str, dict[str, Item]] = {
    "climbs": {"../evil": b"x"},
    "climbs from below": {"a/../../evil": b"x"},
    "hard link that climbs": {"x": special(tarfile.LNKTYPE, "../../etc/passwd")},
    "device": {"x": special(tarfile.CHRTYPE)},
    "pipe": {"x": special(tarfile.FIFOTYPE)},
}


@pytest.mark.parametrize("items", LAYERS.values(), ids=LAYERS)
def test_a_layer_that_reaches_out_is_refused(
    copied: Model, call: Callable[..., Result], items: dict[str, Item]
) -> None:
    """As an image to scan, and as a base."""
    image_of(copied, make_layer(items))
    assert_refused(call("scan", "oci:../img"), 4, "layer sha256:")
    config("../base}", "../img}")(copied)
    assert_refused(call("build"), 4, "layer sha256:")


def image_of(model: Model, *layers: bytes) -> Image:
    return make_image(Layout(model.folder.parent / "img"), layers, command=["/x"], tag="latest")


def blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def flip(path: Path) -> None:
    """The same size, other bytes."""
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def index(pattern: bytes, new: bytes) -> Callable[[Path, Image], object]:
    """Replace something in index.json."""

    def spoil(layout: Path, _image: Image) -> None:
        path = layout / "index.json"
        path.write_bytes(re.sub(pattern, new, path.read_bytes(), flags=re.DOTALL))

    return spoil


SPOILED: dict[str, tuple[Callable[[Path, Image], object], int]] = {
    "layer of other bytes": (lambda p, i: flip(blob(p, i.layers[0].descriptor.digest)), 5),
    "layer cut off": (lambda p, i: blob(p, i.layers[0].descriptor.digest).write_bytes(b"x" * 100), 4),
    "missing layer": (lambda p, i: blob(p, i.layers[0].descriptor.digest).unlink(), 4),
    "manifest of other bytes": (lambda p, i: flip(blob(p, i.digest)), 5),
    "missing manifest": (lambda p, i: blob(p, i.digest).unlink(), 4),
    "configuration of other bytes": (lambda p, i: flip(blob(p, i.manifest.config.digest)), 5),
    "garbage for an index": (index(b".*", b"{"), 4),
    "deep index": (index(b'"manifests":.*', b'"manifests":' + b"[" * 100_000), 4),
    "index with a path for a digest": (index(b"sha256:", b"sha256:../"), 4),
    "index with a wrong size": (index(b'"size": ?[0-9]+', b'"size":5'), 5),
    "index with a negative size": (index(b'"size": ?[0-9]+', b'"size":-5'), 5),
    "unsupported media type": (index(b"image.manifest", b"image.thing"), 4),
    "no index": (lambda p, _: (p / "index.json").unlink(), 4),
}


@pytest.mark.parametrize(("spoil", "code"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_layout_is_neither_scanned_nor_pushed(
    copied: Model, call: Callable[..., Result], registry: Script, spoil: Callable[[Path, Image], object], code: int
) -> None:
    """Bytes that are not those of their digest are noticed by whoever reads them."""
    spoil(copied.folder.parent / "img", image_of(copied, make_layer({"a": b"x"})))
    assert_refused(call("scan", "oci:../img"), code)
    pushed = call("push", "oci:../img", f"{registry.address}/counter:1")
    assert_refused(pushed, pushed.code)
    assert pushed.code in {4, 5}
    assert not registry.manifests


def test_a_layer_under_another_one_s_diff_id_is_refused(copied: Model, call: Callable[..., Result]) -> None:
    """Unpacked layers are kept by diff id: a lie would change what other images are tested with."""
    image = image_of(copied, make_layer({"a": b"x"}))
    layout = copied.folder.parent / "img"
    stored = json.loads(blob(layout, image.manifest.config.digest).read_text())
    stored["rootfs"]["diff_ids"] = [f"sha256:{'0' * 64}"]
    store_config(layout, image, stored)
    assert_refused(call("scan", "oci:../img"), 5, "layer sha256:")
    config("../base}", "../img}")(copied)
    assert_refused(call("build"), 5, "layer sha256:")


def store_config(layout: Path, image: Image, config: dict[str, object]) -> None:
    """Another configuration, under its own right digest."""
    store = Layout(layout)
    with store.growing_blob() as new:
        new.write(json.dumps(config).encode())
    manifest = json.loads(blob(layout, image.digest).read_text())
    manifest["config"] |= {"digest": new.digest, "size": new.size}
    (layout / "index.json").unlink()
    store.put_manifest(json.dumps(manifest).encode(), manifest["mediaType"], "latest")


ARCHIVES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "zeros": lambda _: bytes(10240),
    "cut off": lambda data: data[: len(data) // 2],
    "junk": lambda _: b"junk" * 999,
    "blobs of other bytes": lambda data: data.replace(b"0123456789", b"9876543210"),
}


@pytest.mark.parametrize("spoil", ARCHIVES.values(), ids=ARCHIVES)
def test_a_broken_archive_is_refused(
    copied: Model, call: Callable[..., Result], spoil: Callable[[bytes], bytes]
) -> None:
    """Whether it never was one or broke on its way."""
    copied.write("app.py", "# 0123456789\n")
    assert call("build", "--output", "docker-archive:../a.tar").code == 0
    path = copied.folder.parent / "a.tar"
    packed = path.read_bytes()
    path.write_bytes(spoil(packed) if spoil(packed) != packed else packed[:-2000])
    done = call("scan", "docker-archive:../a.tar")
    assert_refused(done, done.code)
    assert done.code in {4, 5}


def answer_with(body: bytes, **headers: str) -> Callable[[Handler], bool]:
    return lambda handler: handler.answer(200, body, **headers)


MANIFEST = {"Content_Type": "application/vnd.oci.image.manifest.v1+json"}
LIES: dict[str, tuple[tuple[str, Callable[[Handler], bool]], int]] = {
    "a login page": (("manifests", answer_with(b"<html>", Content_Type="text/html")), 4),
    "garbage": (("manifests", answer_with(b"{", **MANIFEST)), 4),
    "deep": (("manifests", answer_with(b"[" * 100_000, **MANIFEST)), 4),
    "another digest": (("manifests", answer_with(b"{}", Docker_Content_Digest=f"sha256:{'0' * 64}", **MANIFEST)), 5),
    "an endless manifest": (("manifests", answer_with(b" " * (9 << 20), **MANIFEST)), 4),
    "a blob of other bytes": (("blobs", answer_with(b"x")), 5),
    "no access": (("manifests", lambda handler: handler.refuse(403, "DENIED")), 4),
    "no login": (("manifests", lambda handler: handler.refuse(401, "UNAUTHORIZED")), 4),
}


@pytest.mark.parametrize(("lie", "code"), LIES.values(), ids=LIES)
def test_a_lying_registry_is_not_believed(
    copied: Model,
    call: Callable[..., Result],
    registry: Script,
    lie: tuple[str, Callable[[Handler], bool]],
    code: int,
) -> None:
    """Its answers are limited, compared with their digests, and never shown as they come."""
    image_of(copied, make_layer({"a": b"x"}))
    place = f"{registry.address}/counter:1"
    assert call("push", "oci:../img", place).code == 0
    registry.fault("GET", *lie, times=20)
    done = call("scan", place)
    assert_refused(done, code)
    assert "<html>" not in done.err


@pytest.mark.parametrize("content", ["{hunter2", '{"auths": ["hunter2"]}', b"\xffhunter2"])
def test_garbage_among_the_credentials_is_named_when_they_are_needed(
    copied: Model, call: Callable[..., Result], registry: Script, content: str | bytes
) -> None:
    """Exit code 2, with the file; what is in it is not repeated."""
    folder = copied.folder.parent / "docker"
    folder.mkdir()
    (folder / "config.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    registry.authorize = lambda handler: not handler.refuse(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x"')
    done = call("scan", f"{registry.address}/counter", DOCKER_CONFIG=str(folder))
    assert_refused(done, 2, "config.json")
    assert "hunter2" not in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read_is_named(copied: Model, call: Callable[..., Result]) -> None:
    """With its key."""
    with locked(copied.folder / "weights"):
        assert_refused(call("build"), 2, "weights")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    folder.chmod(0)
    try:
        yield
    finally:
        folder.chmod(0o755)
