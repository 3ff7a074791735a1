"""Which tags an image gets: docker/metadata-action's grammar over what a commit and its CI run say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256

from packaging.version import InvalidVersion, Version

from tidegate.errors import ConfigError
from tidegate.oci.reference import TAG
from tidegate.vcs.ci import Run
from tidegate.vcs.git import Checkout

_COMMON_KEYS = ("type", "enable", "prefix", "suffix")
_MAX_TAG = 128
_SHORT = 7
_EXPRESSION = re.compile(r"\{\{\s*(.*?)\s*\}\}")
# Names that say what an image is, and so must never be made from a branch's name.
_RESERVED = re.compile(r"sha-[0-9a-f]{7,64}|sha(?:256|512)-[0-9a-f]{32,}.*")
# semver.org, version 2.0.0, with the leading v that git tags have.
_SEMVER = re.compile(
    r"v?((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))"
    r"(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
# The branch that counts as the default one where neither git nor the CI says which it is.
_USUAL_DEFAULTS = frozenset({"main", "master"})


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag's name. A fixed one stays on its image for ever; the others follow a branch or a version line."""

    name: str
    fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What tags are made from. `versions` are the model's own, or else the git tags on the commit."""

    commit: str
    dirty: bool = False
    branch: str | None = None
    git_tags: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    pull_request: str | None = None
    default_branch: str | None = None

    @property
    def is_default_branch(self) -> bool:
        if self.branch is None or self.pull_request is not None:
            return False
        return self.branch == self.default_branch if self.default_branch else self.branch in _USUAL_DEFAULTS


@dataclass(frozen=True, slots=True)
class _Spec:
    """One line of `tags:`, and the keys it was written with."""

    text: str
    keys: dict[str, str]

    def error(self, message: str, hint: str = "") -> ConfigError:
        return ConfigError(f"tags: {self.text!r}: {message}", hint=hint)

    def choice(self, key: str, *choices: str) -> str:
        value = self.keys.get(key, choices[0])
        if value not in choices:
            raise self.error(f"{key} is {value!r}", f"it is one of: {', '.join(choices)}")
        return value


@dataclass(frozen=True, slots=True)
class _Kind:
    keys: tuple[str, ...]
    make: Callable[[_Spec, Facts], Iterable[Tag]]
    prefix: str = ""


def commit_tag(commit: str) -> str:
    """The tag that an image of a clean work tree always has."""
    return f"sha-{commit}"


def facts_of(checkout: Checkout, run: Run, version: str | None = None) -> Facts:
    """What a checkout, a CI run and `model.version` say together.

    Git is asked first; the CI knows the branch and the tag of a detached HEAD.
    """
    git_tags = tuple(dict.fromkeys([*checkout.tags, *([run.tag] if run.tag else [])]))
    return Facts(
        commit=checkout.commit,
        dirty=bool(checkout.dirty),
        branch=checkout.branch or run.branch,
        git_tags=git_tags,
        versions=(version,) if version else git_tags,
        pull_request=run.pull_request,
        default_branch=run.default_branch or checkout.default_branch,
    )


def tags(specs: Iterable[str], facts: Facts) -> tuple[Tag, ...]:
    """All tags of an image, in the order of `specs`, the commit's tag first.

    A dirty work tree gets no fixed tag: nothing may claim to be that commit or version.
    Raises ConfigError that names the spec and the key.
    """
    found = {commit_tag(facts.commit): Tag(commit_tag(facts.commit), fixed=True)}
    for text in specs:
        for tag in _tags_of(_parse(text), facts):
            if tag.name not in found or tag.fixed:
                found[tag.name] = tag
    return tuple(tag for tag in found.values() if not (tag.fixed and facts.dirty))


def check(specs: Iterable[str]) -> None:
    """Raises ConfigError for a spec that is wrong whatever the commit is."""
    tags(specs, Facts(commit="0" * 40, branch="main", git_tags=("v1.0.0",), versions=("1.0.0",)))


