"""Layer settings: how a network is served to other programs, and within which limits."""

from dataclasses import dataclass

from charrnn.errors import SettingsError
from charrnn.settings.bounded import Bounded, setting


@dataclass(frozen=True)
class ServeSettings(Bounded):
    """Where the server listens, and what one request may ask for."""

    host: str = setting("127.0.0.1", "address to listen on; any other than this one lets other machines in",
                        metavar="ADDRESS", group="Address")
    port: int = setting(8765, "port to listen on; 0 takes a free one", low=0, high=65_535)
    most_characters: int = setting(10_000, "most characters in one request, all its texts together", low=1,
                                   high=10_000_000, group="Limits")
    most_prompt: int = setting(100_000, "characters of a prompt, at most", low=1, high=10_000_000)
    most_waiting: int = setting(16, "requests that may wait while another one is answered; further ones get 429",
                                low=0, high=10_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.host:
            raise SettingsError("--host needs an address; an empty one would let every machine in")
