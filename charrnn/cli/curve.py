"""Floor 7: a small curve in plain characters. Points by their sign come in, lines of text go out."""

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 60, 10


def curve(series: Mapping[str, Sequence[tuple[float, float]]], unit: str) -> list[str]:
    """The (x, y) points of each series, drawn with its sign; later series lie on top. Lowest y at the bottom."""
    points = [point for part in series.values() for point in part]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    span_x, span_y = (max(xs) - min(xs)) or 1.0, (high - low) or 1.0
    field = [[" "] * WIDTH for _ in range(HEIGHT)]
    for sign, part in series.items():
        for x, y in part:
            column = round((x - min(xs)) / span_x * (WIDTH - 1))
            field[round((high - y) / span_y * (HEIGHT - 1))][column] = sign
    labels = {0: f"{high:.2f}", HEIGHT - 1: f"{low:.2f}"}
    lines = [f"{labels.get(row, ''):>7} |{''.join(cells).rstrip()}" for row, cells in enumerate(field)]
    start, end = f"{min(xs):.3g}", f"{max(xs):.3g} {unit}"
    return [*lines, f"{'':>7} +{'-' * WIDTH}", f"{'':>9}{start}{end:>{WIDTH - len(start)}}"]
