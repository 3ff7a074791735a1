"""What the environments of CI systems say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tidegate.vcs.ci import Run, read_run, run_of, with_event

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/digits",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_ACTOR": "ada",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_HEAD_REF": "",
}
CIRCLECI = {
    "CIRCLECI": "true",
    "CIRCLE_BUILD_URL": "https://circleci.example/gh/acme/digits/9",
    "CIRCLE_USERNAME": "ada",
    "CIRCLE_BRANCH": "main",
}
JENKINS = {"JENKINS_URL": "https://ci.acme.example/", "BUILD_URL": "https://ci.acme.example/job/digits/5/"}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_JOB_URL": "https://gitlab.example/acme/digits/-/jobs/3",
    "GITLAB_USER_LOGIN": "ada",
    "CI_DEFAULT_BRANCH": "main",
}
AZURE = {
    "TF_BUILD": "True",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.example/acme/",
    "SYSTEM_TEAMPROJECT": "models",
    "BUILD_BUILDID": "41",
    "BUILD_REQUESTEDFOR": "Ada",
}
BITBUCKET = {
    "BITBUCKET_BUILD_NUMBER": "8",
    "BITBUCKET_GIT_HTTP_ORIGIN": "http://bitbucket.example/acme/digits",
    "BITBUCKET_BRANCH": "main",
}
BUILDKITE = {
    "BUILDKITE": "true",
    "BUILDKITE_BUILD_URL": "https://buildkite.example/acme/digits/builds/4",
    "BUILDKITE_BUILD_CREATOR": "Ada",
    "BUILDKITE_BRANCH": "main",
    "BUILDKITE_TAG": "",
    "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main",
}
GITHUB_PULL = {"GITHUB_REF": "refs/pull/12/merge", "GITHUB_REF_NAME": "12/merge", "GITHUB_HEAD_REF": "topic"}
GITHUB_TAG = {"GITHUB_REF": "refs/tags/v1", "GITHUB_REF_NAME": "v1", "GITHUB_REF_TYPE": "tag"}


@pytest.mark.parametrize(
    ("environ", "ci", "branch", "tag", "pull_request"),
    [
        (GITHUB, "github-actions", "main", None, None),
        (GITHUB | GITHUB_PULL, "github-actions", "topic", None, "12"),
        (GITHUB | GITHUB_TAG, "github-actions", None, "v1", None),
        (CIRCLECI, "circleci", "main", None, None),
        (CIRCLECI | {"CIRCLE_PULL_REQUEST": "https://github.com/acme/digits/pull/7"}, "circleci", "main", None, "7"),
        (CIRCLECI | {"CIRCLE_BRANCH": "", "CIRCLE_TAG": "v1"}, "circleci", None, "v1", None),
        (JENKINS | {"GIT_BRANCH": "origin/main"}, "jenkins", "main", None, None),
        (JENKINS | {"GIT_BRANCH": "detached"}, "jenkins", None, None, None),
        (JENKINS | {"BRANCH_NAME": "PR-3", "CHANGE_ID": "3", "CHANGE_BRANCH": "topic"}, "jenkins", "topic", None, "3"),
        (JENKINS | {"BRANCH_NAME": "v1", "TAG_NAME": "v1"}, "jenkins", None, "v1", None),
        (GITLAB | {"CI_COMMIT_BRANCH": "main"}, "gitlab", "main", None, None),
        (GITLAB | {"CI_COMMIT_TAG": "v1"}, "gitlab", None, "v1", None),
        (
            GITLAB | {"CI_MERGE_REQUEST_IID": "5", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic"},
            *("gitlab", "topic", None, "5"),
        ),
        (AZURE | {"BUILD_SOURCEBRANCH": "refs/heads/team/main"}, "azure-pipelines", "team/main", None, None),
        (AZURE | {"BUILD_SOURCEBRANCH": "refs/tags/v1"}, "azure-pipelines", None, "v1", None),
        (
            AZURE
            | {"BUILD_SOURCEBRANCH": "refs/pull/6/merge", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/topic"}
            | {"SYSTEM_PULLREQUEST_PULLREQUESTID": "6"},
            *("azure-pipelines", "topic", None, "6"),
        ),
        (BITBUCKET, "bitbucket", "main", None, None),
        (BITBUCKET | {"BITBUCKET_BRANCH": "topic", "BITBUCKET_PR_ID": "2"}, "bitbucket", "topic", None, "2"),
        (BUILDKITE, "buildkite", "main", None, None),
        (BUILDKITE | {"BUILDKITE_PULL_REQUEST": "9", "BUILDKITE_BRANCH": "topic"}, "buildkite", "topic", None, "9"),
        (BUILDKITE | {"BUILDKITE_TAG": "v1", "BUILDKITE_BRANCH": "v1"}, "buildkite", None, "v1", None),
        ({"USER": "ada"}, "", None, None, None),
    ],
)
def test_each_system_says_branch_tag_and_pull_request(
    environ: dict[str, str], ci: str, branch: str | None, tag: str | None, pull_request: str | None
) -> None:
    """The four facts come out of each system's own variables."""
    run = run_of(environ)
    assert (run.ci, run.branch, run.tag, run.pull_request) == (ci, branch, tag, pull_request)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        (GITHUB, "https://github.com/acme/digits/actions/runs/77/attempts/2"),
        (CIRCLECI, "https://circleci.example/gh/acme/digits/9"),
        (JENKINS, "https://ci.acme.example/job/digits/5/"),
        (GITLAB, "https://gitlab.example/acme/digits/-/jobs/3"),
        (AZURE, "https://dev.azure.example/acme/models/_build/results?buildId=41"),
        (BITBUCKET, "http://bitbucket.example/acme/digits/pipelines/results/8"),
        (BUILDKITE, "https://buildkite.example/acme/digits/builds/4"),
        ({}, ""),
    ],
)
def test_each_system_says_where_the_run_is(environ: dict[str, str], url: str) -> None:
    """The run's address is one that a person can open."""
    assert run_of(environ).url == url


def test_a_run_at_a_desk_is_by_the_machines_user() -> None:
    """Without a CI the user's name says who it was."""
    assert run_of({"LOGNAME": "ada"}) == Run(actor="ada")


def test_credentials_in_a_run_address_are_cut_off() -> None:
    """An address goes into the record, so it must not carry a password."""
    run = run_of(JENKINS | {"BUILD_URL": "https://ada:s3cret@ci.acme.example/job/1/"})
    assert run.url == "https://ci.acme.example/job/1/"


def test_githubs_event_names_the_default_branch(tmp_path: Path) -> None:
    """GitHub tells the default branch only in the file of the event."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "trunk"}, "pull_request": {"number": 4}}))
    run = read_run(GITHUB | {"GITHUB_EVENT_PATH": str(event)})
    assert (run.default_branch, run.pull_request) == ("trunk", "4")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"repository": 3}', b'{"repository": null}', b"\xff"])
def test_a_broken_event_changes_nothing(data: bytes) -> None:
    """The event file is the CI's; a release does not fail over it."""
    assert with_event(run_of(GITHUB), data) == run_of(GITHUB)


def test_a_missing_event_file_changes_nothing(tmp_path: Path) -> None:
    """Some runners name a file that the container does not have."""
    assert read_run(GITHUB | {"GITHUB_EVENT_PATH": str(tmp_path / "no.json")}) == run_of(GITHUB)
