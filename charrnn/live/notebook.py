"""Layer live: a page inside the output of a notebook."""

from html import escape

from charrnn.live.document import MEGABYTE

# A notebook keeps its outputs: a page that is larger is not put into it.
LARGEST = 5.0
HEIGHT = 720  # pixels
BITS = 8  # of each weight


def framed(page: bytes, how: str) -> str:
    """HTML that shows `page` in a frame of its own; of one that is too large for a notebook, a line that says so.

    how   the way to write the page into a file: "charrnn export RUN --html FILE"
    """
    size = len(page) / MEGABYTE
    if size > LARGEST:
        return (f"<p>The page takes {size:.1f} MB, more than the {LARGEST:g} MB that a notebook gets; "
                f"<code>{escape(how)}</code> writes it into a file.</p>")
    return (f'<iframe srcdoc="{escape(page.decode())}" sandbox="allow-scripts" '
            f'style="width: 100%; height: {HEIGHT}px; border: 1px solid #8884; border-radius: 8px"></iframe>')
