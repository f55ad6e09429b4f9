"""Layer inspection: the types of an exported inspection: the objects of its JSON, which a page has too."""

from typing import Any, TypedDict


class ModelRecord(TypedDict):
    path: str
    sha256: str
    cell: str
    layers: int
    hidden: int
    vocab: int


class TextRecord(TypedDict):
    """chars and warmup are numbers of places."""

    source: str
    chars: int
    warmup: int
    sha256: str


class CheckRecord(TypedDict):
    """The loss in nats of the recording and of evaluation, which should agree."""

    nll_inspect: float | None
    nll_eval: float | None
    agrees: bool


class FindingRecord(TypedDict):
    """A find.Finding."""

    cell: str
    feature: str
    kind: str
    signal: str
    sign: int
    found: float | None
    heldout: float | None
    null95: float | None
    char_alone: float | None
    eta2_char: float | None
    eta2_binned: float | None
    iou: float | None
    iou_null95: float | None
    prevalence: float | None
    theta: float | None
    confirmed: bool
    context: bool


class _CostValues(TypedDict):
    estimate: float | None
    exact: float | None
    se: float | None


class CostRecord(_CostValues, total=False):
    """The cost of ablating a cell: estimated for all cells, measured with its standard error for some.

    signal, places   what was held, c or h, and over how many places
    by               conditions, each with the bits that it costs there, their standard error, and the places
    most             the name of the condition on the next character where it costs most
    """

    signal: str
    places: int
    by: list[list[Any]]
    most: str | None


class _CellValues(TypedDict):
    id: str
    layer: int
    unit: int
    signal: str
    flags: list[str]
    mean: float | None
    std: float | None
    largest: float | None
    tau: float | None
    tau_hold: float | None
    resets: float | None
    memory: float | None
    holds: bool
    eta2_char: float | None
    eta2_bigram: float | None
    sat: dict[str, list[float | None]]
    best: FindingRecord | None
    delta: CostRecord
    steering: dict[str, Any] | None
    wiring: dict[str, Any] | None
    activity: dict[str, Any] | None


class CellRecord(_CellValues, total=False):
    """A cell: its cell_statistics.CellStatistics, and the feature that it follows best.

    sat        by gate, the shares of the places where it is shut and open
    steering, wiring, activity   of the cells whose ablation is measured: whether it steers; what it promotes, and the
                                 cells that write it and read it; where it is on without its feature
    group      on a page: "context", "local", "expecting" or "other"
    """

    group: str


class FeatureRecord(TypedDict):
    name: str
    definition: str
    measure: str
    causal: bool
    own: bool
    tested: bool
    reason: str
    prevalence: float | None
    probe: dict[str, Any] | None


class InspectionRecord(TypedDict):
    format: str
    model: ModelRecord
    text: TextRecord
    check: CheckRecord
    cells: list[CellRecord]
    features: list[FeatureRecord]
    found: list[FindingRecord]
    horizon: dict[str, Any]
    errors: dict[str, Any] | None
    labels: dict[str, Any] | None
    definitions: dict[str, str]
