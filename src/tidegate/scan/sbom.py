"""The software bill of materials: CycloneDX 1.6 JSON, the same bytes for the same image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

import msgspec
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tidegate import __version__
from tidegate.scan.packages import Package


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A weight file: its path in the image and its sha256 in hex."""

    path: str
    sha256: str


def write(name: str, version: str, digest: str, packages: Iterable[Package], models: Iterable[ModelFile] = ()) -> bytes:
    """The document for the image with this digest. Holds no time and no random number."""
    image = Component(name=name, version=version, type=ComponentType.CONTAINER, bom_ref=digest)
    tools = ToolRepository(
        components=[Component(name="tidegate", version=__version__, type=ComponentType.APPLICATION, bom_ref="tidegate")]
    )
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, digest),
        metadata=BomMetaData(component=image, tools=tools),
        components=[*_libraries(packages), *map(_model, models)],
    )
    bom.register_dependency(image, bom.components)
    document = msgspec.json.decode(JsonV1Dot6(bom).output_as_string())
    document["metadata"].pop("timestamp", None)
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1) + b"\n"


def _libraries(packages: Iterable[Package]) -> Iterable[Component]:
    locations: dict[str, list[Package]] = {}
    for package in packages:
        locations.setdefault(package.purl, []).append(package)
    for purl, found in locations.items():
        yield Component(
            name=found[0].name,
            version=found[0].version,
            type=ComponentType.LIBRARY,
            purl=PackageURL.from_string(purl),
            bom_ref=purl,
            properties=[
                Property(name="tidegate:location", value=place) for place in sorted({p.location for p in found})
            ],
        )


def _model(model: ModelFile) -> Component:
    return Component(
        name=model.path,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=model.sha256)],
        bom_ref=f"weights:{model.path}",
    )
