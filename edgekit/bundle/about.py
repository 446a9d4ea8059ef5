"""What no file can tell of a model, for the bill of materials and the model card.

People state it (`read`), and of its own networks edgekit does (`edgekit.bundle.known`): what
nobody says is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import documents, parsing, reading

ADDRESSES = ("download", "repository", "website", "paper")
"""Statements that the bill of materials holds as links."""


@dataclass(frozen=True)
class About:
    """Statements about a model; empty for what nobody states.

    Attributes:
        supplier: who supplies the weights.
        download: address of the weights.
        repository: address of the code that made them.
        website: about the model.
        paper: that describes it.
        datasets: that it was trained on.
        training: how it was trained.
        hyperparameters: of the training.
        intended_use: what it is for.
        domain: where it is applied.
        limitations: what it cannot do.
        ethics: risks for people, and what was done about them.
        safety: assessment of what happens if it errs.
        explainability: how its answers can be explained.
        autonomy: how much people decide where it is used.
        personal_data: whether such data was used to train it.
        standards: that it keeps.
        energy: what training or use of it consumes, in words.
        energy_quantity: the same as a number.
        energy_unit: of that number.
        decision_threshold: of the scores, for a decision.
    """

    supplier: str = ""
    download: str = ""
    repository: str = ""
    website: str = ""
    paper: str = ""
    datasets: tuple[str, ...] = ()
    training: str = ""
    hyperparameters: str = ""
    intended_use: tuple[str, ...] = ()
    domain: str = ""
    limitations: tuple[str, ...] = ()
    ethics: tuple[str, ...] = ()
    safety: str = ""
    explainability: str = ""
    autonomy: str = ""
    personal_data: str = ""
    standards: str = ""
    energy: str = ""
    energy_quantity: str = ""
    energy_unit: str = ""
    decision_threshold: str = ""

    def __post_init__(self) -> None:
        for name in ADDRESSES:
            value = getattr(self, name)
            if any(character.isspace() for character in value):
                raise ValueError(f"{name} is an address, which has no spaces, not {value!r}")


def read(path: Path | None) -> About:
    """Read a TOML file of statements; without one nothing is stated.

    Raises:
        InvalidPathError: it cannot be read.
        RefusedError: it is no TOML, or a key is unknown or of another type (reason "bad-about").
    """
    if path is None:
        return About()
    known = {each.name: each.default for each in fields(About)}
    try:
        document = parsing.toml_of(reading.text(path))
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise RefusedError(f"{path}: it is no TOML: {error}", reason_code="bad-about") from error
    try:
        return documents.decode(About, {**known, **document, **_lists(known, document)})
    except ValueError as error:
        raise RefusedError(f"{path}: {error}", reason_code="bad-about") from error


def _lists(known: dict[str, object], document: dict[str, object]) -> dict[str, object]:
    """Return the lists that nobody gives, in the form of a document."""
    return {name: [] for name, value in known.items() if value == () and name not in document}
