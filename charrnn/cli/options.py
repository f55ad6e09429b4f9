"""Layer cli: command line options made from the fields of the settings.

What goes in is a settings class; what comes out is one option a field, `--val-fraction` for `val_fraction`,
with the field's default, bounds and help.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import click

from charrnn.settings import Bounded

Function = TypeVar("Function", bound=Callable[..., Any])
Chosen = TypeVar("Chosen", bound=Bounded)

HIGH_ENOUGH = 10**9  # an upper bound from here on only keeps nonsense out, and is not worth reading


def settings_options(*classes: type[Bounded]) -> Callable[[Function], Function]:
    """A decorator that gives a command the options of all `classes`, in the order of their fields."""

    def decorate(function: Function) -> Function:
        # Click lists options in the reverse of the order in which they are put on.
        for kind in reversed(classes):
            for spec in reversed(_fields(kind)):
                function = _option(kind, spec)(function)
        return function

    return decorate


def settings_from(kind: type[Chosen], options: Mapping[str, Any]) -> Chosen:
    """The settings of class `kind` among the `options` that a command was called with; it may have others.

    What is not among them keeps its default.
    """
    return kind(**{spec.name: options[spec.name] for spec in _fields(kind) if spec.name in options})


class SettingOption(click.Option):
    """An option that words its bounds for people: `1 to 16`, `at least 0`."""

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        if isinstance(self.type, (click.IntRange, click.FloatRange)):
            extra["range"] = range_words(self.type)
        return extra


class Whole(click.IntRange):
    """A whole number within bounds, refused in the words of help."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return _within(self, click.INT.convert(value, param, ctx), param, ctx)


class Number(click.FloatRange):
    """A number within bounds, refused in the words of help; click's own range lets `nan` through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return _within(self, click.FLOAT.convert(value, param, ctx), param, ctx)


class Numbers(click.ParamType):
    """Several numbers within bounds, with commas between them."""

    name = "numbers"

    def __init__(self, bounds: Number) -> None:
        self.bounds = bounds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        return tuple(self.bounds.convert(part.strip(), param, ctx) for part in value.split(","))


def _within(kind: Whole | Number, number: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
    if not (kind.min or 0) <= number <= (kind.max or math.inf):
        kind.fail(f"{number} is out of bounds: {range_words(kind)}.", param, ctx)
    return number


def range_words(bounds: click.IntRange | click.FloatRange) -> str:
    """`1 to 16`, `at least 0`."""
    low, high = _plain(bounds.min), _plain(bounds.max)
    return f"at least {low}" if high >= HIGH_ENOUGH else f"{low} to {high}"


def _fields(kind: type[Bounded]) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(kind)  # type: ignore[arg-type]


def _option(kind: type[Bounded], spec: dataclasses.Field[Any]) -> Callable[[Function], Function]:
    meta = spec.metadata
    if isinstance(spec.default, bool):
        name = spec.name.replace("_", "-")
        return click.option(f"--{name}/--no-{name}", spec.name, default=spec.default, help=meta["help"])
    value_type, metavar = _value_type(get_type_hints(kind)[spec.name], meta)
    if isinstance(spec.default, tuple):
        return _several(spec, value_type, metavar)
    letter = [f"-{meta['letter']}"] if meta["letter"] else []
    return click.option(*letter, "--" + spec.name.replace("_", "-"), spec.name, cls=SettingOption, type=value_type,
                        metavar=metavar, default=spec.default,
                        show_default="fits text and time" if meta["fitted"] else spec.default is not None,
                        help=meta["help"])


def _several(spec: dataclasses.Field[Any], value_type: click.ParamType,
             metavar: str | None) -> Callable[[Function], Function]:
    """An option for several values: numbers with commas between, or texts, each with the option's name again."""
    name, help_text = "--" + spec.name.replace("_", "-"), spec.metadata["help"]
    if isinstance(value_type, Number):
        return click.option(name, spec.name, type=Numbers(value_type), metavar=spec.metadata["metavar"], default=(),
                            show_default=False, help=help_text)
    return click.option(name, spec.name, type=value_type, metavar=metavar, multiple=True, help=help_text)


def _value_type(hint: Any, meta: Mapping[str, Any]) -> tuple[click.ParamType, str | None]:
    """How a value is read, and what stands for it in the help text (None: click's own words)."""
    if meta["choices"]:
        return click.Choice(meta["choices"]), None
    # `float | None` and `tuple[float, ...]` read floats: None can't be typed, it is what an option left out gives.
    plain = next((part for part in get_args(hint) if part not in (NoneType, Ellipsis)), hint)
    if plain is int:
        return Whole(meta["low"], meta["high"]), "INTEGER"
    if plain is float:
        return Number(meta["low"], meta["high"]), "NUMBER"
    return click.STRING, meta["metavar"] or "TEXT"


def _plain(bound: float | None) -> float:
    """The bound without a needless `.0`; one that is not set is as good as infinite."""
    if bound is None:
        return HIGH_ENOUGH
    return int(bound) if bound == int(bound) else bound
