"""Which pharmacies are worth a detour on a leg, to collect stock or to return it."""

from routing.engine.index import Call, Counter, DayIndex, NurseLine, Windows


class Detours:
    """The pharmacies of a day as one nurse may use them; remembers its answers for each leg."""

    def __init__(self, day: DayIndex, line: NurseLine) -> None:
        weights = day.problem.weights
        self.day, self.line = day, line
        self._waiting_is_dearer = weights.idle_mc_per_s > weights.travel_mc_per_s
        self._known: dict[tuple[int, int, bool, tuple[int, ...]], list[Call]] = {}

    def to_collect(self, origin: int, destination: int, ready: tuple[int, ...] = ()) -> list[Call]:
        """Return the pharmacies that may be best for a pickup between two places.

        Their hours are parted at the seconds of `ready` (ascending), at which stock for visits ahead becomes
        ready: the part in which a pickup begins tells which visits it can supply.
        """
        return self._worth_it(origin, destination, False, ready)

    def to_return(self, origin: int, destination: int) -> list[Call]:
        """Return those for a return, closing with her shift: stock is back by its end, overtime or not."""
        return self._worth_it(origin, destination, True, ())

    def _worth_it(self, origin: int, destination: int, returning: bool, ready: tuple[int, ...]) -> list[Call]:
        key = origin, destination, returning, ready
        if key not in self._known:
            calls = [
                self._call(at, counter, returning, ready) for at, counter in enumerate(self.day.counters)
            ]
            self._known[key] = [
                call
                for call in calls
                if call.windows and not any(self._beats(other, call, origin, destination) for other in calls)
            ]
        return self._known[key]

    def _call(self, at: int, counter: Counter, returning: bool, ready: tuple[int, ...]) -> Call:
        windows = parted(counter.windows, ready)
        if returning:
            last_s = self.line.shift_end_s
            windows = tuple((a, min(b, last_s)) for a, b in windows if a <= last_s)
        return Call("return" if returning else "pickup", at, counter.place, windows, counter.handling_s)

    def _beats(self, one: Call, other: Call, origin: int, destination: int) -> bool:
        """Say whether `one` is as open and as quick as `other` and nearer to both ends of the leg.

        Then it costs no more, unless waiting is dearer than driving.
        """
        drive_s = self.day.drive_s
        to_one, to_other = drive_s[origin][one.place], drive_s[origin][other.place]
        from_one, from_other = drive_s[one.place][destination], drive_s[other.place][destination]
        if self._waiting_is_dearer or one.windows != other.windows or one.service_s != other.service_s:
            return False
        if to_one > to_other or from_one > from_other:
            return False
        return (to_one, from_one, one.ref) < (to_other, from_other, other.ref)


def parted(windows: Windows, ready: tuple[int, ...]) -> Windows:
    """Return windows cut in two before each second of `ready` (ascending) that lies inside one."""
    found: list[tuple[int, int]] = []
    for opens_s, closes_s in windows:
        begin_s = opens_s
        for moment_s in ready:
            if begin_s < moment_s <= closes_s:
                found.append((begin_s, moment_s - 1))
                begin_s = moment_s
        found.append((begin_s, closes_s))
    return tuple(found)
