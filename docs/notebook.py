"""Writes walkthrough.ipynb, the walkthrough as a notebook without outputs: `make notebook`."""

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# A block of Python, and the output that the page shows behind it.
CODE = re.compile(r"```python\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def notebook(text: str) -> str:
    """The page as the JSON of a notebook: a cell for each stretch of text and each block of Python."""
    cells = []
    for number, part in enumerate(CODE.split(text)):
        if part.strip():
            cell: dict[str, Any] = {"cell_type": "markdown", "id": f"cell-{number}", "metadata": {},
                                    "source": part.strip().splitlines(keepends=True)}
            if number % 2:
                cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
            cells.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}, "nbformat": 4,
             "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (HERE / "walkthrough.ipynb").write_text(notebook((HERE / "walkthrough.md").read_text(encoding="utf-8")),
                                            encoding="utf-8")
