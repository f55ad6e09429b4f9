"""Layer cli: command line options made from the fields of the settings, and help that lists them by group.

What goes in is a settings class; what comes out is one option a field, `--val-fraction` for `val_fraction`,
with the field's default, bounds, help and group.
"""

import dataclasses
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import click

from charrnn.cli.group import HELP
from charrnn.errors import shortened
from charrnn.settings import Bounded

Function = TypeVar("Function", bound=Callable[..., Any])
Given = TypeVar("Given")

HIGH_ENOUGH = 10**9  # an upper bound from here on only keeps nonsense out, and is not worth reading


def settings_options(*classes: type[Bounded], group: str = "") -> Callable[[Function], Function]:
    """A decorator that gives a command the options of all `classes`, in the order of their fields.

    group   the heading over those that have none of their own
    """

    def decorate(function: Function) -> Function:
        # Click lists options in the reverse of the order in which they are put on.
        for kind in reversed(classes):
            title, made = group, []
            for spec in _fields(kind):
                title = spec.metadata["group"] or title
                if not spec.metadata["decided"]:
                    made.append(_option(kind, spec, title))
            for put_on in reversed(made):
                function = put_on(function)
        return function

    return decorate


def settings_from(kind: type[Given], options: Mapping[str, Any]) -> Given:
    """The dataclass `kind` made of those of the `options` of a command that are its fields; others keep their default.
    """
    return kind(**{spec.name: options[spec.name] for spec in _fields(kind) if spec.name in options})


def is_default(name: str) -> bool:
    """Whether an option of the command that runs was left at its default."""
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.DEFAULT


def option(*names: str, group: str = "", **attributes: Any) -> Callable[[Function], Function]:
    """An option of a command itself, under the heading `group` in its help."""
    return click.option(*names, cls=SettingOption, group=group, **attributes)


def label_option(function: Function) -> Function:
    """The option --label, of commands that read or write texts with a network that may have labels."""
    return option("--label", metavar="LABEL", group="Label",
                  help="of a network that was trained with --labels: read and write texts of this label, of a blend "
                       "such as Irish:0.7,Greek:0.3, or of numbers such as 0.2,0.4,0.9 (default: the average of all)"
                  )(function)


def checkpoint_and_file(names: tuple[str, ...]) -> tuple[str | None, str]:
    """The checkpoint, if one is named, and the file with a text."""
    if not names:
        raise click.UsageError("Missing argument 'FILE'; - reads standard input.")
    if len(names) > 2:
        raise click.UsageError(f"A checkpoint and a text are wanted, at most; got {len(names)} names.")
    return (names[0] if len(names) == 2 else None), names[-1]


def with_option(function: Function) -> Function:
    """The option --with, of commands that several networks may predict for together."""
    return option("--with", "others", metavar="CHECKPOINT", multiple=True, group="Several networks",
                  help="average the predicted probabilities with those of this run too, which has the same vocabulary; "
                       "repeatable")(function)


class SettingOption(click.Option):
    """An option with a group, perhaps an old name, and bounds in words: `1 to 16`, `at least 0`."""

    def __init__(self, *arguments: Any, group: str = "", formerly: str = "", **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.group, self.formerly = group, formerly

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        if isinstance(self.type, (click.IntRange, click.FloatRange)):
            extra["range"] = range_words(self.type)
        return extra


class GroupedCommand(click.Command):
    """A command whose help lists options by group, and which still understands the old names of some.

    Each has --quiet and --verbose; one that talks with a person has neither.
    """

    def __init__(self, name: str | None, *, params: Sequence[click.Parameter] = (), talks: bool = False,
                 **attributes: Any) -> None:
        attributes.setdefault("context_settings", HELP)  # without it, what -h is depends on who asks first
        super().__init__(name, params=[*params, *([] if talks else _message_options())], **attributes)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        old = {f"--{former}": f"--{now.replace('_', '-')}" for former, now in former_names(self).items()}
        end = args.index("--") if "--" in args else len(args)
        found = {}
        for place, argument in enumerate(args[:end]):
            name, equals, value = argument.partition("=")
            if name in old:
                args[place] = old[name] + equals + value
                found[name] = old[name]
        for name, new in found.items():
            note_former(name, new)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {"": []}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                groups.setdefault(getattr(param, "group", ""), []).append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title or "Options"):
                    formatter.write_dl(records)


