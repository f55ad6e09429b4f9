"""Layer runs: the metrics of a run as an event file, which TensorBoard and what reads its files can show.

TensorBoard follows a file that grows, and takes the files of a folder for one log. So a process that trains begins a
new file with all the run's lines so far, and removes those of the processes before it: whatever happened to them, the
newest file is whole.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from charrnn.storage.files import refusals

# What TensorBoard calls them, and what metrics.jsonl does. It puts names with the same beginning side by side.
SCALARS = {"loss/train": "train_loss", "loss/validation": "val_loss", "training/learning_rate": "lr",
           "training/gradient_norm": "norm", "training/characters_a_second": "characters_a_second"}
FILES = "events.out.tfevents.*"
_LARGEST = 2**63 - 1


class EventFile:
    """The file that a run's process writes in the run's folder."""

    def __init__(self, folder: Path, lines: Iterable[dict[str, Any]]) -> None:
        """`lines`: those that metrics.jsonl has already. Raises StorageError where the folder takes no file."""
        from tensorboardX.event_file_writer import EventsWriter

        self._folder, self._step = folder, -1
        with refusals(folder, "the checkpoints are kept"):
            for file in folder.glob(FILES):
                file.unlink()
            self._writer = EventsWriter(str(folder / "events"))
        for line in lines:
            if _is_number(line["step"]):
                self.add(line)

    def add(self, line: dict[str, Any]) -> None:
        """One line of metrics.jsonl. After a rollback its step is not above that of the line before: readers then drop
        what they had from that step on."""
        from tensorboardX.proto.event_pb2 import Event, SessionLog
        from tensorboardX.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=tag, simple_value=line[name]) for tag, name in SCALARS.items()
                  if _is_number(line.get(name))]
        wall_time = line["unix_time"] if _is_number(line.get("unix_time")) else time.time()
        event = {"wall_time": wall_time, "step": line["step"]}
        with refusals(self._folder, "the checkpoints are kept"):
            if line["step"] <= self._step:
                self._writer.write_event(Event(session_log=SessionLog(status=SessionLog.START), **event))
            self._writer.write_event(Event(summary=Summary(value=values), **event))
            self._writer.flush()
        self._step = line["step"]

    def close(self) -> None:
        with refusals(self._folder, "the checkpoints are kept"):
            self._writer.close()


def _is_number(value: object) -> bool:
    """Whether a file can have it: metrics.jsonl lies open, and anything may stand in it."""
    return isinstance(value, (int, float)) and -_LARGEST < value < _LARGEST
