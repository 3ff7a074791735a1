"""A small image and what a release says about it."""

from __future__ import annotations

from datetime import UTC, datetime

from tidegate import __version__
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import ImageConfig, Manifest, RootFS, encode
from tidegate.oci.store import ContentStore, put_bytes
from tidegate.project.config import Base, Build, Config, Model, PackageIndex, Secret
from tidegate.project.lock import (
    GZIP_FORMAT,
    DebianPackage,
    Lock,
    LockedBase,
    LockedFile,
    LockedPlatform,
    LockedWeights,
    PythonPackage,
)
from tidegate.project.verdict import Verdict
from tidegate.trace.annotations import standard
from tidegate.trace.evidence import attach
from tidegate.trace.provenance import Invocation, statement
from tidegate.trace.record import Record, Stage, encode_record

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
INVOCATION = Invocation(ci="jenkins", url="https://ci.acme.example/job/digits/5/", started=NOON, finished=NOON)

CONFIG = Config(
    tidegate=1,
    model=Model(name="digits", version="1.4.0", license="Apache-2.0", source="https://git.acme.example/digits"),
    build=Build(
        base=Base(image="registry.acme.example/python:3.12"),
        indexes=(PackageIndex(url="https://ada:s3cret@packages.acme.example/simple", auth=Secret(env="TOKEN")),),
    ),
)
LOCK = Lock(
    version=1,
    inputs="sha256:" + "1" * 64,
    compression=GZIP_FORMAT,
    base=LockedBase(kind="image", reference="registry.acme.example/python:3.12", digest="sha256:" + "2" * 64),
    platforms=tuple(
        LockedPlatform(
            platform=f"linux/{machine}",
            debian=(
                DebianPackage(
                    name="libgomp1",
                    version="12.2.0-14+deb12u1",
                    architecture=machine,
                    archive="debian",
                    path="pool/main/g/gcc-12/libgomp1.deb",
                    size=5,
                    sha256=digit * 64,
                ),
            ),
            python=(
                PythonPackage(
                    name="joblib", version="1.4.2", file="joblib-1.4.2-py3-none-any.whl", size=3, sha256="5" * 64
                ),
            ),
        )
        for machine, digit in (("amd64", "3"), ("arm64", "4"))
    ),
    weights=(
        LockedWeights(name="main", source="weights/m.joblib", files=(LockedFile(path=".", size=9, sha256="6" * 64),)),
    ),
)


def put_image(store: ContentStore, commit: str = COMMIT, *, dirty: bool = False, tag: str | None = None) -> Descriptor:
    """An image with no layers and the annotations of a commit."""
    config = ImageConfig(architecture="amd64", os="linux", rootfs=RootFS(diff_ids=()))
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(store, encode(config), media_types.CONFIG),
        layers=(),
        annotations=standard(CONFIG, LOCK, commit, NOON, dirty=dirty),
    )
    return store.put_manifest(encode(manifest), media_types.MANIFEST, tag)


def record_of(digest: Digest, commit: str = COMMIT, verdict: Verdict = Verdict.PASSED) -> Record:
    """A release record."""
    return Record(
        verdict=verdict,
        digest=digest,
        model="digits",
        commit=commit,
        committed="2026-03-04T12:00:00Z",
        branch="main",
        tags=("main",),
        references=("registry.acme.example/digits:main",),
        stages=(Stage(name="build", verdict=Verdict.PASSED, seconds=1.5),),
        who="ada",
        ci="jenkins",
        run_url=INVOCATION.url,
        started="2026-03-04T12:00:00Z",
        finished="2026-03-04T12:01:00Z",
        tool=__version__,
    )


def put_evidence(store: ContentStore, subject: Descriptor, commit: str = COMMIT) -> None:
    """All that a release leaves."""
    passed = Verdict.PASSED
    provenance = statement(CONFIG, LOCK, commit, [subject.digest], INVOCATION)
    attach(store, subject, media_types.IN_TOTO, provenance, created=NOON)
    attach(store, subject, media_types.CYCLONEDX, b"{}", created=NOON)
    attach(store, subject, media_types.SCAN_REPORT, b"{}", created=NOON, verdict=passed)
    attach(store, subject, media_types.TEST_REPORT, b"{}", created=NOON, verdict=passed)
    record = encode_record(record_of(subject.digest, commit))
    attach(store, subject, media_types.RELEASE_RECORD, record, created=NOON, verdict=passed)
