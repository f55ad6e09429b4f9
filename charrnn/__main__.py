"""Layer __main__: `python -m charrnn` is the command `charrnn`."""

from charrnn.cli.main import main

if __name__ == "__main__":
    main()
