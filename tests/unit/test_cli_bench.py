"""The ``bench`` command and the suite behind it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.benchmarks.base import metric, percentile
from tests.benchmarks.registry import BENCHMARKS, load, names_by_default
from tests.benchmarks.table import line


def run_bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "morgan_tui", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_bench_prints_one_json_object_and_narrates_on_stderr():
    done = run_bench("startup", "--quick", "--json")

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    figure = report["results"]["startup"]["metrics"]["version_ratio"]
    assert {"value", "unit", "bar", "ok", "n", "how"} <= figure.keys()
    assert figure["value"] > 0
    assert report["machine"]["cores"]
    assert "startup.version_ratio" in done.stderr


def test_a_benchmark_that_lacks_its_data_is_skipped_and_not_a_failure(monkeypatch):
    monkeypatch.delenv("MORGAN_BENCH_DATA", raising=False)

    done = run_bench("retrieval", "--json")

    assert done.returncode == 0, done.stderr
    assert "MORGAN_BENCH_DATA" in json.loads(done.stdout)["results"]["retrieval"]["skipped"]


def test_a_benchmark_that_crashes_is_reported_and_the_next_one_runs(tmp_path):
    (tmp_path / "corpus.jsonl").write_text("no json\n")

    done = run_bench("retrieval", "startup", "--quick", "--json", "--beir", str(tmp_path))

    assert done.returncode == 1
    results = json.loads(done.stdout)["results"]
    assert "queries.jsonl" in results["retrieval"]["error"]
    assert results["startup"]["metrics"]


def test_an_unknown_benchmark_is_a_usage_error_that_names_the_known():
    done = run_bench("warp")

    assert done.returncode == 2
    assert all(name in done.stderr for name in ("warp", "startup", "contention"))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_can_be_loaded(name):
    assert callable(load(name))


def test_contention_runs_only_when_asked_for():
    assert set(BENCHMARKS) - set(names_by_default()) == {"contention"}


def test_a_figure_is_ok_on_the_right_side_of_its_bar():
    assert metric(2.9, "×", n=1, how="", bar=3)["ok"] is True
    assert metric(3.1, "×", n=1, how="", bar=3)["ok"] is False
    assert metric(0.97, "×", n=1, how="", bar=0.98, better="more")["ok"] is False
    assert metric(0.99, "×", n=1, how="", bar=0.98, better="more")["ok"] is True
    assert metric(5.0, "ms", n=1, how="")["ok"] is None


def test_percentiles_are_observed_values():
    values = [float(n) for n in range(100, 0, -1)]

    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.95) == 95
    assert percentile([7.0], 0.95) == 7


def test_the_table_shows_missed_bars_failures_and_what_was_skipped():
    missed = metric(1.5, "×", n=3, how="", bar=1.3)

    assert "MISSED" in line("first_paint", {"metrics": {"ratio": missed}})[0]
    assert line("echo", {"error": "no terminal"})[0].endswith("FAILED: no terminal")
    assert line("retrieval", {"skipped": "no data"})[0].endswith("skipped: no data")
