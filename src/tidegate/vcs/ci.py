"""Who runs this, and where: what the CI systems tell through the environment."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tidegate.vcs.git import without_credentials

Environ = Mapping[str, str]
_MAX_EVENT = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a CI, or of a person at a machine when `ci` is empty.

    `branch` is a pull request's own branch when `pull_request`, its number, is set.
    """

    ci: str = ""
    url: str = ""
    actor: str = ""
    branch: str | None = None
    tag: str | None = None
    pull_request: str | None = None
    default_branch: str | None = None


def read_run(environ: Environ) -> Run:
    """The run that this process is part of; on GitHub its event file is read for the default branch."""
    run = run_of(environ)
    if not run.ci and not run.actor:
        return replace(run, actor=_account())
    path = environ.get("GITHUB_EVENT_PATH")
    if run.ci != "github-actions" or not path:
        return run
    try:
        with Path(path).open("rb") as stream:
            return with_event(run, stream.read(_MAX_EVENT))
    except OSError:
        return run


def _account() -> str:
    """The name of the account that this process runs under, or empty."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


def run_of(environ: Environ) -> Run:
    """The run as the environment alone describes it. Empty variables count as absent."""
    present = {name: value for name, value in environ.items() if value}
    for variable, reader in _SYSTEMS.items():
        if variable in present:
            run = reader(present)
            return replace(run, url=_plain(run.url), branch=run.branch if run.tag is None else None)
    return Run(actor=present.get("USER") or present.get("LOGNAME", ""))


def with_event(run: Run, data: bytes) -> Run:
    """A GitHub run with what only the webhook event says. A malformed event changes nothing."""
    try:
        event = msgspec.json.decode(data, type=_Event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return run
    number = event.pull_request.number if event.pull_request else None
    return replace(
        run,
        default_branch=event.repository.default_branch if event.repository else None,
        pull_request=run.pull_request or (str(number) if number else None),
    )


class _Repository(msgspec.Struct):
    default_branch: str | None = None


class _PullRequest(msgspec.Struct):
    number: int | None = None


class _Event(msgspec.Struct):
    repository: _Repository | None = None
    pull_request: _PullRequest | None = None


def _github(env: Environ) -> Run:
    kind, name, ref = env.get("GITHUB_REF_TYPE"), env.get("GITHUB_REF_NAME"), env.get("GITHUB_REF", "")
    server, repository = env.get("GITHUB_SERVER_URL", ""), env.get("GITHUB_REPOSITORY", "")
    url = f"{server}/{repository}/actions/runs/{env.get('GITHUB_RUN_ID', '')}"
    attempt = env.get("GITHUB_RUN_ATTEMPT")
    number = ref.split("/")[2] if ref.startswith("refs/pull/") else None
    return Run(
        ci="github-actions",
        url=f"{url}/attempts/{attempt}" if attempt else url,
        actor=env.get("GITHUB_ACTOR", ""),
        branch=env.get("GITHUB_HEAD_REF") or (name if kind == "branch" and not number else None),
        tag=name if kind == "tag" else None,
        pull_request=number,
    )


def _circleci(env: Environ) -> Run:
    return Run(
        ci="circleci",
        url=env.get("CIRCLE_BUILD_URL", ""),
        actor=env.get("CIRCLE_USERNAME", ""),
        branch=env.get("CIRCLE_BRANCH"),
        tag=env.get("CIRCLE_TAG"),
        pull_request=env.get("CIRCLE_PR_NUMBER") or _last(env.get("CIRCLE_PULL_REQUEST")),
    )


def _jenkins(env: Environ) -> Run:
    plain = (env.get("GIT_BRANCH") or "").removeprefix("origin/")
    return Run(
        ci="jenkins",
        url=env.get("BUILD_URL", ""),
        actor=env.get("BUILD_USER_ID") or env.get("CHANGE_AUTHOR", ""),
        branch=env.get("CHANGE_BRANCH") or env.get("BRANCH_NAME") or (plain if plain != "detached" else "") or None,
        tag=env.get("TAG_NAME"),
        pull_request=env.get("CHANGE_ID"),
        default_branch=env.get("BRANCH_NAME") if env.get("BRANCH_IS_PRIMARY") == "true" else None,
    )


def _gitlab(env: Environ) -> Run:
    return Run(
        ci="gitlab",
        url=env.get("CI_JOB_URL", ""),
        actor=env.get("GITLAB_USER_LOGIN", ""),
        branch=env.get("CI_COMMIT_BRANCH") or env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
        tag=env.get("CI_COMMIT_TAG"),
        pull_request=env.get("CI_MERGE_REQUEST_IID"),
        default_branch=env.get("CI_DEFAULT_BRANCH"),
    )


def _azure(env: Environ) -> Run:
    ref = env.get("SYSTEM_PULLREQUEST_SOURCEBRANCH") or env.get("BUILD_SOURCEBRANCH", "")
    server, project = env.get("SYSTEM_COLLECTIONURI", ""), env.get("SYSTEM_TEAMPROJECT", "")
    return Run(
        ci="azure-pipelines",
        url=f"{server.rstrip('/')}/{project}/_build/results?buildId={env.get('BUILD_BUILDID', '')}",
        actor=env.get("BUILD_REQUESTEDFOR", ""),
        branch=ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None,
        tag=ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else None,
        pull_request=env.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER") or env.get("SYSTEM_PULLREQUEST_PULLREQUESTID"),
    )


def _bitbucket(env: Environ) -> Run:
    origin = env.get("BITBUCKET_GIT_HTTP_ORIGIN", "")
    return Run(
        ci="bitbucket",
        url=f"{origin}/pipelines/results/{env['BITBUCKET_BUILD_NUMBER']}" if origin else "",
        actor=env.get("BITBUCKET_STEP_TRIGGERER_UUID", ""),
        branch=env.get("BITBUCKET_BRANCH"),
        tag=env.get("BITBUCKET_TAG"),
        pull_request=env.get("BITBUCKET_PR_ID"),
    )


def _buildkite(env: Environ) -> Run:
    number = env.get("BUILDKITE_PULL_REQUEST")
    return Run(
        ci="buildkite",
        url=env.get("BUILDKITE_BUILD_URL", ""),
        actor=env.get("BUILDKITE_BUILD_CREATOR", ""),
        branch=env.get("BUILDKITE_BRANCH"),
        tag=env.get("BUILDKITE_TAG"),
        pull_request=number if number != "false" else None,
        default_branch=env.get("BUILDKITE_PIPELINE_DEFAULT_BRANCH"),
    )


# By the variable that gives a system away.
_SYSTEMS: dict[str, Callable[[Environ], Run]] = {
    "GITHUB_ACTIONS": _github,
    "CIRCLECI": _circleci,
    "GITLAB_CI": _gitlab,
    "TF_BUILD": _azure,
    "BITBUCKET_BUILD_NUMBER": _bitbucket,
    "BUILDKITE": _buildkite,
    "JENKINS_URL": _jenkins,
}


def _last(url: str | None) -> str | None:
    return url.rstrip("/").rpartition("/")[2] if url else None


def _plain(url: str) -> str:
    """The address without credentials; Azure's needs its query."""
    base, question, query = url.partition("?")
    return without_credentials(base) + question + query
