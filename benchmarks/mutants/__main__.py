"""Drop each condition of each rule in turn; the tests that name the rule must notice.

Of the rewrite rules, and of those that say which values share an encoding.

``python -m benchmarks.mutants [RULE...]`` prints the survivors: those that neither the tests of the
rule notice nor the wider witnesses of its operators. `harmless.py` says of some why no test can
notice them; each of the others asks for a specimen. Each mutant runs in a fork, so that nothing is
imported twice.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import inspect
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FunctionType, ModuleType

from benchmarks.mutants import harmless, mutations, own_tests, witnesses
from edgekit.export import lowering
from tests.export.rules import test_canonical_forms, test_lowering, test_near_misses
from tests.specimens.rules import SPECIMENS
from tests.specimens.rules.canonical import CASES
from tests.specimens.rules.further_away import FURTHER_AWAY

_LONGEST_S = 60  # of processor time
_EFFECTS: tuple[tuple[Sequence[str], Callable[[str, Path], None]], ...] = (
    (test_lowering.CANONICAL, test_lowering.test_canonical_rule_keeps_outputs_and_has_its_effect),
    (test_lowering.TFLITE, test_lowering.test_tflite_rule_keeps_outputs_and_has_its_effect),
    (
        test_lowering.STORED,
        test_lowering.test_rule_on_what_is_stored_keeps_outputs_and_has_its_effect,
    ),
    (
        test_lowering.IN_ONNX,
        test_lowering.test_onnx_alternative_keeps_outputs_in_standard_operators,
    ),
    (test_lowering.INTEGER, test_lowering.test_integer_rule_keeps_outputs_in_standard_operators),
)


def main() -> int:
    """Try all mutants, or those of the rules named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="rules; all if none is given")
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    for module in _rules(asked.names):
        name = module.__name__.rpartition(".")[2]
        if _fails(functools.partial(_run_tests, name), module, None):
            raise SystemExit(f"the tests of {name} fail without any mutant")
        heard: list[tuple[witnesses.Witness, str]] | None = None
        for mutant in mutations.of(inspect.getsource(module)):
            reason = harmless.REASONS.get(name, {}).get(mutant.words)
            if reason is not None:
                counts["harmless"] += 1
                continue
            if _fails(functools.partial(_run_tests, name), module, mutant):
                counts["noticed"] += 1
                continue
            if heard is None:
                heard = [(witness, witness()) for witness in _witnesses(name)]
            if _fails(functools.partial(_hear_again, heard), module, mutant):
                counts["noticed by others"] += 1
            else:
                counts["survive"] += 1
                print(f"{name}: {mutant.words}  (line {mutant.line})", flush=True)
    print(", ".join(f"{count} {word}" for word, count in counts.items()))
    return 0


def _rules(names: Sequence[str]) -> list[ModuleType]:
    paths = sorted(Path(lowering.__file__).parent.glob("*.py"))
    modules = [
        importlib.import_module(f"edgekit.export.lowering.{path.stem}")
        for path in paths
        if path.stem in test_lowering.RULES
    ]
    every = [*modules, *own_tests.modules()]
    return [each for each in every if not names or each.__name__.rpartition(".")[2] in names]


def _fails(tests: Callable[[], None], module: ModuleType, mutant: mutations.Mutant | None) -> bool:
    """Run tests in a fork that has the mutant."""
    child = os.fork()
    if child == 0:
        # A rule that never comes to rest is noticed, too.
        signal.setitimer(signal.ITIMER_PROF, _LONGEST_S)
        with Path(os.devnull).open("w") as nowhere:
            for stream in (1, 2):
                os.dup2(nowhere.fileno(), stream)
        try:
            if mutant is not None:
                _install(module, mutant)
            tests()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def _install(module: ModuleType, mutant: mutations.Mutant) -> None:
    """Give every function of the module the code of the mutant; the rule holds the function."""
    scratch: dict[str, object] = dict(vars(module))
    exec(compile(mutant.tree, module.__file__ or "mutant", "exec"), scratch)  # noqa: S102  # our own module
    mutated = dict(_functions(scratch, module))
    for name, function in _functions(vars(module), module):
        function.__code__ = mutated[name].__code__


def _functions(
    names: Mapping[str, object], module: ModuleType
) -> Iterator[tuple[str, FunctionType]]:
    """Yield the functions that a module's text defines, those of its classes too."""
    for name, thing in names.items():
        if isinstance(thing, type) and thing.__module__ == module.__name__:
            for inner, function in _functions(vars(thing), module):
                yield f"{name}.{inner}", function
            continue
        found = thing.fget if isinstance(thing, property) else thing
        if isinstance(found, FunctionType) and found.__code__.co_filename == module.__file__:
            yield name, found


def _run_tests(name: str) -> None:
    own_tests.run(name)
    if name in own_tests.ENCODINGS:
        return
    for stage, rule in test_lowering.CASES:
        if rule == name:
            test_lowering.test_rule_fires_on_its_specimen(stage, name)
    with tempfile.TemporaryDirectory() as folder:
        for names, test in _EFFECTS:
            if name in names:
                test(name, Path(folder))
        if f"+{name}" in lowering.TFLITE.changes:
            test_lowering.test_tflite_choice_keeps_outputs(f"+{name}", Path(folder))
    for case in witnesses.further(name):
        test_near_misses.test_rule_is_right_where_its_specimen_says_nothing(case)
    for form in test_near_misses.FORMS:
        if form.partition(":")[0] == name:
            test_near_misses.test_rule_is_right_one_step_away_from_another_form(form)
    test_near_misses.test_rule_is_right_one_step_away_from_its_specimen(name)
    for form in witnesses.forms(name):
        with tempfile.TemporaryDirectory() as folder:
            test_canonical_forms.test_forms_are_found(form, Path(folder))


def _witnesses(name: str) -> Iterator[witnesses.Witness]:
    if name in own_tests.ENCODINGS:
        return iter(())
    texts = [FURTHER_AWAY[case][0] for case in witnesses.further(name)]
    texts += [CASES[form][0] for form in witnesses.forms(name)]
    return witnesses.of(witnesses.operators_of(SPECIMENS[name].text, *texts))


def _hear_again(heard: Sequence[tuple[witnesses.Witness, str]]) -> None:
    for witness, word in heard:
        if witness() != word:
            raise AssertionError


if __name__ == "__main__":
    sys.exit(main())
