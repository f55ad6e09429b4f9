"""Layer settings: the settings of what writes: samples, continuations, a session of writing in turn."""

from dataclasses import dataclass
from typing import ClassVar

from charrnn.errors import SettingsError
from charrnn.settings.bounded import PRECISIONS, Bounded, setting
from charrnn.settings.text import unknown_setting


@dataclass(frozen=True)
class SampleSettings(Bounded):
    """How new text is drawn from a trained network: bias and ban first, then temp, top_k, top_p, min_p."""

    temp: float = setting(0.8, "below 1 plays safe, above 1 takes risks, 0 always takes the most likely", low=0.0,
                          high=100.0)
    temps: tuple[float, ...] = setting((), "a text at each of these temperatures, side by side, with the same seed",
                                       low=0.0, high=100.0, metavar="NUMBER,NUMBER...")
    top_k: int = setting(0, "draw only from the K most likely characters; 0 draws from all", low=0, high=1_114_112)
    top_p: float = setting(1.0, "of those, draw only from the fewest that make up this share of the probability",
                           low=0.0, high=1.0)
    min_p: float = setting(0.0, "of those, draw only from characters at least this many times as probable as the most "
                                "likely one", low=0.0, high=1.0)
    bias: tuple[str, ...] = setting((), "a character becomes likelier (+) or rarer (-) by so many nats; repeatable",
                                    metavar="CHAR=NUMBER")
    ban: tuple[str, ...] = setting((), "characters that are never written; repeatable", metavar="CHARS")
    clamp: tuple[str, ...] = setting(
        (), "steer: hold unit 24 of layer 1 at -1 (a value of tanh c, or of h in a cell without memory), at its mean "
            "and +2sd, or only while characters 100 to 200 are written; repeatable",
        metavar="L1:24=-1|+2sd[@100:200]")
    length: int = setting(500, "characters to write, at most; 0 writes on until it is stopped", low=0, high=10**12)
    min_length: int = setting(0, "characters before which neither a document ends nor --stop stops", low=0,
                              high=10**12)
    stop: tuple[str, ...] = setting((), "end before this text would be written; \\n and \\t are read as in Python; "
                                        "repeatable", metavar="TEXT")
    samples: int = setting(1, "texts to write, side by side; a line --- stands between them, unless each is one line",
                           low=1, high=100_000, letter="n")
    precision: str = setting("float32", "numbers in the products: bf16 writes faster", choices=PRECISIONS)
    seed: int | None = setting(None, "repeats a sample; without it every sample is new", low=0, high=2**63 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.temps and self.temp != SampleSettings.temp:
            raise SettingsError("--temp and --temps contradict each other; give one of them")
        if self.length and self.min_length > self.length:
            raise SettingsError(f"--min-length {self.min_length} is more than --length {self.length}; a text can't be "
                                "both")
        if "" in self.stop:
            raise SettingsError("--stop needs a text; an empty one stands everywhere")


@dataclass(frozen=True)
class CompleteSettings(Bounded):
    """Which continuations of a text are searched for, and how."""

    until: str = setting("word", "where a continuation ends: after its first word, at the end of the line, or at "
                                 "--length", choices=("word", "line", "length"))
    length: int | None = setting(None, "characters of a continuation, at most (default: 32 for a word, 60 for a line, "
                                       "10 for length)", low=1, high=10_000)
    count: int = setting(5, "continuations to show", low=1, high=1000, letter="k")
    beams: int = setting(16, "beginnings that are kept side by side (the width of the beam)", low=1, high=512)
    prove: int = setting(48, "steps to go back to beginnings that were left aside, so that nothing more probable is "
                             "missed; 0 is a plain beam search", low=0, high=10_000)

    @property
    def most(self) -> int:
        """The length that a continuation has at most."""
        return self.length or {"word": 32, "line": 60, "length": 10}[self.until]


@dataclass(frozen=True)
class PlaySettings(SampleSettings):
    """How continuations are drawn in a session of writing; all of them can be changed while it lasts."""

    temps: ClassVar[tuple[float, ...]] = ()  # type: ignore[misc]  # no field here: a continuation has one temperature
    length: int = setting(200, "characters of a continuation, at most; 0 writes on until Ctrl-C", low=0, high=10**12)
    samples: int = setting(4, "continuations to choose from after /branch", low=1, high=100, letter="n")
    seed: int | None = setting(None, "makes the same typed lines give the same text; the first continuation has this "
                                     "seed, each further one the next number", low=0, high=2**63 - 1)
    unknown: str = unknown_setting("; the text keeps what you typed")
