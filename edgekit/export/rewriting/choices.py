"""Which optional rules lower a network: the default ones, more, or fewer.

Every form is exact; they differ in speed, by network, runtime and processor. In writing, a choice
is ``+rule`` for each rule more and ``-rule`` for each one less, separated by commas.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgekit.errors import UnknownNameError, UsageError
from edgekit.export.rewriting.rules import Menu, Rule


@dataclass(frozen=True)
class Choices:
    """Names of rules, beside the default ones of one stage or several.

    Attributes:
        added: alternatives that are applied first.
        dropped: optional default rules that are left out.
    """

    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The choice in writing; empty for the default."""
        return ",".join([*(f"+{name}" for name in self.added), *(f"-{n}" for n in self.dropped)])

    def rules(self, menu: Menu) -> tuple[Rule, ...]:
        """Return the rules of a stage, where the choice is of that stage alone.

        Raises:
            UnknownNameError: the stage has no such rule to add or to drop.
        """
        self.check(menu)
        extra = {rule.name: rule for rule in menu.alternatives}
        kept = [rule for rule in menu.rules if rule.name not in self.dropped]
        return (*(extra[name] for name in self.added), *kept)

    def check(self, *menus: Menu) -> None:
        """Raise UnknownNameError for a rule that none of the stages has to add or to drop."""
        known = [change for menu in menus for change in menu.changes]
        for change in filter(None, self.text.split(",")):
            if change not in known:
                raise UnknownNameError(f"optional {menus[-1].name} rule", change, known)

    def within(self, menu: Menu) -> Choices:
        """Return the part of the choice that one stage knows."""
        return parse(",".join(each for each in self.text.split(",") if each in menu.changes))

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
