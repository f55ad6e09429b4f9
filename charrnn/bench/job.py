"""Layer bench: one measurement in a process of its own: `python -m charrnn.bench.job MODULE:FUNCTION ARGUMENTS`.

The arguments come as a JSON object, the result goes to stdout as one line of JSON.
"""

import importlib
import json
import sys


def main() -> None:
    module, _, function = sys.argv[1].partition(":")
    try:
        result = getattr(importlib.import_module(module), function)(**json.loads(sys.argv[2]))
    except MemoryError:
        sys.exit("not enough memory; choose a smaller shape")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
