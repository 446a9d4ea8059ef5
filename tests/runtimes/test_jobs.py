"""Jobs: what one side writes the other reads, and their files can be moved."""

from __future__ import annotations

import json

import pytest

from edgekit.runtimes import jobs
from edgekit.runtimes.jobs import (
    CompareJob,
    CountJob,
    DescribeJob,
    Job,
    JobFile,
    MeasureJob,
    OtherKernelsJob,
    ProbeJob,
    ProfileJob,
    RunJob,
    ServeJob,
    SustainJob,
)

FILE = ("tflite", "a.tflite", 2)
TIMES = (0, 50, 1.0, 30.0, 5, 0.5)  # seed, runs and seconds
TWO = (JobFile("tflite", "a.tflite"), JobFile("onnxruntime", "b.onnx"))
JOBS = {
    ProbeJob(): [],
    DescribeJob(*FILE): ["a.tflite"],
    RunJob(*FILE, inputs="in.zip", outputs="out.zip", exact_sums=True): ["a.tflite"],
    OtherKernelsJob(*FILE, inputs="in.zip", outputs="out.zip", reference=True): ["a.tflite"],
    ServeJob(*FILE, exact_sums=False): ["a.tflite"],
    MeasureJob(*FILE, *TIMES, cpus="0,1", cool_to_c=43.0, cool_down_secs=30.0): ["a.tflite"],
    CompareJob(TWO, 1, 7, *TIMES): ["a.tflite", "b.onnx"],
    SustainJob(*FILE, seed=0, secs=10.0, window_secs=1.0): ["a.tflite"],
    CountJob(*FILE, seed=0, num_runs=5, warmup_runs=3): ["a.tflite"],
    ProfileJob(*FILE, *TIMES, operator_secs=0.01, files=TWO[:1], repeats=((2, 12), (1, 3))): [
        "a.tflite", "a.tflite",
    ],
}  # fmt: skip


def test_every_kind_of_job_is_here() -> None:
    assert {job.task for job in JOBS} == set(jobs._KINDS)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.task)
def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    line = job.to_json()
    assert "\n" not in line
    assert json.loads(line)["task"] == job.task
    assert jobs.read(line).to_json() == line
    assert type(jobs.read(line)) is type(job)


@pytest.mark.parametrize(("job", "paths"), JOBS.items(), ids=lambda each: getattr(each, "task", ""))
def test_all_files_of_a_job_can_be_moved(job: Job, paths: list[str]) -> None:
    seen = []

    def move(path: str) -> str:
        seen.append(path)
        return f"there/{path}"

    moved = job.moved(move)
    assert seen == paths
    assert moved.to_json().count("there/") == len(paths)
    assert moved.moved(lambda path: path.removeprefix("there/")).to_json() == job.to_json()


def test_jobs_of_other_versions_are_noticed() -> None:
    with pytest.raises(KeyError):
        jobs.read('{"task": "nonsense"}')
    with pytest.raises(TypeError, match="colour"):
        jobs.read('{"task": "probe", "colour": "red"}')
