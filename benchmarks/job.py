"""One measurement in a process of its own: `python -m benchmarks.job MODULE.FUNCTION ARGUMENTS`.

The arguments come as a JSON object, the result goes to stdout as one line of JSON.
"""

import importlib
import json
import sys


def main() -> None:
    module, function = sys.argv[1].split(".")
    result = getattr(importlib.import_module(f"benchmarks.{module}"), function)(**json.loads(sys.argv[2]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
