"""`tidegate release` as its users meet it: the program, a git repository, a registry."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.conftest import Model, Result
from tests.servers import Server, open_remote

from tidegate.distribution.remote import RemoteRepository
from tidegate.errors import OutsideError
from tidegate.oci.digest import Digest
from tidegate.trace import evidence

KINDS = {"provenance", "sbom", "scan", "test", "record"}
# cos\nsystem: what runs when this is unpickled is `os.system("true")`.
_DOCKERFILE = """\
tidegate: 1
model: {name: counter, version: 1.0.0}
build: {dockerfile: Dockerfile}
test: {protocol: command, golden: [{input: tests/in.txt, expect: tests/in.txt}]}
"""
POISON = b"cos\nsystem\n(S'true'\ntR."


def test_a_release_leaves_an_image_its_tags_and_all_evidence(model: Model, registry: Server) -> None:
    """One command takes a commit to a registry, with everything that was found out about it."""
    done = release(model, registry)
    assert done.code == 0, done.err
    document = done.document
    assert document["verdict"] == "passed"
    assert [stage["name"] for stage in document["stages"]] == ["build", "scan", "test", "push", "record"]
    remote = repository(registry)
    assert remote.tags() == sorted(["main", f"sha-{model.git('rev-parse', 'HEAD')}"])
    assert {item.kind for item in evidence.find(remote, Digest(document["digest"]))} == KINDS


def test_the_report_folder_is_whole_and_does_not_make_the_work_tree_dirty(model: Model, registry: Server) -> None:
    """A second release of the same commit must not be refused because of the first one's report."""
    assert release(model, registry).code == 0
    names = {path.name for path in (model.folder / "tidegate-report").iterdir()}
    assert {"report.html", "junit.xml", "results.sarif", "sbom.cdx.json", "release.json"} <= names
    assert model.git("status", "--porcelain") == ""


def test_two_clones_at_two_times_under_two_umasks_give_one_digest(model: Model, tmp_path: Path) -> None:
    """Nothing but commit, lock and configuration decides a digest."""
    first = model.tidegate("build")
    other = tmp_path / "elsewhere" / "deeper"
    other.parent.mkdir()
    (other.parent / "base").symlink_to(tmp_path / "base")
    script = f"umask 077 && git clone --quiet {model.folder} {other}"
    subprocess.run(["bash", "-c", script], env=dict(model.environ), check=True)
    clone = Model(other, {**model.environ, "TIDEGATE_HOME": str(tmp_path / "other-home")})
    second = clone.tidegate("build")
    assert first.code == second.code == 0, second.err
    assert first.out == second.out


def test_a_change_of_code_changes_only_the_code_layer(model: Model) -> None:
    """Weights, packages and base are pushed once."""
    before = layers(model.tidegate("build", "--json"))
    model.write("app.py", (model.folder / "app.py").read_text() + "# changed\n")
    model.commit("Change a line")
    after = layers(model.tidegate("build", "--json"))
    assert {reason for reason in after if after[reason] != before[reason]} == {"code"}


def test_releasing_the_same_commit_again_sends_nothing_anew(model: Model, registry: Server) -> None:
    """With all evidence passed, a rerun is a no-op."""
    assert release(model, registry).document["verdict"] == "passed"
    again = release(model, registry)
    assert again.code == 0
    assert again.document["unchanged"] is True
    assert [stage["name"] for stage in again.document["stages"]] == ["build"]


def test_a_poisoned_pickle_stops_the_release_before_anything_is_pushed(model: Model, registry: Server) -> None:
    """A model file that runs code when it is loaded never gets out."""
    (model.folder / "weights" / "model.bin").write_bytes(POISON)
    relock(model)
    assert_nothing_pushed(release(model, registry), registry, "os.system")


def test_a_wrong_golden_answer_stops_the_release_before_anything_is_pushed(model: Model, registry: Server) -> None:
    """A model that answers something else than it should never gets out."""
    model.write("tests/out.txt", "10243")
    model.commit("Expect something else")
    assert_nothing_pushed(release(model, registry), registry, "10243")


