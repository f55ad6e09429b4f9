"""Layer cli: `charrnn corpora`: the texts that have a name of their own, and classics to fetch."""

import sys

import click

from charrnn.cli.checkpoints import offer_classics
from charrnn.cli.options import GroupedCommand, option
from charrnn.errors import CorpusError


@click.group(invoke_without_command=True)
@option("--json", "in_json", is_flag=True, help="print one JSON object, in place of the table")
@click.pass_context
def corpora(context: click.Context, in_json: bool) -> None:
    """List the texts that have a name: those that come with charrnn, those that come with Python, and classics.

    `charrnn train @NAME` trains on one of them. The last three columns are n-gram entropies: the bits that a character
    has left once the 0, 1 or 2 characters before it are known. A trained network should do better. In a short text
    they look smaller than they are.
    """
    if context.invoked_subcommand is not None:
        if in_json:
            raise click.UsageError("--json belongs to the list; leave it out.")
        return
    from charrnn.render.corpora import corpora_json, corpora_table
    from charrnn.render.screen import screen_for
    from charrnn.text.measures import measured_texts

    texts = measured_texts()
    screen_for().show([corpora_json(texts)] if in_json else corpora_table(texts))


@corpora.command(cls=GroupedCommand, short_help="Fetch classics from the internet.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=offer_classics)
def fetch(names: tuple[str, ...]) -> None:
    """Fetch classics from the internet: `charrnn corpora fetch shakespeare`. The name `all` fetches all of them.

    They are in the public domain, and come from addresses that do not change. A download that is cut off goes on where
    it ended. What arrives is compared with a checksum. It is kept in the user's data folder.
    """
    from charrnn.render.progress import ProgressBar
    from charrnn.text.classics import CLASSICS
    from charrnn.text.fetch import fetch_classic

    wanted = list(CLASSICS) if "all" in names else list(dict.fromkeys(name.removeprefix("@") for name in names))
    if unknown := [name for name in wanted if name not in CLASSICS]:
        raise CorpusError(f"there is no classic called {unknown[0]!r} to fetch; there are {', '.join(CLASSICS)}")
    for name in wanted:
        with ProgressBar(words=f"fetching @{name}", unit="B") as bar:
            path = fetch_classic(name, bar.show)
        print(f"@{name} is in {path}", file=sys.stderr)
    print(f"next: charrnn train @{wanted[0]}", file=sys.stderr)
