"""The child process that runs a model: one JSON job in, one JSON answer out.

It needs Python, numpy and one runtime beside the files of this room, which
`edgekit.processes.worker_archive` packs. The job is one line on stdin; stdin then stays open, and
its closing means that the parent is gone, so the worker ends itself. The answer is the last line
of stdout.

The jobs are those of `edgekit.runtimes.jobs`. "serve" alone goes on after its answer: sets of
inputs arrive on stdin, and the outputs of each go to stdout (see `edgekit.runtimes.arrays`), until
stdin closes.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter_ns
from typing import IO, Any, NoReturn

import numpy as np

from edgekit import runtimes
from edgekit.errors import EdgekitError
from edgekit.runtimes import count_marks, jobs, machine, start_up, timing
from edgekit.runtimes.arrays import read_sets, receive_set, send_set, write_sets
from edgekit.runtimes.base import ModelInfo, Session, TensorInfo, batch_one
from edgekit.runtimes.operators import Operator, OperatorTime


def main() -> int:
    """Read the job from stdin, do it, and write the answer; return the exit status.

    Runtimes that are named as arguments are imported before there is a job.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a runtime prints from here on cannot end up in the answer
    requests = os.fdopen(0, "rb", closefd=False)
    for name in sys.argv[1:]:
        with suppress(EdgekitError):  # the job will say so
            runtimes.import_runtime(name)
    line = requests.readline()
    try:
        job = jobs.read(line)
        cpus = getattr(job, "cpus", None)
        if cpus:
            machine.pin(cpus)
        if isinstance(job, jobs.ServeJob):
            _serve(job, requests, answers)
        threading.Thread(target=_end_with_parent, args=(requests,), daemon=True).start()
        _write_line(answers, _TASKS[job.task](job))
    except Exception as error:
        _write_line(answers, {"error": _describe_error(error)})
        return 1
    return 0


def _write_line(answers: IO[bytes], answer: Mapping[str, Any]) -> None:
    answers.write(json.dumps(answer, allow_nan=False).encode() + b"\n")
    answers.flush()


def _end_with_parent(requests: IO[bytes]) -> None:
    requests.read()
    os._exit(1)


def _serve(job: jobs.ServeJob, requests: IO[bytes], answers: IO[bytes]) -> NoReturn:
    # Reading apart from running notices at once that the parent is gone, however long a run is.
    waiting: SimpleQueue[dict[str, np.ndarray]] = SimpleQueue()
    threading.Thread(target=_receive_all, args=(requests, waiting), daemon=True).start()
    session = _load_to_answer(job)
    _write_line(answers, {"model": asdict(session.info())})
    while True:
        send_set(answers, session.run(waiting.get()))


def _receive_all(requests: IO[bytes], waiting: SimpleQueue[dict[str, np.ndarray]]) -> None:
    try:
        for line in iter(requests.readline, b""):
            waiting.put(receive_set(json.loads(line), requests))
    finally:
        os._exit(0)  # the parent has all it wanted, or is gone


def _describe_error(error: Exception) -> dict[str, str]:
    if isinstance(error, EdgekitError):
        kind, message, reason = type(error).__name__, str(error), error.reason_code
    else:
        first_line = (str(error).splitlines() or [""])[0]
        kind, message, reason = "WorkerError", f"{type(error).__name__}: {first_line}", ""
    return {"type": kind, "message": message, "reason_code": reason}


def _probe(_job: jobs.ProbeJob) -> dict[str, Any]:
    return {"machine": asdict(machine.facts()), "runtimes": runtimes.installed()}


def _describe(job: jobs.DescribeJob) -> dict[str, Any]:
    return {"model": asdict(_load(job).info())}


def _run(job: jobs.RunJob) -> dict[str, Any]:
    session = _load_as_written(job) if job.as_written else _load_to_answer(job)
    results = (session.run(feeds) for feeds in read_sets(Path(job.inputs)))
    write_sets(Path(job.outputs), results)
    answer = {"model": asdict(session.info())}
    if job.other_outputs:
        del session  # of two copies of a model one at a time is enough
        feeds = next(read_sets(Path(job.inputs)))
        answer |= _on_other_kernels(job, feeds, Path(job.other_outputs), reference=True)
    return answer


def _other_kernels(job: jobs.OtherKernelsJob) -> dict[str, Any]:
    (feeds,) = read_sets(Path(job.inputs))
    return _on_other_kernels(job, feeds, Path(job.outputs), reference=job.reference)


