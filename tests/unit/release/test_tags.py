"""The tag grammar of docker/metadata-action."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ConfigError
from tidegate.oci.reference import TAG
from tidegate.release.tags import Facts, Tag, check, commit_tag, facts_of, sanitise, tags
from tidegate.vcs.ci import Run
from tidegate.vcs.git import Checkout

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MAIN = Facts(commit=COMMIT, branch="main", versions=("1.4.0",), default_branch="main")
TOPIC = Facts(commit=COMMIT, branch="feature/New Head", default_branch="main")
PULL = Facts(commit=COMMIT, branch="main", pull_request="12", default_branch="main")
RELEASE = Facts(commit=COMMIT, git_tags=("v1.4.0",), versions=("v1.4.0",))


def names(spec: str, facts: Facts) -> list[str]:
    """What one spec adds to the commit's own tag."""
    found = [tag.name for tag in tags([spec], facts)]
    assert found[0] == commit_tag(COMMIT)
    return found[1:]


@pytest.mark.parametrize(
    ("spec", "facts", "expected"),
    [
        ("type=sha", MAIN, ["sha-0123456"]),
        ("type=sha,format=long", MAIN, []),
        ("type=sha,prefix=", MAIN, ["0123456"]),
        ("type=sha,format=long,prefix=git-", MAIN, [f"git-{COMMIT}"]),
        ("type=ref,event=branch", MAIN, ["main"]),
        ("type=ref,event=branch", TOPIC, ["feature-New-Head"]),
        ("type=ref,event=branch,prefix=branch-,suffix=-x", MAIN, ["branch-main-x"]),
        ("type=ref,event=branch", PULL, []),
        ("type=ref,event=branch", RELEASE, []),
        ("type=ref,event=pr", PULL, ["pr-12"]),
        ("type=ref,event=pr,prefix=mr-", PULL, ["mr-12"]),
        ("type=ref,event=pr", MAIN, []),
        ("type=ref,event=tag", RELEASE, ["v1.4.0"]),
        ("type=ref,event=tag", MAIN, []),
        ("type=semver,pattern={{version}}", RELEASE, ["1.4.0"]),
        ("type=semver,pattern={{raw}}", RELEASE, ["v1.4.0"]),
        ("type=semver,pattern={{major}}.{{minor}}", MAIN, ["1.4"]),
        ("type=semver,pattern=v{{major}}", MAIN, ["v1"]),
        ("type=semver,pattern={{major}},value=v2.0.1", MAIN, ["2"]),
        ("type=semver,pattern={{major}},value=2.0.1-rc.1", MAIN, ["2.0.1-rc.1"]),
        ("type=pep440,pattern={{version}}", MAIN, ["1.4.0"]),
        ("type=pep440,pattern={{version}},value=1.4rc1+cu118", MAIN, ["1.4rc1-cu118"]),
        ("type=pep440,pattern={{major}}.{{minor}}.{{patch}},value=1.4", MAIN, ["1.4.0"]),
        ("type=pep440,pattern={{major}}.{{minor}},value=1.4.dev3", MAIN, ["1.4.dev3"]),
        ("type=raw,value=latest,enable={{is_default_branch}}", MAIN, ["latest"]),
        ("type=raw,value=latest,enable={{ is_default_branch }}", TOPIC, []),
        ("type=raw,value=latest,enable={{is_default_branch}}", PULL, []),
        ("type=raw,value=edge,enable={{is_not_default_branch}}", TOPIC, ["edge"]),
        ("type=raw,value={{branch}}-{{sha}}", MAIN, ["main-0123456"]),
        ("stable", MAIN, ["stable"]),
        ("type=raw, value=stable", MAIN, ["stable"]),
    ],
)
def test_a_spec_makes_these_tags(spec: str, facts: Facts, expected: list[str]) -> None:
    """As docker/metadata-action does, from git's and the CI's facts."""
    assert names(spec, facts) == expected


@pytest.mark.parametrize(
    ("spec", "fixed"),
    [
        ("type=sha", True),
        ("type=semver,pattern={{version}}", True),
        ("type=semver,pattern=v{{major}}.{{minor}}.{{patch}}", True),
        ("type=semver,pattern={{major}}.{{minor}}", False),
        ("type=pep440,pattern={{major}}", False),
        ("type=pep440,pattern={{major}},value=2.0rc1", True),
        ("type=ref,event=branch", False),
        ("type=raw,value=1.4.0", False),
    ],
)
def test_a_tag_is_fixed_or_follows(spec: str, fixed: bool) -> None:
    """Commits and whole versions stay where they are; branches and version lines move."""
    assert tags([spec], MAIN)[1].fixed is fixed


def test_the_commits_tag_is_always_there() -> None:
    """Whatever the configuration asks for."""
    assert tags([], MAIN) == (Tag(f"sha-{COMMIT}", fixed=True),)


