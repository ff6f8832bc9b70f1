"""A long walk through the model: `python -m tests.model --machines 200 --steps 30`.

Another one each time, unless a seed is given. A fault is printed as the steps that lead there.
"""

from __future__ import annotations

import argparse

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.model.chain import Chain
from tests.support.warm import warm_conda


def main() -> None:
    """Walk, and say how far it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=100, help="How many to start.")
    parser.add_argument("--steps", type=int, default=30, help="Of each, at most.")
    parser.add_argument("--seed", type=int, help="To take the same steps again.")
    options = parser.parse_args()
    profile = settings(
        max_examples=options.machines,
        stateful_step_count=options.steps,
        deadline=None,
        database=None,
        print_blob=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    machine = Chain if options.seed is None else seeded(options.seed)(Chain)
    with warm_conda() as Chain.warm:
        try:
            run_state_machine_as_test(machine, settings=profile)
        finally:
            print(f"{Chain.steps} commands of conda, {Chain.refused} of them refused")


if __name__ == "__main__":
    main()