def _on_other_kernels(
    job: jobs.FileJob, feeds: Mapping[str, np.ndarray], outputs: Path, *, reference: bool
) -> dict[str, Any]:
    rows, results = [], []
    for name, load in runtimes.other_kernels(job.runtime).items():
        if name == "reference" and not reference:
            continue
        try:
            results.append(load(Path(job.path), job.threads).run(feeds))
            trouble = ""
        except NotImplementedError:
            continue
        except (EdgekitError, RuntimeError, ValueError) as error:
            results.append({})
            trouble = (str(error).splitlines() or [type(error).__name__])[0]
        rows.append({"name": name, "trouble": trouble})
    write_sets(outputs, results)
    return {"kernels": rows}


def _measure(job: jobs.MeasureJob) -> dict[str, Any]:
    cooled_secs = _cool_down(job)
    facts, before = machine.facts(), machine.conditions()
    session, begun = start_up.start(
        job, lambda made: made.set_inputs(seeded_inputs(made.inputs(), job.seed))
    )
    checksum = _checksum(session.outputs())
    warm_up = timing.warm_up(session.invoke, job.warmup_runs, job.warmup_secs)
    peak_memory = machine.peak_memory_bytes()  # before the samples themselves take memory
    samples = timing.sample(session.invoke, job.num_runs, job.min_secs, job.max_secs)
    return {
        "model": asdict(session.info()),
        "machine": asdict(facts),
        "run": {
            "samples": asdict(samples),
            "warm_up": asdict(warm_up),
            **asdict(begun),
            "peak_memory_bytes": peak_memory,
            "outputs_sha256": checksum,
            "cooled_secs": cooled_secs,
            "connections_lost": 0,  # a target that started it again says how often
            "before": asdict(before),
            "after": asdict(machine.conditions()),
        },
    }


def _cool_down(job: jobs.MeasureJob | jobs.CompareJob) -> float:
    """Wait as long as the job says, at most; return the seconds."""
    if job.cool_to_c is None:
        return 0.0
    return machine.cool_down(job.cool_to_c, job.cool_down_secs)


def _compare(job: jobs.CompareJob) -> dict[str, Any]:
    cooled_secs = _cool_down(job)
    facts, before = machine.facts(), machine.conditions()
    # Where a file lies in memory changes its speed a little, so the order of loading changes too.
    order = random.Random(job.order_seed).sample(range(len(job.files)), len(job.files))  # noqa: S311
    loaded = {
        number: runtimes.load(job.files[number].runtime, job.files[number].path, job.threads)
        for number in order
    }
    sessions = [loaded[number] for number in range(len(job.files))]
    infos = [session.info() for session in sessions]
    checksums, warm_ups = [], []
    for session, info in zip(sessions, infos):  # noqa: B905 -- Python 3.9
        session.set_inputs(seeded_inputs(info.inputs, job.seed))
        session.invoke()
        checksums.append(_checksum(session.outputs()))
        warm_ups.append(timing.warm_up(session.invoke, job.warmup_runs, job.warmup_secs))
    blocks = timing.sample_in_turns(
        [session.invoke for session in sessions],
        job.num_runs,
        job.min_secs,
        job.max_secs,
        job.order_seed,
    )
    return {
        "models": [asdict(info) for info in infos],
        "machine": asdict(facts),
        "run": {
            "blocks": [asdict(block) for block in blocks],
            "warm_ups": [asdict(each) for each in warm_ups],
            "outputs_sha256": checksums,
            "cooled_secs": cooled_secs,
            "connections_lost": 0,  # a target that started it again says how often
            "before": asdict(before),
            "after": asdict(machine.conditions()),
        },
    }


def _sustain(job: jobs.SustainJob) -> dict[str, Any]:
    facts = machine.facts()
    session = _load(job)
    info = session.info()
    session.set_inputs(seeded_inputs(info.inputs, job.seed))
    session.invoke()
    windows, states = [], [machine.conditions()]
    start = perf_counter_ns()
    end_s = 0.0
    while end_s < job.secs:
        # No more than the samples of one window are held, however long this takes.
        samples = timing.sample(session.invoke, 1, job.window_secs, job.window_secs)
        end_s = (perf_counter_ns() - start) / 1e9
        windows.append(timing.window(samples, end_s))
        states.append(machine.conditions())
    return {
        "model": asdict(info),
        "machine": asdict(facts),
        "windows": [asdict(window) for window in windows],
        "states": [asdict(state) for state in states],
    }


