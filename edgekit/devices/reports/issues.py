"""What makes a latency doubtful, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from edgekit.devices.settings import WARMER_C
from edgekit.devices.statistics import samples

if TYPE_CHECKING:
    from edgekit.devices.reports.latency import LatencyReport
    from edgekit.runtimes.machine import Conditions

Report = TypeVar("Report")


class Resumed(Protocol):
    """One process of a measurement that may have been started again."""

    @property
    def connections_lost(self) -> int:
        """How often one before it was cut short with the connection to the device."""


class Measured(Protocol):
    """One process of a measurement."""

    @property
    def cooled_secs(self) -> float:
        """How long it waited for the machine to cool down."""

    @property
    def before(self) -> Conditions:
        """The machine's state after that."""

    @property
    def after(self) -> Conditions:
        """The machine's state at the end."""


# Below this many samples even the median of one child scatters by a good part of the spread.
LEAST_SAMPLES = 30
# A 95 % interval wider than this cannot tell apart two files that differ by 5 %.
WIDEST_INTERVAL = 0.05
# About a standard deviation of 10 % of the mean, where other benchmark tools also start to warn.
WIDEST_SPREAD = 0.07
# Fresh processes on a quiet machine differ by up to 6 % (memory layout); this is clearly more.
WIDEST_CHILDREN = 0.10
# A processor that slows by more than this from first to last third is throttling.
LARGEST_DRIFT = 0.05
# With one run in ten interrupted, the upper percentiles measure the scheduler.
LARGEST_INTERRUPTED = 0.10
# Load beyond our own threads, as a share of the cores.
LARGEST_LOAD = 0.5
# Clocks at the end of processes that all computed: a smaller share than this is throttling.
LEAST_CLOCK = 0.9
# One Python call and one clock reading take about 1 us together: 2 % of this.
SHORTEST_MS = 0.05


@dataclass(frozen=True)
class Issue:
    """One reason to read a result with care.

    Attributes:
        code: stable word for the reason.
        message: what was seen, with its number.
        advice: what to do about it.
        doubtful: whether the number itself is in doubt; False for a remark on what it means.
    """

    code: str
    message: str
    advice: str
    doubtful: bool = True


Rule = Callable[["LatencyReport"], Iterator[Issue]]


def find(report: LatencyReport) -> tuple[Issue, ...]:
    """Return every issue of a report, doubts first."""
    return by(_RULES, report)


def by(rules: Iterable[Callable[[Report], Iterator[Issue]]], report: Report) -> tuple[Issue, ...]:
    """Return what rules find in a report of any kind, doubts first."""
    found = [issue for rule in rules for issue in rule(report)]
    return tuple(sorted(found, key=lambda issue: not issue.doubtful))


def _few_runs(report: LatencyReport) -> Iterator[Issue]:
    fewest = min(run.wall_ms.size for run in report.runs)
    if fewest < max(LEAST_SAMPLES, report.settings.num_runs):
        yield Issue(
            "few-runs", f"a child took only {fewest} samples", "raise --max-secs or --num-runs"
        )


def _wide_interval(report: LatencyReport) -> Iterator[Issue]:
    low, high = report.interval_ms
    width = (high - low) / report.median_ms
    if width > WIDEST_INTERVAL:
        yield Issue(
            "wide-interval",
            f"the 95 % interval is {width:.0%} of the median wide",
            "measure on a quieter machine, or raise --min-secs",
        )


def _wide_spread(report: LatencyReport) -> Iterator[Issue]:
    spread = report.mad_ms / report.median_ms
    if spread > WIDEST_SPREAD:
        yield Issue(
            "wide-spread",
            f"the median deviation is {spread:.0%} of the median",
            "stop other programs, or fix the processor's frequency",
        )


def _children_differ(report: LatencyReport) -> Iterator[Issue]:
    medians = report.child_medians_ms
    spread = (max(medians) - min(medians)) / report.median_ms
    if spread > WIDEST_CHILDREN:
        yield Issue(
            "children-differ",
            f"the children's medians lie {spread:.0%} apart",
            "measure again when the machine is at rest",
        )


def _drift(report: LatencyReport) -> Iterator[Issue]:
    worst = max((samples.drift(run.wall_ms) for run in report.runs), key=abs)
    if abs(worst) > LARGEST_DRIFT:
        yield Issue(
            "drift",
            f"within a child the times changed by {worst:+.0%} from first to last third",
            "let the machine cool down" if worst > 0 else "warm up for longer",
        )


def _warm_up(report: LatencyReport) -> Iterator[Issue]:
    restless = sum(not run.warm_up.stationary for run in report.runs)
    if restless:
        yield Issue(
            "warm-up",
            f"the times never stood still in the warm-up of {restless} of "
            f"{len(report.runs)} children",
            "stop other programs, or warm up for longer",
        )


def _governor(report: LatencyReport) -> Iterator[Issue]:
    governors = {g for run in report.runs for g in run.before.governors or ()}
    if governors - {"performance"}:
        yield Issue(
            "governor",
            f"the frequency governor is {', '.join(sorted(governors))}",
            "set it to performance while measuring, or compare only with the same setting",
        )


