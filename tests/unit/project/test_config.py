from __future__ import annotations

import msgspec
import pytest

from tidegate.project import config


def structs() -> list[type[config.Section]]:
    return [kind for kind in vars(config).values() if isinstance(kind, type) and issubclass(kind, config.Section)]


@pytest.mark.parametrize("kind", structs(), ids=lambda kind: kind.__name__)
def test_every_section_is_frozen_and_refuses_unknown_keys(kind: type[config.Section]) -> None:
    """A key that nobody reads would be a promise that nobody keeps."""
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (config.Model, {"name": "-a"}),
        (config.Model, {"name": "a" * 129}),
        (config.Secret, {"env": "a b"}),
        (config.Weights, {"name": "a", "source": "b", "path": "relative"}),
        (config.Weights, {"name": "a", "source": "b", "path": "/c", "sha256": "AB" * 32}),
        (config.Build, {"port": 0}),
        (config.Build, {"port": 65536}),
        (config.Build, {"user": -1}),
        (config.Build, {"python": "2.7"}),
        (config.GoldenCase, {"input": "a", "expect": "b", "rtol": -1}),
        (config.Limits, {"p95_ms": 0}),
        (config.Test, {"requests": 0}),
        (config.Scan, {"fail_on": "severe"}),
        (config.Advisories, {"max_age": "1w"}),
        (config.Ignore, {"id": "a", "statement": "", "owner": "b", "expired_at": "2026-12-01"}),
        (config.Ignore, {"id": "a", "statement": "c", "owner": "b", "expired_at": "tomorrow"}),
        (config.Ignore, {"id": "a", "statement": "c", "owner": "b"}),
    ],
)
def test_values_out_of_range_are_refused(kind: type[config.Section], document: dict[str, object]) -> None:
    """The types say what a value may be, and the JSON Schema says the same."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(document, type=kind)