def sanitise(name: str) -> str:
    """A branch's or version's name as a tag: as docker/metadata-action does it, cut to 128 characters.

    A name that had to be cut ends in a hash of the whole. The empty string when nothing is left.
    """
    tag = re.sub(r"[^a-zA-Z0-9._-]+", "-", name).lstrip(".-")
    if len(tag) <= _MAX_TAG:
        return tag
    return f"{tag[: _MAX_TAG - 9]}-{sha256(name.encode()).hexdigest()[:8]}"


def _tags_of(spec: _Spec, facts: Facts) -> Iterable[Tag]:
    kind = _KINDS[spec.keys["type"]]
    enable = _expand(spec, "enable", spec.keys.get("enable", "true"), facts)
    if enable not in {"true", "false"}:
        raise spec.error(f"enable is {enable!r}", "it is true, false or {{is_default_branch}}")
    prefix = _expand(spec, "prefix", spec.keys.get("prefix", kind.prefix), facts)
    suffix = _expand(spec, "suffix", spec.keys.get("suffix", ""), facts)
    made = list(kind.make(spec, facts)) if enable == "true" else []
    return [_checked(spec, Tag(sanitise(prefix + tag.name + suffix), tag.fixed)) for tag in made]


def _checked(spec: _Spec, tag: Tag) -> Tag:
    if not TAG.fullmatch(tag.name):
        raise spec.error("nothing is left of the name that a tag could have", "add a prefix: prefix=branch-")
    if not tag.fixed and _RESERVED.fullmatch(tag.name):
        raise spec.error(
            f"{tag.name!r} would look like a commit's or a digest's own tag",
            "rename it, or add a prefix: prefix=branch-",
        )
    return tag


def _parse(text: str) -> _Spec:
    keys: dict[str, str] = {}
    spec = _Spec(text, keys)
    for item in text.split(","):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals and not keys and key:
            key, value = "type", "raw"
            keys["value"] = item.strip()
        elif not equals:
            raise spec.error(f"{item!r} is not key=value", "for example: type=ref,event=branch")
        if key in keys:
            raise spec.error(f"{key} is there twice")
        keys[key] = value
    _check_keys(spec)
    return spec


def _check_keys(spec: _Spec) -> None:
    name = spec.keys.get("type")
    if name is None:
        raise spec.error("type is missing", f"it is one of: {', '.join(_KINDS)}")
    if name in _UNSUPPORTED:
        raise spec.error(f"type={name} is not supported", _UNSUPPORTED[name])
    if name not in _KINDS:
        near = get_close_matches(name, _KINDS, 1)
        raise spec.error(
            f"type={name} is not known", f"did you mean {near[0]}?" if near else f"known: {', '.join(_KINDS)}"
        )
    known = (*_COMMON_KEYS, *_KINDS[name].keys)
    for key in spec.keys:
        if key not in known:
            near = get_close_matches(key, known, 1)
            raise spec.error(f"{key} is not a key of type={name}", f"known: {', '.join(near or known)}")


def _expand(spec: _Spec, key: str, text: str, facts: Facts) -> str:
    """Replace `{{…}}` by what it stands for; a value that this commit lacks is empty."""
    values = {
        "branch": facts.branch or "",
        "tag": facts.git_tags[0] if facts.git_tags else "",
        "sha": facts.commit[:_SHORT],
        "is_default_branch": str(facts.is_default_branch).lower(),
        "is_not_default_branch": str(not facts.is_default_branch).lower(),
    }
    return _fill(spec, key, text, values)


def _fill(spec: _Spec, key: str, text: str, values: dict[str, str]) -> str:
    for name in _EXPRESSION.findall(text):
        if name not in values:
            known = ", ".join(f"{{{{{value}}}}}" for value in values)
            raise spec.error(f"{key}: {{{{{name}}}}} is not known", f"known: {known}")
    return _EXPRESSION.sub(lambda match: values[match[1]], text)