def _busy(report: LatencyReport) -> Iterator[Issue]:
    interrupted = 1 - report.undisturbed_fraction
    if interrupted > LARGEST_INTERRUPTED:
        yield Issue(
            "busy",
            f"{interrupted:.0%} of the runs were interrupted by other processes",
            "stop other programs, or read the undisturbed median",
        )
    # The lowest: what our own children before left behind has then had the most time to fade.
    loads = [run.before.load_average for run in report.runs]
    known = [load for load in loads if load is not None]
    if known and report.machine.cores is not None:
        least = min(known)
        if least > LARGEST_LOAD * report.machine.cores + report.settings.threads:
            yield Issue(
                "load",
                f"the load average was at least {least:.1f} on {report.machine.cores} cores",
                "stop other programs",
            )


def heat(runs: Sequence[Measured]) -> Iterator[Issue]:
    """Yield what the machine's temperatures and clocks say against runs, in the order taken."""
    starts = [run.before.hottest_c for run in runs]
    known = [degrees for degrees in starts if degrees is not None]
    waited = max(run.cooled_secs for run in runs)
    if known and max(known) - known[0] > WARMER_C:
        yield Issue(
            "heat",
            f"processes started up to {max(known) - known[0]:.0f} C hotter than the first, at "
            f"{known[0]:.0f} C" + (f", after a wait of {waited:.0f} s" if waited else ""),
            "give --cool-down a longer time" if waited else "give --cool-down 60s",
        )
    clocks = [state.frequency_khz for run in runs for state in (run.before, run.after)]
    at_work = [khz for khz in clocks[1::2] if khz is not None]
    if at_work and min(at_work) < LEAST_CLOCK * max(at_work):
        yield Issue(
            "clock",
            f"the highest clock was {max(at_work) / 1e6:.2f} GHz at the end of one process and "
            f"{min(at_work) / 1e6:.2f} GHz at the end of another",
            "fix the processor's frequency, or give --cool-down 60s",
        )


def _heat(report: LatencyReport) -> Iterator[Issue]:
    yield from heat(report.runs)


def connection(runs: Sequence[Resumed]) -> Iterator[Issue]:
    """Yield that runs had to be started again after the connection to the device was lost."""
    lost = sum(run.connections_lost for run in runs)
    if lost:
        yield Issue(
            "connection-lost",
            f"the connection was lost {'once' if lost == 1 else f'{lost} times'}; "
            f"the run{'' if lost == 1 else 's'} that it cut short "
            f"{'was' if lost == 1 else 'were'} dropped and started again",
            "look after the device's power and network: processes before and after may differ",
            doubtful=False,
        )


def _connection(report: LatencyReport) -> Iterator[Issue]:
    yield from connection(report.runs)


def _crowded(report: LatencyReport) -> Iterator[Issue]:
    allowed = min(
        (len(run.before.affinity) for run in report.runs if run.before.affinity), default=0
    )
    if 0 < allowed < report.settings.threads:
        yield Issue(
            "crowded",
            f"{report.settings.threads} threads shared {allowed} "
            f"processor{'' if allowed == 1 else 's'}",
            "use as many threads as processors, or fewer",
        )


def _outputs_differ(report: LatencyReport) -> Iterator[Issue]:
    if len({run.outputs_sha256 for run in report.runs}) > 1:
        yield Issue(
            "outputs-differ",
            "the children computed different outputs from the same inputs",
            "compare the file with its source before using it",
        )


def _timer(report: LatencyReport) -> Iterator[Issue]:
    if report.median_ms < SHORTEST_MS:
        yield Issue(
            "timer",
            f"a run takes {1000 * report.median_ms:.0f} us, too short to time one by one",
            "do not compare differences of a few per cent",
        )


def _delegate(report: LatencyReport) -> Iterator[Issue]:
    info = report.info
    if info.operators_outside:
        yield Issue(
            "outside-delegate",
            f"{info.delegate} leaves {', '.join(info.operators_outside)} to slower kernels",
            "replace these operators if the time matters",
            doubtful=False,
        )
    if info.partitions is not None and info.partitions != 1:
        yield Issue(
            "partitions",
            f"the delegate runs {info.partitions} pieces of the graph, not 1",
            "expect other runtimes and devices to split it elsewhere",
            doubtful=False,
        )


def _virtual(report: LatencyReport) -> Iterator[Issue]:
    if report.machine.virtual:
        yield Issue(
            "virtual-machine",
            "this is a virtual machine, whose host may slow it unseen",
            "compare only what was measured together",
            doubtful=False,
        )


_RULES: tuple[Rule, ...] = (
    _few_runs,
    _wide_interval,
    _wide_spread,
    _children_differ,
    _drift,
    _warm_up,
    _governor,
    _busy,
    _heat,
    _crowded,
    _outputs_differ,
    _timer,
    _delegate,
    _connection,
    _virtual,
)
