"""Layer cli: options from a file: TOML with the names of the options, read and written.

Every key is an option of the command, whichever those are. `val_fraction` and `val-fraction` are one key; it may stand
at the top, or in the table of its part of the settings, as info --config writes it.
"""

import dataclasses
import difflib
import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from charrnn.cli.options import former_names, note_former
from charrnn.errors import SettingsError
from charrnn.settings import Settings
from charrnn.settings.training import PARTS

# Options that say where a run comes from, or what is said of it, not what it is.
_NO_KEYS = ("config", "resume", "help", "quiet", "verbose")
_COMMENT = 98  # characters in a line of a comment


def read_config(path: str, command: click.Command) -> dict[str, Any]:
    """The options that the file at `path` gives to `command`, by their Python names, checked as on the command line.

    Raises SettingsError, which names the file and the key.
    """
    known, former = _keys(command), former_names(command)
    options: dict[str, Any] = {}
    for written, table, value in _entries(path, _load(path)):
        name = written.replace("-", "_")
        if name in former:
            note_former(f"{path}: {written}", former[name])
            name = former[name]
        where = f"{path}: {written}" if table is None else f"{path}: {written} in [{table}]"
        if name not in known:
            raise SettingsError(f"{path} has {_unknown(written, table, known)}")
        if table is not None and part_of(name) != table:
            right = f"[{part_of(name)}]" if part_of(name) else "the top of the file"
            raise SettingsError(f"{where} belongs to {right}; move it there")
        if name in options:
            raise SettingsError(f"{where} is given twice; keep one of them")
        options[name] = _checked(value, known[name], where)
    return options


def config_text(settings: Settings, command: click.Command, corpus: list[str], comment: str) -> str:
    """A file from which read_config() gives the options of `command` that make the same `settings`."""
    lines = [f"# {comment}", *_assignments({"corpus": corpus} if corpus else {}, {})]
    for spec in dataclasses.fields(settings):
        part = getattr(settings, spec.name)
        helps = {field.name: _help(field) for field in dataclasses.fields(part) if field.name in _keys(command)}
        values = {name: value for name, value in part.to_dict().items() if name in helps and value is not None}
        if values:
            lines += ["", f"[{spec.name}]", *_assignments(values, helps)]
    return "\n".join([*lines, ""])


def part_of(name: str) -> str | None:
    """The part of the settings, and so the table, that has a setting called `name`."""
    return next((part for part, kind in PARTS.items() if name in {field.name for field in dataclasses.fields(kind)}),
                None)


def _keys(command: click.Command) -> dict[str, click.Parameter]:
    return {param.name: param for param in command.params if param.name and param.name not in _NO_KEYS}


def _load(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if not path or "\0" in path:
        raise SettingsError(f"--config {path!r} can't name a file; give the name of one, or leave --config out")
    try:
        # editors on Windows put a mark before the first line
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {(error.strerror or str(error)).lower()}; check the name after "
                            "--config") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8; a config is a text file in TOML") from error
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of very many digits
        raise SettingsError(f"{path} is not valid TOML: {str(error) or 'too many brackets'}; correct it "
                            "there") from error


def _entries(path: str, loaded: Mapping[str, Any]) -> Iterator[tuple[str, str | None, Any]]:
    """(key as it is written, its table or None, value) of everything in the file."""
    for key, value in loaded.items():
        if not isinstance(value, dict):
            yield key, None, value
        elif key in PARTS:
            yield from ((inner, key, inner_value) for inner, inner_value in value.items())
        else:
            raise SettingsError(f"{path} has a table [{key}], which is unknown{_meant(key, list(PARTS))}; there are "
                                f"{', '.join(f'[{name}]' for name in PARTS)}")


def _unknown(written: str, table: str | None, known: Mapping[str, Any]) -> str:
    place = "" if table is None else f" in [{table}]"
    nearest = _meant(written.replace("-", "_"), list(known)) or "; its keys are the names of the options of train"
    return f"{written!r}{place}, which is not an option{nearest}"


def _meant(written: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(written.lower(), known, 1, 0.5)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def _checked(value: Any, param: click.Parameter, where: str) -> Any:
    """The value as the command line would give it; raises SettingsError for one of the wrong type or out of bounds."""
    if param.nargs == -1:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
            raise SettingsError(f"{where} is {_toml(value)}; it must be a list of names in quotes, as in [\"a.txt\"]")
        return tuple(values)
    wanted, words = _type(param)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise SettingsError(f"{where} is {_toml(value)}; it must be {words}")
    try:
        return param.type.convert(value, None, None)
    except click.BadParameter as error:
        raise SettingsError(f"{where}: {error.message.rstrip('.')}") from error


def _type(param: click.Parameter) -> tuple[Any, str]:
    """The type of TOML value that an option takes, and words for it."""
    if isinstance(param, click.Option) and param.is_flag:
        return bool, "true or false"
    if isinstance(param.type, type(click.INT)):
        return int, "a whole number"
    if isinstance(param.type, type(click.FLOAT)):
        return (int, float), "a number"
    return str, "a text in quotes"


def _assignments(values: Mapping[str, Any], helps: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        for line in textwrap.wrap(helps.get(name, ""), _COMMENT):
            yield f"# {line}"
        yield f"{name} = {_toml(value)}"


def _help(spec: dataclasses.Field[Any]) -> str:
    """The help text of a setting, with its choices."""
    choices = spec.metadata["choices"]
    return str(spec.metadata["help"]) + (f" ({', '.join(choices)})" if choices else "")


def _toml(value: Any) -> str:
    """A value as TOML, or as Python writes it where TOML has no such value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's way of writing text, but for one character that TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value) if isinstance(value, (int, float)) else str(value)
