from __future__ import annotations

import json

from tests.unit.scan.reports import REPORT

from tidegate.scan import sarif


def test_results_name_rule_level_and_place() -> None:
    """As SARIF 2.1.0 wants them; a path is a URI reference."""
    document = json.loads(sarif.write(REPORT))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    first, second = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[item["ruleIndex"]]["id"] for item in run["results"]] == ["CVE-1", "pickle-global"]
    assert first["level"] == "error"
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/METADATA"
    assert second["suppressions"] == [{"kind": "external", "justification": "ours (@me, until 2026-12-01)"}]


def test_what_was_not_done_is_a_notification() -> None:
    """And the run isn't called successful."""
    (invocation,) = json.loads(sarif.write(REPORT))["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "m.onnx" in invocation["toolExecutionNotifications"][0]["message"]["text"]