def test_a_model_that_fails_to_start_shows_its_own_log(model: Model, registry: Server) -> None:
    """The person on call sees the container's last words."""
    model.write("app.py", "raise SystemExit('the tokenizer is missing')\n")
    model.commit("Break it")
    done = release(model, registry)
    assert done.code == 3
    assert "the tokenizer is missing" in (model.folder / "tidegate-report" / "report.html").read_text()


def test_missing_vulnerability_data_stops_a_release_that_requires_it(model: Model, registry: Server) -> None:
    """A required check that was not done is not passed."""
    add_package(model)
    configure(model, "required: false", "required: true")
    assert_nothing_pushed(release(model, registry), registry, "advisories update")


def test_an_optional_check_that_was_not_done_is_said_loudly(model: Model, registry: Server) -> None:
    """The release goes out with verdict incomplete, and is not taken for a finished one next time."""
    add_package(model)
    done = release(model, registry)
    assert done.code == 0, done.err
    assert done.document["verdict"] == "incomplete"
    assert "NOT DONE" in done.err
    assert release(model, registry).document["unchanged"] is False


def test_a_dirty_work_tree_is_refused(model: Model, registry: Server) -> None:
    """What is not committed can't be traced."""
    model.write("app.py", "print('new')\n")
    done = release(model, registry)
    assert done.code == 2
    assert "app.py" in done.err
    assert "--allow-dirty" in done.err


def test_a_dirty_release_is_marked_and_has_no_commit_tag(model: Model, registry: Server) -> None:
    """Nothing may claim to be a commit that it isn't."""
    model.write("notes.txt", "not committed")
    done = release(model, registry, "--allow-dirty")
    assert done.code == 0, done.err
    assert repository(registry).tags() == ["main"]
    trace = model.tidegate("trace", f"{registry.address}/counter:main", "--json")
    assert trace.document["dirty"] is True


def test_a_commit_tag_on_another_image_is_a_conflict(model: Model, registry: Server) -> None:
    """Exit code 5 with the difference, and the tag stays where it is."""
    first = release(model, registry).document["digest"]
    commit = model.git("rev-parse", "HEAD")
    model.write("app.py", (model.folder / "app.py").read_text() + "# changed\n")
    model.commit("Change a line")
    other = release(model, registry).document["digest"]
    remote = repository(registry)
    document = remote.get_manifest(Digest(other))
    remote.put_manifest(document.data, document.media_type, f"sha-{commit}")
    model.git("checkout", "--quiet", commit)
    assert release(model, registry, "--recheck").code == 5
    done = release(model, registry)
    assert done.code == 5
    assert "code" in done.err
    assert first in done.err
    assert remote.get_manifest(f"sha-{commit}").digest == other


def test_a_rerun_of_an_old_commit_moves_no_branch_back(model: Model, registry: Server) -> None:
    """Its own tag and evidence are there, so nothing is done."""
    old = model.git("rev-parse", "HEAD")
    assert release(model, registry).code == 0
    model.commit("A newer one")
    newer = release(model, registry).document["digest"]
    model.git("checkout", "--quiet", "-B", "main", old)
    again = release(model, registry)
    assert again.document["unchanged"] is True
    assert repository(registry).get_manifest("main").digest == newer


@pytest.mark.needs("podman", "busybox")
@pytest.mark.skipif(os.geteuid() != 0, reason="podman without root needs subordinate ids")
def test_a_rerun_of_a_dockerfile_build_is_a_no_op(model: Model, registry: Server) -> None:
    """An engine gives other bytes each time, so what was released for the commit stays."""
    busybox = shutil.which("busybox")
    assert busybox is not None
    shutil.copy(busybox, model.folder / "busybox")
    model.write("Dockerfile", 'FROM scratch\nCOPY busybox /bin/busybox\nCMD ["/bin/busybox", "cat"]\n')
    model.write("tidegate.yaml", _DOCKERFILE)
    locked = model.tidegate("lock")
    assert locked.code == 0, locked.err
    model.commit("Build by a Dockerfile")
    first = release(model, registry, TIDEGATE_BUILD_ENGINE="podman")
    assert first.code == 0, first.err
    again = release(model, registry, TIDEGATE_BUILD_ENGINE="podman")
    assert again.document["unchanged"] is True
    assert again.document["digest"] == first.document["digest"]


