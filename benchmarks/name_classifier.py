"""The classifier of names that PyTorch's tutorial trains, by its recipe (docs.pytorch.org/tutorials/intermediate/
char_rnn_classification_tutorial.html, in its long-standing form): one RNN layer of 128, plain letters as one-hot
vectors, one name a step, its class drawn first and then the name, SGD at 0.005, 100,000 steps.
"""

import random
import string
import unicodedata
from collections.abc import Sequence

import torch
from torch import nn

LETTERS = string.ascii_letters + " .,;'"
HIDDEN, RATE, STEPS = 128, 0.005, 100_000


class NameClassifier(nn.Module):
    """The state after the last letter says the class."""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__()
        self.labels = list(labels)
        self.rnn, self.out = nn.RNN(len(LETTERS), HIDDEN), nn.Linear(HIDDEN, len(labels))

    def forward(self, name: torch.Tensor) -> torch.Tensor:
        """Log-probabilities (1, classes) of a name (letters, LETTERS)."""
        _, state = self.rnn(name)
        return torch.log_softmax(self.out(state), dim=-1)

    def label(self, name: str) -> str:
        with torch.no_grad():
            return self.labels[int(self(one_hot(name)).argmax())]


def one_hot(name: str) -> torch.Tensor:
    """(letters, LETTERS): accents are dropped, and what is no letter then; a space where nothing is left."""
    plain = [letter for letter in unicodedata.normalize("NFD", name) if letter in LETTERS] or [" "]
    return nn.functional.one_hot(torch.tensor([LETTERS.index(letter) for letter in plain]), len(LETTERS)).float()


def trained_classifier(pairs: Sequence[tuple[str, str]], seed: int, steps: int = STEPS) -> NameClassifier:
    """Trained on (label, name)."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    names: dict[str, list[torch.Tensor]] = {}
    for label, name in pairs:
        names.setdefault(label, []).append(one_hot(name))
    model = NameClassifier(sorted(names))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(steps):
        number = rng.randrange(len(model.labels))
        loss = nn.functional.nll_loss(model(rng.choice(names[model.labels[number]])), torch.tensor([number]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
