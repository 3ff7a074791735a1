from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "tidegate"
TESTS = ROOT / "tests"

# Modules without a test file of their own: the file below tests/ that tests them together with others.
THROUGH = {
    "contract/test_content_store.py": """
        oci/store.py
    """,
    "e2e/test_commands.py": """
        __main__.py cli/arguments.py cli/build.py cli/images.py cli/lock.py cli/main.py cli/push.py
        cli/run.py cli/session.py cli/test.py release/building.py release/locking.py
    """,
    "e2e/test_docs.py": """
        cli/trace.py
    """,
    "e2e/test_release.py": """
        cli/bars.py cli/context.py cli/outcome.py cli/progress.py cli/release.py release/difference.py
        release/documents.py release/gates.py release/interruption.py release/journal.py
        release/judgement.py release/materials.py release/pipeline.py release/publication.py
        release/services.py release/source.py release/state.py release/summary.py
    """,
    "integration/distribution/test_copy.py": """
        distribution/progress.py
    """,
    "integration/distribution/test_login.py": """
        auth/authenticator.py auth/token.py distribution/client.py distribution/connect.py
        distribution/refusal.py transport/connection.py
    """,
    "integration/distribution/test_push_faults.py": """
        distribution/remote.py distribution/upload.py
    """,
    "integration/imagetest/test_gate.py": """
        imagetest/client.py imagetest/protocols/command.py imagetest/protocols/http.py
        imagetest/protocols/none.py imagetest/remote.py imagetest/report.py imagetest/serving.py
    """,
    "integration/runtime/test_runtimes.py": """
        runtime/attached.py runtime/bubblewrap.py runtime/cgroup.py runtime/chroot.py runtime/docker.py
        runtime/engine.py runtime/held.py runtime/holder.py runtime/isolation.py runtime/launch.py
        runtime/linux.py runtime/podman.py runtime/ports.py runtime/probe.py runtime/runc.py
        runtime/sandbox.py runtime/select.py runtime/unshare.py runtime/usage.py
    """,
    "integration/trace/test_registry.py": """
        distribution/artifact.py
    """,
    "unit/auth/test_keychain.py": """
        auth/credential.py auth/helper.py
    """,
    "unit/imagetest/test_protocols.py": """
        imagetest/protocols/body.py imagetest/protocols/open_inference.py
    """,
    "unit/release/report/test_html.py": """
        release/report/markup.py release/report/model.py
    """,
    "unit/vcs/test_git.py": """
        vcs/command.py
    """,
}
# Modules that nothing could test: constants, values and protocols without code.
NOTHING_TO_TEST = {
    "imagetest/interface.py",
    "imagetest/protocols/interface.py",
    "oci/media_types.py",
    "release/events.py",
    "runtime/interface.py",
}


def modules() -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"}


def together() -> set[str]:
    return {module for listed in THROUGH.values() for module in listed.split()}


def has_test(module: str) -> bool:
    """Whether tests/<kind>/<package>/test_<module>.py is there, of whatever kind."""
    path = Path(module)
    return any((kind / path.parent / f"test_{path.name}").exists() for kind in TESTS.iterdir())


def test_every_module_has_a_test_of_its_name() -> None:
    """Or is listed above."""
    missing = {m for m in modules() - together() - NOTHING_TO_TEST if not has_test(m)}
    assert not missing, "without a test: " + " ".join(sorted(missing))


def test_the_lists_are_no_longer_than_needed() -> None:
    """What they name is there."""
    assert {name for name in THROUGH if not (TESTS / name).is_file()} == set()
    assert (together() | NOTHING_TO_TEST) - modules() == set()


def test_unit_tests_have_a_module() -> None:
    """A unit test whose module was renamed moves with it; a package may have one file for all."""
    unit = TESTS / "unit"
    named = {path.relative_to(unit).as_posix().replace("test_", "", 1) for path in unit.rglob("test_*.py")}
    packages = {f"{path.parent.relative_to(PACKAGE)}.py" for path in PACKAGE.rglob("__init__.py")}
    assert {path for path in named if path not in modules() | packages} == set()
