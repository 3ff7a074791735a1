from __future__ import annotations

from pathlib import Path

from tidegate.project.home import Home


def test_everything_lies_below_the_chosen_home() -> None:
    """$TIDEGATE_HOME wins over all others."""
    home = Home.of({"TIDEGATE_HOME": "/data/tidegate", "HOME": "/home/a", "XDG_DATA_HOME": "/x"})
    places = [home.data, home.cache, home.store, home.advisories, home.registry]
    assert all(place.is_relative_to("/data/tidegate") for place in places)
    assert len(set(places)) == len(places)


def test_a_relative_home_is_made_absolute() -> None:
    """A later change of directory does not move it."""
    assert Home.of({"TIDEGATE_HOME": "here"}).data == Path.cwd() / "here"


def test_without_it_the_platform_says_where() -> None:
    """Data and cache go where the XDG base directories are."""
    assert Home.of({"HOME": "/home/a"}).data == Path("/home/a/.local/share/tidegate")
    assert Home.of({"HOME": "/home/a"}).cache == Path("/home/a/.cache/tidegate")
    assert Home.of({"HOME": "/h", "XDG_CACHE_HOME": "/c"}).cache == Path("/c/tidegate")
    assert Home.of({"HOME": "/h", "XDG_DATA_HOME": "/d"}).data == Path("/d/tidegate")
