"""Layer settings: how text is written: samples, completions, play."""

from dataclasses import dataclass
from typing import ClassVar, TypedDict

from charrnn.errors import SettingsError
from charrnn.settings.bounded import PRECISIONS, Bounded, setting
from charrnn.settings.text import unknown_setting


@dataclass(frozen=True)
class SampleSettings(Bounded):
    """How new text is drawn from a trained network: bias and ban first, then temp, top_k, top_p, min_p."""

    temp: float = setting(0.8, "temperature: below 1 safer, above 1 more varied, 0 always the most likely", low=0.0,
                          high=100.0, group="Choosing characters")
    temps: tuple[float, ...] = setting((), "one sample per temperature, side by side, same seed", low=0.0, high=100.0,
                                       metavar="NUMBER,NUMBER...")
    top_k: int = setting(0, "draw only from the K most likely characters; 0: from all", low=0, high=1_114_112)
    top_p: float = setting(1.0, "of those, draw only from the fewest that together have this probability", low=0.0,
                           high=1.0)
    min_p: float = setting(0.0, "of those, draw only from characters at least this fraction as probable as the most "
                                "likely one", low=0.0, high=1.0)
    bias: tuple[str, ...] = setting((), "raise (+) or lower (-) the logit of a character by this many nats; repeatable",
                                    metavar="CHAR=NUMBER")
    ban: tuple[str, ...] = setting((), "never write these characters; repeatable", metavar="CHARS")
    clamp: tuple[str, ...] = setting(
        (), "hold unit 24 of layer 1 at -1 (tanh c, or h in a cell without memory), or at its mean plus 2 standard "
            "deviations; with @ only while characters 100 to 200 are written; repeatable",
        metavar="L1:24=-1|+2sd[@100:200]")
    length: int = setting(500, "most characters to write; 0: until it is stopped", low=0, high=10**12,
                          group="Length and number of texts")
    min_length: int = setting(0, "characters to write before a document may end or --stop applies", low=0, high=10**12)
    stop: tuple[str, ...] = setting((), "end before this text, which is not printed; \\n and \\t: line end and tab; "
                                        "repeatable", metavar="TEXT")
    samples: int = setting(1, "samples to write, with a line --- between them unless each is one line", low=1,
                           high=100_000, letter="n")
    precision: str = setting("float32", "number format of the weights; bf16 writes faster", choices=PRECISIONS,
                             group="Seed and speed")
    seed: int | None = setting(None, "the same seed gives the same sample; default: a new one each time", low=0,
                               high=2**63 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.temps and self.temp != SampleSettings.temp:
            raise SettingsError("--temp and --temps contradict each other; give one of them")
        if self.length and self.min_length > self.length:
            raise SettingsError(f"--min-length {self.min_length} is more than --length {self.length}; a text can't be "
                                "both")
        if "" in self.stop:
            raise SettingsError("--stop needs a text; an empty one stands everywhere")


class SampleOptions(TypedDict, total=False):
    """The fields of SampleSettings that Python takes by name; methods have length and samples as arguments."""

    temp: float
    temps: tuple[float, ...]
    top_k: int
    top_p: float
    min_p: float
    bias: tuple[str, ...]
    ban: tuple[str, ...]
    clamp: tuple[str, ...]
    min_length: int
    stop: tuple[str, ...]
    precision: str
    seed: int | None


@dataclass(frozen=True)
class CompleteSettings(Bounded):
    """Which continuations of a text are searched for, and how."""

    until: str = setting("word", "where a continuation ends: after its first word, at the end of the line, or at "
                                 "--length", choices=("word", "line", "length"))
    length: int | None = setting(None, "most characters in a continuation (default: 32 for a word, 60 for a line, "
                                       "10 for length)", low=1, high=10_000)
    count: int = setting(5, "continuations to show", low=1, high=1000, letter="k")
    beams: int = setting(16, "width of the beam: paths that are followed side by side", low=1, high=512)
    prove: int = setting(48, "most steps to spend on paths that the beam left aside, to prove that nothing more "
                             "probable was missed; 0: a plain beam search", low=0, high=10_000)

    @property
    def most(self) -> int:
        """The length that a continuation has at most."""
        return self.length or {"word": 32, "line": 60, "length": 10}[self.until]


@dataclass(frozen=True)
class TranslateSettings(CompleteSettings):
    """Which targets of a source are searched for, and how."""

    until: ClassVar[str] = "line"  # type: ignore[misc]  # a target ends with its line
    length: int = setting(200, "most characters in a target", low=1, high=10_000)
    count: int = setting(1, "targets to show for each source", low=1, high=1000, letter="k")


@dataclass(frozen=True)
class PlaySettings(SampleSettings):
    """How continuations are drawn in play; all of them can be changed while it lasts."""

    temps: ClassVar[tuple[float, ...]] = ()  # type: ignore[misc]  # no field here: a continuation has one temperature
    length: int = setting(200, "most characters in a continuation; 0: until Ctrl-C", low=0, high=10**12)
    samples: int = setting(4, "continuations to choose from after /branch", low=1, high=100, letter="n")
    seed: int | None = setting(None, "the same typed lines give the same text; the first continuation uses this seed, "
                                     "each further one the next number", low=0, high=2**63 - 1)
    unknown: str = unknown_setting("; the text keeps what you typed", group="Your text")
