"""Which of a format's optional rules lower a network: the default ones, more, or fewer.

Every form is exact; they differ in speed, by network, runtime and processor. In writing, a choice
is ``+rule`` for each rule more and ``-rule`` for each one less, separated by commas.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgekit.errors import UnknownNameError, UsageError
from edgekit.export.formats import Format
from edgekit.export.rewrite import Rule


@dataclass(frozen=True)
class Choices:
    """Names of rules, beside a format's default ones.

    Attributes:
        added: alternatives of the format that are applied first.
        dropped: optional rules of its default list that are left out.
    """

    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The choice in writing; empty for the default."""
        return ",".join([*(f"+{name}" for name in self.added), *(f"-{n}" for n in self.dropped)])

    def rules(self, target: Format) -> tuple[Rule, ...]:
        """Return the rules that lower to ``target``.

        Raises:
            UnknownNameError: the format has no such rule to add or to drop.
        """
        extra = {rule.name: rule for rule in target.alternatives}
        optional = {rule.name for rule in target.rules if rule.optional}
        _check(self.added, extra, target)
        _check(self.dropped, optional, target)
        kept = [rule for rule in target.rules if rule.name not in self.dropped]
        return (*(extra[name] for name in self.added), *kept)

    def with_one(self, change: str) -> Choices:
        """Return a choice with one more change, ``+rule`` or ``-rule``."""
        more = parse(change)
        return Choices((*self.added, *more.added), (*self.dropped, *more.dropped))


DEFAULT = Choices()


def parse(text: str) -> Choices:
    """Return the choice that a text describes.

    Raises:
        UsageError: a part starts with neither ``+`` nor ``-``.
    """
    added: list[str] = []
    dropped: list[str] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        if part[0] not in "+-" or len(part) == 1:
            raise UsageError(f"a lowering is +RULE and -RULE, separated by commas, not {part!r}")
        (added if part[0] == "+" else dropped).append(part[1:])
    return Choices(tuple(dict.fromkeys(added)), tuple(dict.fromkeys(dropped)))


def changes(target: Format) -> list[str]:
    """Return every single change of a format's rules, in writing."""
    dropped = [f"-{rule.name}" for rule in target.rules if rule.optional]
    return [*(f"+{rule.name}" for rule in target.alternatives), *dropped]


def _check(names: Iterable[str], known: Iterable[str], target: Format) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(f"optional {target.name} rule", name, known)