def _message_options() -> list[click.Parameter]:
    quiet = SettingOption(["-q", "--quiet"], is_flag=True, is_eager=True, expose_value=False, callback=_hush,
                          group="Messages", help="show results and errors only, no notes and no progress")
    verbose = SettingOption(["-v", "--verbose"], is_flag=True, is_eager=True, expose_value=False, callback=_log,
                            group="Messages", help="also show log messages: files that are read and saved, caches")
    return [quiet, verbose]


def _hush(context: click.Context, param: click.Parameter, is_given: bool) -> None:
    if is_given:
        from charrnn.render.streams import be_quiet

        context.call_on_close(be_quiet())


def _log(context: click.Context, param: click.Parameter, is_given: bool) -> None:
    if is_given:
        from charrnn.render.log import show_log

        context.call_on_close(show_log())


def former_names(command: click.Command) -> dict[str, str]:
    """The old names of options, and the Python names of what they are now."""
    return {param.formerly: str(param.name) for param in command.params
            if isinstance(param, SettingOption) and param.formerly}


def note_former(old: str, new: str) -> None:
    """Says what an old name is now."""
    print(f"note: {old} is now called {new}", file=sys.stderr)


class Whole(click.IntRange):
    """A whole number within bounds, refused in the words of help."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            number = click.INT.convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        return _within(self, number, param, ctx)


class Number(click.FloatRange):
    """A number within bounds, refused in the words of help; click's own range lets `nan` through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            number = click.FLOAT.convert(value, param, ctx)
        except OverflowError:  # a whole number in a config
            number = math.inf if value > 0 else -math.inf
        except click.BadParameter:
            self.fail(f"{value!r} is not a number.", param, ctx)
        return _within(self, number, param, ctx)


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
        high = _plain(kind.max)
        words = f"at most {high:,}" if number > HIGH_ENOUGH <= high else range_words(kind)
        kind.fail(f"{shortened(number)} is out of bounds: {words}.", param, ctx)
    return number


def range_words(bounds: click.IntRange | click.FloatRange) -> str:
    """`1 to 16`, `at least 0`."""
    low, high = _plain(bounds.min), _plain(bounds.max)
    return f"at least {low}" if high >= HIGH_ENOUGH else f"{low} to {high}"


def _plain(bound: float | None) -> float:
    """The bound without a needless `.0`; one that is not set is as good as infinite."""
    if bound is None:
        return HIGH_ENOUGH
    return int(bound) if bound == int(bound) else bound


def _fields(kind: type[Any]) -> Iterator[dataclasses.Field[Any]]:
    return iter(dataclasses.fields(kind))


def _option(kind: type[Bounded], spec: dataclasses.Field[Any], group: str) -> Callable[[Function], Function]:
    meta, name = spec.metadata, "--" + spec.name.replace("_", "-")
    shared: dict[str, Any] = {"group": group, "formerly": meta["formerly"], "help": meta["help"]}
    if isinstance(spec.default, bool):
        return option(f"{name}/--no-{name[2:]}", spec.name, default=spec.default, **shared)
    value_type, metavar = _value_type(get_type_hints(kind)[spec.name], meta)
    shared |= {"type": value_type, "metavar": metavar}
    if isinstance(spec.default, tuple):  # numbers with commas between, or texts, each with the option's name again
        if isinstance(value_type, Number):
            shared |= {"type": Numbers(value_type), "metavar": meta["metavar"], "default": (), "show_default": False}
        return option(name, spec.name, multiple=not isinstance(value_type, Number), **shared)
    letter = [f"-{meta['letter']}"] if meta["letter"] else []
    return option(*letter, name, spec.name, default=spec.default,
                  show_default="automatic" if meta["fitted"] else spec.default is not None, **shared)


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
