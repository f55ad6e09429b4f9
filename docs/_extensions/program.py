"""What the pages take from the program itself: the options in help by group, docstrings, a table of the settings.

Beside that, links out of docs/ into the repository become the names of those files.
"""

import dataclasses
import logging
import os
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import click
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from charrnn import settings

# `name   what it is`: a line of a docstring that explains an argument or an attribute.
EXPLAINS = re.compile(r"(\w[\w, ]*?) {2,}(\S.*)")


def rst(text: str) -> str:
    """Plain text as reStructuredText: what stands in single backticks is code, nothing else means anything."""
    parts = text.split("`")
    return "".join(f"``{part}``" if place % 2 else re.sub(r"([\\*|_])", r"\\\1", part)
                   for place, part in enumerate(parts))


def write_options(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """All options of a command, under the headings and in the words of its --help."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for param in ctx.command.get_params(ctx):
        if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
            groups.setdefault(getattr(param, "group", ""), []).append(record)
    lines[:] = []
    for group, records in groups.items():
        if group:
            lines += [f".. rubric:: {group}", ""]
        for names, help_text in records:
            # Sphinx reads a comma and a space as the end of a name
            lines += [f".. option:: {names.replace(' / ', ', ')}", "", f"    {rst(help_text)}", ""]


def write_text(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """Description and epilogue of a command: Markdown's code marks become reStructuredText's."""
    lines[:] = [*rst("\n".join(lines)).split("\n"), ""]


def drop_arguments(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """Arguments are explained in the description."""
    lines[:] = []


def write_docstring(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Aligned columns become definition lists, so that each argument stands on its own line."""
    lines[:] = list(_with_definitions(lines))


def _with_definitions(lines: list[str]) -> Iterator[str]:
    within = False
    for line in lines:
        found = EXPLAINS.fullmatch(line)
        if found:
            if not within:
                yield ""
            yield from (f"``{found[1]}``", f"    {rst(found[2])}")
            within = True
        elif within and line.startswith("  "):
            yield f"    {rst(line.strip())}"
        else:
            if within and line:
                yield ""
            within = within and not line
            yield line


def name_files(app: Sphinx, name: str, content: list[str]) -> None:
    """Links to files outside docs/, which this documentation does not contain, are replaced by their names."""
    def plain(link: "re.Match[str]") -> str:
        text, target = link[1], link[2].partition("#")[0]
        file = os.path.normpath(PurePosixPath("docs", name).parent / target)
        if not target or ":" in target or file.startswith("docs/"):
            return link[0]
        return f"`{file}`" if text.strip("`") == file else f"{text} (`{file}`)"

    content[0] = re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", plain, content[0])


class SettingsTable(SphinxDirective):
    """`settings-table NetworkSettings`: a row for each of its fields."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        kind = getattr(settings, self.arguments[0])
        rows = ["| name | default | bounds | what it is |", "| --- | --- | --- | --- |"]
        rows += [_row(spec) for spec in dataclasses.fields(kind)]
        holder = nodes.Element()
        self.state.nested_parse(StringList(rows, source=kind.__name__), 0, holder)
        return holder.children


def _row(spec: "dataclasses.Field[Any]") -> str:
    meta = spec.metadata
    bounds = (", ".join(f"`{choice}`" for choice in meta["choices"]) or
              ("" if meta["low"] is None else f"at least {meta['low']}" if meta["high"] is None or meta["high"] >= 10**9
               else f"{meta['low']} to {meta['high']}"))
    default = "automatic" if meta["fitted"] else "" if spec.default in (None, "", ()) else f"`{spec.default}`"
    help_text = re.sub(r"(?<!`)(\\[nt])", r"`\1`", meta["help"])
    cells = (f"`{spec.name}`", default, bounds, help_text[:1].upper() + help_text[1:] + ".")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def setup(app: Sphinx) -> dict[str, bool]:
    # Places in the table of contents are kept for pages that are still to come; the warning has no type to name.
    logging.getLogger("sphinx.sphinx.directives.other").addFilter(
        lambda record: "toctree glob pattern" not in str(record.msg))
    app.connect("source-read", name_files)
    app.add_directive("settings-table", SettingsTable)
    app.connect("sphinx-click-process-options", write_options)
    app.connect("sphinx-click-process-description", write_text)
    app.connect("sphinx-click-process-epilog", write_text)
    app.connect("sphinx-click-process-arguments", drop_arguments)
    app.connect("autodoc-process-docstring", write_docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
