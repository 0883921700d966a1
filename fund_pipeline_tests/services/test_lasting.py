"""Processes that last hold no more garbage than they must."""

import subprocess
import sys

COUNT = """
import gc, time
from fund_pipeline.services import lasting
lasting.SETTLED_SECONDS = 0.1
lasting.settle()
while not gc.get_freeze_count():
    time.sleep(0.05)
print(gc.get_threshold() == lasting.GARBAGE)
most = 0
class Cycle:
    def __init__(self):
        self.me = self
for number in range(200_000):
    Cycle()
    if not number % 1000:
        most = max(most, sum(isinstance(one, Cycle) for one in gc.get_objects()))
print(most)
"""


def test_what_stays_is_passed_over_and_garbage_does_not_pile_up() -> None:
    told = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == "True"
    assert int(told[1]) <= 10_000, "objects wait for the collector"
