from __future__ import annotations

import base64
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest
from tests.integration.registry.conftest import Serve, Served


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _password(served: Served) -> str:
    """The administrator's, as it was told at the start."""
    assert served.process.stderr is not None
    line = served.process.stderr.readline()
    return line.split("password ")[1].split()[0]


def test_a_fresh_one_on_loopback_is_open_and_says_so(serve: Serve) -> None:
    """Anyone on this machine may use it, and the start tells."""
    served = serve()
    assert served.ask("GET", "/v2/").status == 200
    assert served.process.stderr is not None
    assert "anyone on this machine" in served.process.stderr.readline()


def test_a_web_page_cannot_reach_it_under_its_own_name(registry: Served) -> None:
    """A request for another host's name is refused on loopback, so that no page can rebind its name."""
    answer = registry.ask("GET", "/v2/", Host="evil.example")
    assert (answer.status, answer.code) == (403, "DENIED")
    for host in ("localhost", "127.0.0.1:1", "[::1]:5000"):
        assert registry.ask("GET", "/v2/", Host=host).status == 200


def test_other_addresses_need_a_password(serve: Serve) -> None:
    """Where others can reach it, every path asks for the administrator's password, which was told once."""
    served = serve("--insecure", address="0.0.0.0:0")
    password = _password(served)
    for path in ("/v2/", "/v2/_catalog", "/"):
        refused = served.ask("GET", path)
        assert (refused.status, refused.code) == (401, "UNAUTHORIZED")
        assert str(refused.headers["WWW-Authenticate"]).startswith("Basic ")
    for wrong in (_basic("admin", "x" + password), _basic("root", password), "Basic !", "Bearer x", ""):
        assert served.ask("GET", "/v2/", Authorization=wrong).status == 401
    for _ in range(2):
        assert served.ask("GET", "/v2/", Authorization=_basic("admin", password)).status == 200


def test_users_stay_users_after_a_restart(serve: Serve) -> None:
    """A data folder with users asks for them on loopback too, and tells no new password."""
    first = serve("--insecure", address="0.0.0.0:0")
    password = _password(first)
    assert first.stop() == 0
    second = serve()
    assert second.ask("GET", "/v2/").status == 401
    assert second.ask("GET", "/v2/", Authorization=_basic("admin", password)).status == 200
    assert password not in "".join(path.read_text("latin-1") for path in second.data.rglob("*") if path.is_file())


@pytest.mark.needs("openssl")
def test_tls(serve: Serve, tmp_path: Path) -> None:
    """With a certificate and its key it speaks TLS."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    served = serve("--tls-cert", str(certificate), "--tls-key", str(key))
    trusted = ssl.create_default_context(cafile=str(certificate))
    with urllib.request.urlopen(f"https://localhost:{served.port}/v2/", context=trusted, timeout=10) as answer:
        assert answer.status == 200
