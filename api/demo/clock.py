"""The demo's own time: it begins at a chosen moment and then runs as fast as everybody's.

So the morning that was played fits the clock whatever the real hour is: one visit is late, one nurse is
on her way, and so it stays plausible for as long as the demo is looked at.
"""

import time
from datetime import datetime, timedelta


class DemoClock:
    """A clock that showed `began_at` when it was made.

    The machine's monotonic clock is the same in a forked server process, so all of them agree.
    """

    def __init__(self, began_at: datetime) -> None:
        if began_at.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self.began_at = began_at
        self.zero_s = time.monotonic()

    def now(self) -> datetime:
        """Return the demo's present moment in UTC."""
        return self.began_at + timedelta(seconds=time.monotonic() - self.zero_s)
