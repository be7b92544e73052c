"""The custody benchmark measures what it says, in small."""

from benchmarks.custody import measure, table_row


def test_a_small_run_counts_every_event_and_one_winner():
    told = measure("sqlite", events=8, clients=2, racers=4)
    assert told["race"] == {"stored": 1, "claim": 3}
    assert told["statements"] <= 22  # the usual lever: look at what was added
    assert "| 1 of 4 |" in table_row(told)
