"""The local store: a layout whose large layers are recipes over files that stay where they lie."""

from __future__ import annotations

from pathlib import Path

from tidegate.errors import SourceChanged
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout, replacing
from tidegate.oci.recipe import Recipe
from tidegate.oci.store import Readable


class LocalStore(Layout):
    """A layout that also answers for blobs known only by their recipe."""

    def recipe_path(self, digest: Digest) -> Path:
        return self.path / "recipes" / digest.algorithm / digest.hex

    def put_recipe(self, digest: Digest, recipe: Recipe) -> None:
        """Remember how to stream the blob with this digest; the caller has hashed it."""
        self.prepare()
        path = self.recipe_path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
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
        recipe = self.recipe(digest)
        return super().open_blob(digest, offset) if recipe is None else recipe.open(offset)