def _sha(spec: _Spec, facts: Facts) -> Iterable[Tag]:
    long = spec.choice("format", "short", "long") == "long"
    yield Tag(facts.commit if long else facts.commit[:_SHORT], fixed=True)


def _ref(spec: _Spec, facts: Facts) -> Iterable[Tag]:
    if "event" not in spec.keys:
        raise spec.error("event is missing", "it is one of: branch, tag, pr")
    event = spec.choice("event", "branch", "tag", "pr")
    if event == "tag":
        yield from (Tag(name, fixed=True) for name in facts.git_tags)
    elif event == "pr" and facts.pull_request:
        prefix = "" if "prefix" in spec.keys else "pr-"
        yield Tag(prefix + facts.pull_request, fixed=False)
    elif event == "branch" and facts.branch and not facts.pull_request:
        yield Tag(facts.branch, fixed=False)


def _raw(spec: _Spec, facts: Facts) -> Iterable[Tag]:
    value = spec.keys.get("value")
    if not value:
        raise spec.error("value is missing", "for example: type=raw,value=latest")
    name = _expand(spec, "value", value, facts)
    if name:
        yield Tag(name, fixed=False)


def _semver(spec: _Spec, facts: Facts) -> Iterable[Tag]:
    for raw in _versions(spec, facts):
        match = _SEMVER.fullmatch(raw)
        if match is None:
            _refuse(spec, raw, "semver (https://semver.org)", facts)
            continue
        core, pre, build = match[1], match[2] or "", match[3] or ""
        yield _versioned(spec, raw, core + pre + build, core.split("."), plain=not pre)


def _pep440(spec: _Spec, facts: Facts) -> Iterable[Tag]:
    for raw in _versions(spec, facts):
        try:
            version = Version(raw)
        except InvalidVersion:
            _refuse(spec, raw, "PEP 440", facts)
            continue
        parts = [str(part) for part in (version.major, version.minor, version.micro)]
        yield _versioned(spec, raw, str(version), parts, plain=not (version.is_prerelease or version.is_postrelease))


def _versions(spec: _Spec, facts: Facts) -> tuple[str, ...]:
    value = spec.keys.get("value")
    return facts.versions if value is None else (_expand(spec, "value", value, facts),)


def _refuse(spec: _Spec, raw: str, grammar: str, facts: Facts) -> None:
    """Any git tag may lie on a commit, but a version that was written down must be one."""
    if raw not in facts.git_tags:
        raise spec.error(
            f"the model's version {raw!r} is not a version by {grammar}", "change model.version or the type"
        )


def _versioned(spec: _Spec, raw: str, full: str, parts: list[str], *, plain: bool) -> Tag:
    """A pattern filled in; for pre- and post-releases the whole version, so that they move no version line."""
    pattern = spec.keys.get("pattern", "{{version}}")
    values = {"raw": raw, "version": full, **dict(zip(("major", "minor", "patch"), parts, strict=True))}
    filled = _fill(spec, "pattern", pattern, values)
    names = set(_EXPRESSION.findall(pattern))
    if not names:
        raise spec.error(f"pattern {pattern!r} names no part of the version", "for example: pattern={{version}}")
    fixed = bool(names & {"version", "raw"}) or names >= {"major", "minor", "patch"}
    return Tag(filled, fixed) if plain or "raw" in names else Tag(full, fixed=True)


_KINDS = {
    "sha": _Kind(("format",), _sha, "sha-"),
    "ref": _Kind(("event",), _ref),
    "semver": _Kind(("pattern", "value"), _semver),
    "pep440": _Kind(("pattern", "value"), _pep440),
    "raw": _Kind(("value",), _raw),
}
_UNSUPPORTED = {
    "schedule": "an image is a commit's, not a day's: use type=sha or type=ref,event=branch",
    "edge": "use type=raw,value=edge,enable={{is_default_branch}}",
    "match": "use type=semver or type=pep440 with a pattern, or type=ref,event=tag",
}
