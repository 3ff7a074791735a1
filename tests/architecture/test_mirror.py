from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "tidegate"
TESTS = ROOT / "tests"

# Modules without a test file of their own, and why.
ELSEWHERE = {
    "__main__.py": "one line; the end-to-end tests start it",
    "oci/media_types.py": "constants",
    "oci/store.py": "a protocol: tests/contract runs one suite over all its implementations",
}


def modules() -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path.name not in {"__init__.py"}}


def test_every_module_has_a_test_of_its_name() -> None:
    """tests/<kind>/<package>/test_<module>.py, of whatever kind; or a reason above."""
    tests = {path.relative_to(TESTS).as_posix().partition("/")[2] for path in TESTS.rglob("test_*.py")}
    missing = {
        module
        for module in modules() - ELSEWHERE.keys()
        if (Path(module).parent / f"test_{Path(module).name}").as_posix() not in tests
    }
    assert not missing, "without a test: " + " ".join(sorted(missing))


def test_every_reason_is_still_needed() -> None:
    """A module that is gone needs none."""
    assert ELSEWHERE.keys() <= modules()


def test_unit_tests_have_a_module() -> None:
    """A unit test whose module was renamed moves with it."""
    unit = TESTS / "unit"
    named = {path.relative_to(unit).as_posix().replace("test_", "", 1) for path in unit.rglob("test_*.py")}
    packages = {f"{path.parent.relative_to(PACKAGE)}.py" for path in PACKAGE.rglob("__init__.py")}
    assert {path for path in named if path not in modules() | packages} == set()
