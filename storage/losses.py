"""What was found damaged at a start, and what became of it: a note in `damaged/`, until somebody has looked.

A note names files, cases by their reference, and numbers: never a person, never what anybody typed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from storage.atomic import LAST, remove_file, replace_file

DAMAGED = "damaged"
#: Behind the name of a damaged file: the note about it.
NOTE = ".note"


@dataclass(frozen=True, slots=True)
class Loss:
    """*file* is its path in the folder. *gone*: it was not there, though its copy was. *events* are those that the
    good copy of a case has, *known* those that it had at the least, 0 where nobody knows. *same*: the copy was made
    with the file, so that nothing is lost.
    """

    file: str
    restored: bool
    gone: bool = False
    reference: str = ""
    events: int = 0
    known: int = 0
    same: bool = False

    def __str__(self) -> str:
        which = f"{self.file}{f' (case {self.reference})' if self.reference else ''}"
        found = f"{which} was {'gone' if self.gone else 'damaged'}"
        if not self.restored:
            return f"{found}, and there is no good copy of it"
        if not self.reference:
            return f"{found}; its last good copy is back, {self._lost()}"
        return f"{found}; its last good copy is back, with {_counted(self.events)}, {self._lost()}"

    def _lost(self) -> str:
        if self.same:
            return "and nothing is lost"
        if self.known > self.events:
            return f"and {_counted(self.known - self.events)} after that, or one more, must be recorded again"
        if self.known and self.known == self.events:
            return "and as far as is known no event is lost, but what was sent last may go out again"
        return "and perhaps its last change is lost"


def _counted(events: int) -> str:
    return f"{events} event{'' if events == 1 else 's'}"


def write_note(folder: Path, aside: str, loss: Loss) -> None:
    """Beside the damaged file *aside* of `damaged/`, durable when it returns. Raises OSError."""
    replace_file(folder / DAMAGED / f"{aside}{NOTE}", json.dumps(asdict(loss)).encode("ascii"))


def losses(folder: Path) -> list[Loss]:
    """What nobody has looked at yet, by name: who has deleted the damaged file has looked. Raises OSError."""
    names = set(_names(folder))
    noted = {name.removesuffix(NOTE): _read(folder / DAMAGED / name) for name in names if name.endswith(NOTE)}
    found = [loss for name, loss in noted.items() if loss.gone or name in names]
    copies = {f"{name}{LAST}" for name in noted}  # damaged, too, and set aside with their file
    left = names - noted.keys() - copies - {f"{name}{NOTE}" for name in noted}
    return sorted(found + [Loss(f"{DAMAGED}/{name}", restored=False) for name in left], key=lambda loss: loss.file)


def seen(folder: Path) -> tuple[list[Loss], list[Loss]]:
    """Removes the damaged files whose good copy is back, with their notes: (those, what stays to be looked at).

    Raises OSError.
    """
    over: list[Loss] = []
    for name in _names(folder):
        if name.endswith(NOTE) and (loss := _read(folder / DAMAGED / name)).restored:
            remove_file(folder / DAMAGED / name.removesuffix(NOTE), folder / DAMAGED / name)
            over.append(loss)
    return over, losses(folder)


def _names(folder: Path) -> Sequence[str]:
    aside = folder / DAMAGED
    return sorted(x.name for x in aside.iterdir() if not x.name.startswith(".")) if aside.is_dir() else []


def _read(note: Path) -> Loss:
    """Of a note that cannot be read only the name is known."""
    try:
        kept = json.loads(note.read_bytes())
        return Loss(**{field.name: kept[field.name] for field in fields(Loss)})
    except (ValueError, KeyError, TypeError):
        return Loss(f"{DAMAGED}/{note.name.removesuffix(NOTE)}", restored=False)
