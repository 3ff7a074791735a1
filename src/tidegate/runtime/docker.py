from collections.abc import Mapping

from tidegate.runtime.interface import Bundle, Container, RunSpec


class Docker:
    name = "docker"

    def __init__(self, environ: Mapping[str, str]) -> None: ...
    def probe(self) -> str | None:
        return "later"

    def start(self, bundle: Bundle, spec: RunSpec) -> Container:
        raise NotImplementedError
