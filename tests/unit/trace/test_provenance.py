"""The provenance statement."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.trace.samples import COMMIT, CONFIG, INVOCATION, LOCK

from tidegate.errors import ContentError
from tidegate.oci.digest import Digest
from tidegate.trace.provenance import MAX_PROVENANCE, Provenance, read_statement, statement

IMAGE = Digest.of(b"image")


def made() -> Any:
    return json.loads(statement(CONFIG, LOCK, COMMIT, [IMAGE], INVOCATION))


def test_it_is_an_in_toto_statement_with_slsa_provenance() -> None:
    """The fields that SLSA's specification demands, with a build type of our own."""
    value = made()
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["predicateType"] == "https://slsa.dev/provenance/v1"
    assert value["subject"] == [{"name": "digits", "digest": {"sha256": IMAGE.hex}}]
    definition, details = value["predicate"]["buildDefinition"], value["predicate"]["runDetails"]
    assert definition["buildType"] == "https://tidegate.dev/build/v1"
    assert definition["externalParameters"]["commit"] == COMMIT
    assert definition["internalParameters"]["compression"] == "gzip/1"
    assert details["builder"]["id"] == "https://tidegate.dev/builder/v1/jenkins"
    assert details["metadata"] == {
        "invocationId": "https://ci.acme.example/job/digits/5/",
        "startedOn": "2026-03-04T12:00:00Z",
        "finishedOn": "2026-03-04T12:00:00Z",
    }


def test_every_locked_input_is_named_once_with_its_digest() -> None:
    """Source, base, packages of both platforms, weights."""
    found = made()["predicate"]["buildDefinition"]["resolvedDependencies"]
    uris = {(item["uri"], *item["digest"].values()) for item in found}
    assert uris == {
        (f"git+https://git.acme.example/digits@{COMMIT}", COMMIT),
        ("registry.acme.example/python:3.12", "2" * 64),
        ("pkg:deb/debian/libgomp1@12.2.0-14%2Bdeb12u1?arch=amd64", "3" * 64),
        ("pkg:deb/debian/libgomp1@12.2.0-14%2Bdeb12u1?arch=arm64", "4" * 64),
        ("pkg:pypi/joblib@1.4.2?file_name=joblib-1.4.2-py3-none-any.whl", "5" * 64),
        ("weights/m.joblib", "6" * 64),
    }
    assert len(found) == len(uris)


def test_no_password_gets_in() -> None:
    """A URL of the configuration may carry one."""
    assert b"s3cret" not in statement(CONFIG, LOCK, COMMIT, [IMAGE], INVOCATION)


def test_it_is_read_back() -> None:
    """What a trace tells of it."""
    assert read_statement(json.dumps(made()).encode(), IMAGE, "p") == Provenance(
        builder="https://tidegate.dev/builder/v1/jenkins",
        commit=COMMIT,
        run_url=INVOCATION.url,
        started="2026-03-04T12:00:00Z",
        finished="2026-03-04T12:00:00Z",
        dependencies=6,
    )


def test_one_about_another_image_is_refused() -> None:
    """Somebody attached the provenance of another image."""
    with pytest.raises(ContentError, match="other images"):
        read_statement(json.dumps(made()).encode(), Digest.of(b"other"), "p")


def test_another_builders_is_refused() -> None:
    """Its parameters mean something else."""
    value = made()
    value["predicate"]["buildDefinition"]["buildType"] = "https://example.com/build"
    with pytest.raises(ContentError, match="build/v1"):
        read_statement(json.dumps(value).encode(), IMAGE, "p")


def test_an_oversized_one_is_refused() -> None:
    """Before it is parsed."""
    with pytest.raises(ContentError, match="accepted"):
        read_statement(b" " * (MAX_PROVENANCE + 1), IMAGE, "p")


@given(st.binary(max_size=100) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_other_bytes_are_refused(data: bytes | str) -> None:
    """Whatever lies in a registry."""
    with pytest.raises(ContentError):
        read_statement(data.encode() if isinstance(data, str) else data, IMAGE, "p")
