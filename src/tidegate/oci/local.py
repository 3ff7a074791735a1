"""The local store: a layout whose large layers are recipes over files that stay where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tidegate.errors import SourceChanged
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout, make_folder, referrer, replacing
from tidegate.oci.manifest import decode_manifest
from tidegate.oci.recipe import Recipe
from tidegate.oci.store import Readable, find_manifest


class LocalStore(Layout):
    """A layout that also answers for blobs known only by their recipe."""

    def recipe_path(self, digest: Digest) -> Path:
        return self.path / "recipes" / digest.algorithm / digest.hex

    def put_recipe(self, digest: Digest, recipe: Recipe) -> None:
        """Remember how to stream the blob with this digest; the caller has hashed it."""
        self.prepare()
        path = self.recipe_path(digest)
        make_folder(path.parent)
        with replacing(path) as stream:
            stream.write(recipe.to_json())

    def recipe(self, digest: Digest) -> Recipe | None:
        """The recipe of a blob, or None when it is stored as bytes or not at all."""
        path = self.recipe_path(digest)
        try:
            return Recipe.from_json(path.read_bytes(), str(path))
        except FileNotFoundError:
            return None

    def blob_size(self, digest: Digest) -> int | None:
        size = super().blob_size(digest)
        if size is not None:
            return size
        recipe = self.recipe(digest)
        if recipe is None:
            return None
        try:
            recipe.check()
        except SourceChanged:
            return None
        return recipe.size

    def open_blob(self, digest: Digest, offset: int = 0) -> Readable:
        # Bytes come first: they stay right when the files of a recipe change.
        recipe = None if self.blob_path(digest).exists() else self.recipe(digest)
        return super().open_blob(digest, offset) if recipe is None else recipe.open(offset)

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        value = decode_manifest(data, media_type, f"manifest for {self.path}")
        if value.subject is not None:
            self._remember_referrer(value.subject.digest, Digest.of(data))
        return super().put_manifest(data, media_type, tag)

    def referrers(self, subject: Digest, artifact_type: str | None = None) -> Sequence[Descriptor]:
        """As in any layout, but only the manifests that are known to refer to the subject are read."""
        found = []
        for entry in sorted(self._referrers_path(subject).glob("sha*/*")):
            document = find_manifest(self, Digest(f"{entry.parent.name}:{entry.name}"))
            # Without one, its process ended before the manifest was stored.
            if document is not None:
                value = decode_manifest(document.data, document.media_type, str(document.digest))
                found.append(referrer(document.descriptor, value))
        return [d for d in found if artifact_type in {None, d.artifact_type}]

    def _referrers_path(self, subject: Digest) -> Path:
        return self.path / "referrers" / subject.algorithm / subject.hex

    def _remember_referrer(self, subject: Digest, digest: Digest) -> None:
        self.prepare()
        path = self._referrers_path(subject) / digest.algorithm / digest.hex
        make_folder(path.parent)
        with replacing(path):
            pass