def test_a_dry_run_pushes_nothing(model: Model, registry: Server) -> None:
    """As on a pull request: all gates, no push."""
    done = release(model, registry, "--dry-run")
    assert done.code == 0, done.err
    assert [stage["name"] for stage in done.document["stages"]] == ["build", "scan", "test"]
    assert is_empty(registry)


def test_a_secret_of_the_environment_appears_nowhere(model: Model, registry: Server, tmp_path: Path) -> None:
    """Neither in output, report, evidence nor layers."""
    secret = "s3cr3t-0f-th3-t1d3"
    names = {"TIDEGATE_REGISTRY_PASSWORD": secret, "TIDEGATE_REGISTRY_USERNAME": "ci", "HF_TOKEN": secret}
    done = release(model, registry, TIDEGATE_DEBUG="1", **names)
    assert done.code == 0, done.err
    assert secret not in done.out + done.err
    places = [model.folder, tmp_path / "registry", Path(model.environ["TIDEGATE_HOME"])]
    found = subprocess.run(["grep", "-rl", secret, *map(str, places)], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_sigterm_in_the_middle_leaves_no_tag(model: Model, registry: Server) -> None:
    """A cancelled job must not leave half a release."""
    model.write("app.py", "import time\ntime.sleep(60)\n")
    model.commit("Take a long time")
    command = [sys.executable, "-m", "tidegate", "release", "--to", f"{registry.address}/counter"]
    with subprocess.Popen(
        command, cwd=model.folder, env=dict(model.environ), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("scan"):
                process.send_signal(signal.SIGTERM)
                break
        rest = process.stderr.read()
    assert process.returncode == 143, rest
    assert is_empty(registry)


def test_an_unreachable_registry_is_exit_code_4(model: Model) -> None:
    """The world outside failed, and the message says where."""
    done = model.tidegate("release", "--to", "127.0.0.1:1/counter")
    assert done.code == 4
    assert "127.0.0.1:1" in done.err
    assert "Traceback" not in done.err


def test_without_a_destination_the_embedded_registry_has_it(model: Model) -> None:
    """It is started for the time of the push, and keeps what it got."""
    done = model.tidegate("release", "--json")
    assert done.code == 0, done.err
    data = Path(model.environ["TIDEGATE_HOME"]) / "registry"
    assert any(model.git("rev-parse", "HEAD") in str(path) for path in data.rglob("*"))


def release(model: Model, registry: Server, *arguments: str, **environ: str) -> Result:
    return model.tidegate("release", "--to", f"{registry.address}/counter", "--json", *arguments, **environ)


def relock(model: Model) -> None:
    locked = model.tidegate("lock")
    assert locked.code == 0, locked.err
    model.commit("New weights")


def repository(registry: Server) -> RemoteRepository:
    return open_remote(registry.address, "counter")


def is_empty(registry: Server) -> bool:
    try:
        return not repository(registry).tags()
    except OutsideError:
        return True


def assert_nothing_pushed(done: Result, registry: Server, reason: str) -> None:
    assert done.code == 3, done.err
    assert reason in done.err
    assert done.document["verdict"] == "failed"
    assert done.document["references"] == []
    assert is_empty(registry)


def layers(done: Result) -> dict[str, str]:
    assert done.code == 0, done.err
    (platform,) = done.document["platforms"]
    return {layer["reason"]: layer["digest"] for layer in platform["layers"]}


def add_package(model: Model) -> None:
    """An installed Python package, which there is no vulnerability data for."""
    folder = model.folder / "packages"
    folder.mkdir()
    model.write("packages/METADATA", "Metadata-Version: 2.1\nName: left\nVersion: 1.0\n")
    configure(model, "[app.py]", "[app.py, {from: packages, to: left-1.0.dist-info}]")


def configure(model: Model, old: str, new: str) -> None:
    text = (model.folder / "tidegate.yaml").read_text()
    assert old in text
    model.write("tidegate.yaml", text.replace(old, new))
    model.commit("Configure")
