"""An emulated Arm processor: what a file computes there, and how many instructions that takes.

Emulation says nothing about time, so this target takes no job that measures it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgekit.devices.targets.base import Counted, Probe
from edgekit.emulation import instruction_counts, isa
from edgekit.errors import RefusedError, UsageError
from edgekit.processes import answers, child
from edgekit.registry import Registry
from edgekit.runtimes.jobs import CountJob, DescribeJob, Job, ProbeJob, RunJob

_PROCESSORS: Registry[str] = Registry(
    "emulated processor",
    ((name, name) for name in isa.names() if isa.get(name).emulator == "qemu-aarch64"),
    aliases=isa.ALIASES,
)
_TIMELESS = (ProbeJob, DescribeJob, RunJob)


@dataclass(frozen=True)
class QemuTarget:
    """Runs jobs under QEMU, with the same versions of the runtimes as here.

    Attributes:
        name: such as ``qemu:cortex-a76``.
        isa_name: an instruction set of `edgekit.emulation.isa`.
    """

    name: str
    isa_name: str

    @property
    def processor(self) -> str:
        """What is emulated, as part of a sentence: ``Cortex-A76``."""
        return self.isa_name.replace("cortex-a", "Cortex-A")

    def probe(self) -> Probe:
        """Ask the emulated machine for its facts and the runtimes it has."""
        answer = child.call(ProbeJob(), isa=self.isa_name)
        return answers.decoded(Probe, answer)

    def run(self, job: Job, timeout_s: float) -> dict[str, Any]:
        """Run a job that measures no time.

        Raises:
            RefusedError: it would.
        """
        if not isinstance(job, _TIMELESS):
            raise RefusedError(
                f"{self.name} is emulated, so its times say nothing about a device: "
                f"`edgekit latency --target {self.name}` counts instructions instead",
                reason_code="emulated-time",
            )
        return child.call(job, timeout_s, isa=self.isa_name)

    def count(self, job: CountJob, timeout_s: float) -> Counted:
        """Count what each marked run of a job executes."""
        with child.scratch_folder() as folder:
            counts = folder / "counts"
            # Python hashes text otherwise in each process, and does more or less work for it.
            prefix = ("env", instruction_counts.setting(self.isa_name, counts), "PYTHONHASHSEED=0")
            answer = child.call(job, timeout_s, prefix, isa=self.isa_name)
            return Counted(answer, tuple(instruction_counts.read(counts)))


def connect(address: str) -> QemuTarget:
    """Return the emulated processor of that name as a target.

    Raises:
        UsageError: there is no such processor.
    """
    folded = address.casefold()
    if not folded:
        known = (*_PROCESSORS, *_PROCESSORS.aliases)
        raise UsageError(f"qemu: takes a processor: {', '.join(f'qemu:{each}' for each in known)}")
    return QemuTarget(f"qemu:{folded}", _PROCESSORS.find(address))
