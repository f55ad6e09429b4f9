"""Who has the say: the earlier place, and a choice against its rivals."""

from hypothesis import given
from hypothesis import strategies as st

from charrnn.settings.presets import merge_settings

places = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c", "lr"]), st.integers() | st.none()), max_size=5)


@given(places)
def test_the_earlier_place_has_the_say(places: list[dict[str, int]]) -> None:
    chosen = merge_settings(*places)
    assert chosen.keys() == set().union(*places)
    for name, value in chosen.items():
        assert value == next(place[name] for place in places if name in place)


def test_a_choice_voids_its_rivals_in_later_places() -> None:
    assert merge_settings({"minutes": 5}, {"epochs": 20, "lr": 1}) == {"minutes": 5, "lr": 1}
    assert merge_settings({"lr": 2}, {"epochs": 3}, {"minutes": 5, "epochs": None, "lr": 1}) == {"lr": 2, "epochs": 3}
    assert merge_settings({}, {"minutes": 5, "epochs": 3}) == {"minutes": 5, "epochs": 3}  # whichever ends first
    assert merge_settings() == {}


def test_nothing_is_changed_in_place() -> None:
    first, second = {"minutes": 5}, {"epochs": 20}
    merge_settings(first, second)
    assert (first, second) == ({"minutes": 5}, {"epochs": 20})