def _profile(job: jobs.ProfileJob) -> dict[str, Any]:
    facts, before = machine.facts(), machine.conditions()
    session = _load(job)
    info = session.info()
    session.set_inputs(seeded_inputs(info.inputs, job.seed))
    warm_up = timing.warm_up(session.invoke, job.warmup_runs, job.warmup_secs)
    samples = timing.sample(session.invoke, job.num_runs, job.min_secs, job.max_secs)
    del session  # of two copies of a model one at a time is enough
    operators, times = _operator_times(job, info)
    return {
        "model": asdict(info),
        "machine": asdict(facts),
        "operators": [asdict(operator) for operator in operators],
        "run": {
            "samples": asdict(samples),
            "warm_up": asdict(warm_up),
            "times": [asdict(time) for time in times],
            "connections_lost": 0,  # a target that started it again says how often
            "before": asdict(before),
            "after": asdict(machine.conditions()),
        },
    }


def _operator_times(
    job: jobs.ProfileJob, info: ModelInfo
) -> tuple[Sequence[Operator], Sequence[OperatorTime]]:
    if not job.files:
        from edgekit.runtimes.ort import profile as ort_profile

        feeds = seeded_inputs(info.inputs, job.seed)
        return ort_profile.profile(Path(job.path), job.threads, feeds, job.num_runs)
    from edgekit.runtimes.litert import profile

    return (), profile.measure(
        Path(job.files[0].path),
        job.repeats,
        job.threads,
        lambda model: _safe_inputs(model, job.seed),
        job.operator_secs,
    )


def _safe_inputs(info: ModelInfo, seed: int) -> dict[str, np.ndarray]:
    """Return random inputs, but zeros where they could be sizes or indices of operators."""
    return {
        name: np.zeros_like(array) if array.dtype.name in ("int32", "int64") else array
        for name, array in seeded_inputs(info.inputs, seed).items()
    }


def _count(job: jobs.CountJob) -> dict[str, Any]:
    session = _load(job)
    info = session.info()
    session.set_inputs(seeded_inputs(info.inputs, job.seed))
    count_marks.marked_runs(session.invoke, job.warmup_runs, job.num_runs)
    return {"model": asdict(info), "outputs_sha256": _checksum(session.outputs())}


_TASKS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "probe": _probe,
    "describe": _describe,
    "run": _run,
    "other-kernels": _other_kernels,
    "measure": _measure,
    "compare": _compare,
    "sustain": _sustain,
    "count": _count,
    "profile": _profile,
}


def _load_as_written(job: jobs.FileJob) -> Session:
    from edgekit.runtimes.ort import session

    return session.load(Path(job.path), job.threads, exact_sums=True, as_written=True)


def _load_to_answer(job: jobs.RunJob | jobs.ServeJob) -> Session:
    if not job.float16:
        return _load(job, exact_sums=job.exact_sums)
    runtimes.import_runtime(job.runtime)  # says so if it is missing
    from edgekit.runtimes.litert import compiled

    return compiled.load(Path(job.path), job.threads, float16=True)


def _load(job: jobs.FileJob, *, exact_sums: bool = False) -> Session:
    return runtimes.load(job.runtime, job.path, job.threads, exact_sums=exact_sums)


def seeded_inputs(inputs: Sequence[TensorInfo], seed: int) -> dict[str, np.ndarray]:
    """Return one random array per input: floats standard normal, integers over their range.

    Integers of 32 and 64 bits that stand for no real numbers may be indices, so they are 0 or 1.

    Raises:
        RefusedError: an input's shape is open in more than the batch.
    """
    generator = np.random.default_rng(seed)
    return {tensor.name: _random(generator, tensor) for tensor in inputs}


def _random(generator: np.random.Generator, tensor: TensorInfo) -> np.ndarray:
    dtype, shape = np.dtype(tensor.dtype), batch_one(tensor)
    if dtype.kind == "f":
        return generator.standard_normal(shape).astype(dtype)
    if dtype.kind == "b":
        return generator.integers(0, 2, shape).astype(dtype)
    if dtype.itemsize >= 4 and tensor.scale is None:
        return generator.integers(0, 2, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def _checksum(outputs: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for chunk in _in_order(outputs):
        digest.update(chunk)
    return digest.hexdigest()


def _in_order(outputs: Mapping[str, np.ndarray]) -> Iterator[bytes]:
    for name in sorted(outputs):
        yield name.encode()
        yield np.ascontiguousarray(outputs[name]).tobytes()
