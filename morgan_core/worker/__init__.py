"""Child processes: spawn, supervise, call, stop."""

from __future__ import annotations

from morgan_core.worker.on_demand import OnDemand
from morgan_core.worker.once import run_once
from morgan_core.worker.supervisor import Worker

__all__ = ["OnDemand", "Worker", "run_once"]