def test_a_dirty_work_tree_gets_no_fixed_tag() -> None:
    """Nothing may claim to be a commit or a version that it is not."""
    dirty = Facts(commit=COMMIT, branch="main", versions=("1.4.0",), dirty=True)
    specs = ["type=sha", "type=semver,pattern={{version}}", "type=ref,event=branch"]
    assert tags(specs, dirty) == (Tag("main", fixed=False),)


def test_a_fixed_tag_wins_over_a_moving_one_of_the_same_name() -> None:
    """A branch that is named like a version does not make the version's tag movable."""
    facts = Facts(commit=COMMIT, branch="1.4.0", versions=("1.4.0",))
    for specs in (["type=ref,event=branch", "type=semver"], ["type=semver", "type=ref,event=branch"]):
        assert tags(specs, facts)[1:] == (Tag("1.4.0", fixed=True),)


@pytest.mark.parametrize(
    "branch", [f"sha-{'f' * 40}", "sha-fffffff", "sha256-" + "a" * 64, "sha256-" + "a" * 64 + ".sig"]
)
def test_a_branch_cannot_pose_as_a_commit(branch: str) -> None:
    """Whoever may name a branch could otherwise overwrite another commit's tag or another image's evidence."""
    with pytest.raises(ConfigError, match="would look like"):
        tags(["type=ref,event=branch"], Facts(commit=COMMIT, branch=branch))


@pytest.mark.parametrize("default", [None, "trunk"])
def test_the_default_branch_is_main_or_master_unless_known(default: str | None) -> None:
    """Many CI clones do not know which branch is the default one."""
    facts = Facts(commit=COMMIT, branch="master", default_branch=default)
    assert facts.is_default_branch is (default is None)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("type=schedule", ["type=schedule is not supported"]),
        ("type=edge", ["edge", "is_default_branch"]),
        ("type=semvre", ["semvre", "did you mean semver"]),
        ("type=sha,formt=long", ["formt", "format"]),
        ("type=sha,format=medium", ["format", "medium", "short, long"]),
        ("type=ref", ["event is missing"]),
        ("type=ref,event=push", ["event", "push"]),
        ("type=raw", ["value is missing"]),
        ("type=raw,value=a,value=b", ["value is there twice"]),
        ("type=raw,value=a,loud", ["'loud' is not key=value"]),
        ("type=raw,value=a,enable=yes", ["enable", "yes"]),
        ("type=raw,value={{date 'YYYY'}}", ["{{date 'YYYY'}}", "is not known"]),
        ("type=raw,value=ü", ["nothing is left"]),
        ("type=semver,pattern={{micro}}", ["micro", "{{patch}}"]),
        ("type=semver,pattern=stable", ["names no part"]),
        ("value=a", ["type is missing"]),
        ("", ["key=value"]),
    ],
)
def test_a_wrong_spec_is_named_with_its_key(spec: str, words: list[str]) -> None:
    """The message holds the spec, what is wrong in it, and what is possible."""
    with pytest.raises(ConfigError) as caught:
        check([spec])
    for word in [repr(spec), *words]:
        assert word in str(caught.value)


def test_a_written_version_must_be_one() -> None:
    """`model.version: banana` with type=semver is a mistake; a git tag of any name is not."""
    with pytest.raises(ConfigError, match="banana"):
        tags(["type=semver"], Facts(commit=COMMIT, versions=("banana",)))
    assert names("type=semver", Facts(commit=COMMIT, git_tags=("banana",), versions=("banana",))) == []


def test_git_is_asked_before_the_ci() -> None:
    """The CI fills in what a detached HEAD does not say; the configured version comes before a git tag."""
    checkout = Checkout(root=Path("/m"), commit=COMMIT, time=datetime(2026, 1, 1, tzinfo=UTC), tags=("v1",))
    run = Run(ci="jenkins", branch="main", tag="v1", default_branch="main")
    assert facts_of(checkout, run) == Facts(
        commit=COMMIT, branch="main", git_tags=("v1",), versions=("v1",), default_branch="main"
    )
    assert facts_of(checkout, run, "2.0").versions == ("2.0",)


@given(st.text(min_size=1, max_size=300))
def test_every_branch_name_makes_a_valid_tag_or_a_clear_error(branch: str) -> None:
    """Whatever git allows as a branch's name."""
    facts = Facts(commit=COMMIT, branch=branch)
    try:
        made = tags(["type=ref,event=branch"], facts)
    except ConfigError:
        return
    assert all(TAG.fullmatch(tag.name) for tag in made)


@given(st.text(st.sampled_from("abc/-."), min_size=1, max_size=50), st.text(st.sampled_from("xyz"), min_size=1))
def test_long_names_that_differ_at_the_end_stay_apart(start: str, end: str) -> None:
    """A cut name ends in a hash of the whole."""
    long = "a" * 128 + start
    assert sanitise(long) != sanitise(long + end)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_spec_gives_tags_or_a_configuration_error(spec: str) -> None:
    """No input reaches the user as a traceback."""
    try:
        made = tags([spec], MAIN)
    except ConfigError:
        return
    assert all(TAG.fullmatch(tag.name) for tag in made)
