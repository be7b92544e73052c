"""A day for OR-Tools' routing library: guided local search on a day encoded as closely as it allows.

What it takes as it is: drive times, several windows a visit, shifts, priced overtime, longest durations,
breaks (as intervals on the time dimension), eligibility, penalties, continuity (as arc costs a nurse),
pharmacy before the first controlled visit and lock-box capacity (as a stock dimension whose slack opens
only at a pickup), waiting (as a price on the span of a route, driving and service discounted).

What it takes only roughly: two pharmacies a nurse instead of all, double visits at the begin that the
greedy day agreed, handling time and breaks priced like waiting; return of stock and fairness not at all.
Therefore `routing.engine.baseline.guided` times its order of visits again exactly.

All matrices are registered; there is no Python callback on any arc (with callbacks the first solution
takes ten times as long).
"""

from itertools import pairwise
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from routing.engine.budget import Budget, OnProgress, Progress
from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster

_library: Any = pywrapcp  # its Python face carries no types

PHARMACIES_A_NURSE = 2
TIMING_SHARE, TIMING_MOST_S = 0.03, 1.0  # of what is left of the budget: kept for the exact timing after it
FAILURES, MOST_ROUNDS = 1_000, 200  # a day too small to search further fails at once, again and again
RESTORE_SHARE, RESTORE_MOST_S = 0.1, 1.0  # for reading the greedy day, which otherwise eats the whole limit


class LibraryModel:
    """A day encoded for the library. Nodes: visits, then (nurse, pharmacy) pickups, then nurses' places."""

    def __init__(self, day: DayIndex, greedy: Roster) -> None:
        self.day, self.greedy = day, greedy
        self.pickups = self._pickups()
        count = len(day.visits) + len(self.pickups)
        ends = sorted({place for line in day.nurses for place in (line.start, line.end)})
        self._place = [
            *(line.place for line in day.visits),
            *(day.counters[counter].place for _, counter in self.pickups),
            *ends,
        ]
        self._busy_s = [
            *(line.service_s for line in day.visits),
            *(day.counters[counter].handling_s for _, counter in self.pickups),
            *(0 for _ in ends),
        ]
        node_of = {place: count + index for index, place in enumerate(ends)}
        self.manager = _library.RoutingIndexManager(
            len(self._place),
            len(day.nurses),
            [node_of[line.start] for line in day.nurses],
            [node_of[line.end] for line in day.nurses],
        )
        self.model = _library.RoutingModel(self.manager)
        self._add_time()
        self._add_stock()
        self._add_costs()
        self._add_visits()

    def search(self, seed: int, budget: Budget, on_progress: OnProgress) -> list[list[int]] | None:
        """Search from the greedy day; return each nurse's visit positions in order, or None."""
        parameters = _library.DefaultRoutingSearchParameters()
        parameters.first_solution_strategy = (
            routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
        )
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        restore_s = min(RESTORE_MOST_S, RESTORE_SHARE * budget.left_s)
        if budget.iterations is not None:
            restore_s = budget.left_s  # rounds are counted: no clock may decide
        parameters.time_limit.FromMilliseconds(max(1, int(restore_s * 1000)))
        solver = self.model.solver()
        self.model.AddSearchMonitor(solver.FailuresLimit(FAILURES * (budget.iterations or MOST_ROUNDS)))
        self.model.CloseModelWithParameters(parameters)
        solver.ReSeed(seed)
        self._watch(budget, on_progress)
        # The library keeps Python's lock while it searches. This limit, asked at every neighbour, lets other
        # threads run now and then, among them the one that hears "hand in now".
        self.model.AddSearchMonitor(solver.CustomLimit(budget.hand_in.is_set))
        start = self.model.ReadAssignmentFromRoutes(self._start_routes(), True)
        search_s = budget.left_s - min(TIMING_MOST_S, TIMING_SHARE * budget.left_s)
        parameters.time_limit.FromMilliseconds(max(1, int(search_s * 1000)))
        if budget.iterations is not None:
            parameters.solution_limit = budget.iterations
        if start is None:
            solution = self.model.SolveWithParameters(parameters)
        else:
            solution = self.model.SolveFromAssignmentWithParameters(start, parameters)
        return None if solution is None else self._routes(solution)

    def _watch(self, budget: Budget, on_progress: OnProgress) -> None:
        best = [self.greedy.total_mc]
        visits = [self.manager.NodeToIndex(visit) for visit in range(len(self.day.visits))]

        def at_solution() -> None:
            # The library prices handling and breaks as waiting and every served second of service; what is
            # shown here is its own figure less the served seconds, close to the exact one that follows.
            left = [v for v, index in enumerate(visits) if self.model.ActiveVar(index).Max() == 0]
            served_mc = sum(self._served_mc(v) for v in range(len(visits))) - sum(map(self._served_mc, left))
            cost_mc = self.model.CostVar().Max() - served_mc
            if cost_mc < best[0]:
                best[0] = cost_mc
                on_progress(
                    Progress(
                        seconds=round(budget.used_s, 3),
                        cost_mc=cost_mc,
                        unassigned=len(left),
                        doing="guided local search",
                    )
                )

        self.model.AddAtSolutionCallback(at_solution)

    def _served_mc(self, visit: int) -> int:
        """Return what the span of a route prices for a visit's service, which the day does not price."""
        return self.day.problem.weights.idle_mc_per_s * self.day.visits[visit].service_s

    def _pickups(self) -> list[tuple[int, int]]:
        """Return the (nurse, pharmacy) pairs to encode: those the greedy day uses, then the nearest home."""
        day, found = self.day, []
        position = {pharmacy.id: index for index, pharmacy in enumerate(day.problem.pharmacies)}
        for nurse, line in enumerate(day.nurses):
            carries = any(day.allowed[nurse][v] for v, visit in enumerate(day.visits) if visit.units)
            if not carries or not line.box or not line.max_pickups:
                continue
            route = self.greedy.route(nurse)
            used = [position[stop.ref] for stop in route.stops if stop.kind == "pickup"] if route else []
            near = sorted(
                range(len(day.counters)), key=lambda c: (day.drive_s[line.start][day.counters[c].place], c)
            )
            found += [(nurse, counter) for counter in list(dict.fromkeys(used + near))[:PHARMACIES_A_NURSE]]
        return found

    def _add_time(self) -> None:
        day, model = self.day, self.model
        matrix = [
            [busy_s + day.drive_s[here][there] for there in self._place]
            for here, busy_s in zip(self._place, self._busy_s, strict=True)
        ]
        latest_s = max(line.latest_end_s for line in day.nurses)
        transit = model.RegisterTransitMatrix(matrix)
        model.AddDimension(transit, latest_s, latest_s, False, "time")
        self.time = model.GetDimensionOrDie("time")
        busy_at_index = [0] * (model.Size() + model.vehicles())
        for node, busy_s in enumerate(self._busy_s[: len(day.visits) + len(self.pickups)]):
            busy_at_index[self.manager.NodeToIndex(node)] = busy_s
        for nurse, line in enumerate(day.nurses):
            begin, end = self.time.CumulVar(model.Start(nurse)), self.time.CumulVar(model.End(nurse))
            begin.SetRange(line.begin_s, line.begin_s if line.on_duty else line.latest_end_s)
            end.SetRange(line.begin_s, line.latest_end_s)
            overtime_mc = day.problem.weights.overtime_mc_per_s
            if overtime_mc and line.shift_end_s < line.latest_end_s:
                self.time.SetCumulVarSoftUpperBound(model.End(nurse), line.shift_end_s, overtime_mc)
            if line.max_duration_s < latest_s:
                self.time.SetSpanUpperBoundForVehicle(line.max_duration_s, nurse)
            self.time.SetSpanCostCoefficientForVehicle(day.problem.weights.idle_mc_per_s, nurse)
            model.SetVehicleUsedWhenEmpty(line.on_duty, nurse)
            if line.rest is not None:
                duration_s, earliest_s, last_s = line.rest
                rest = model.solver().FixedDurationIntervalVar(
                    max(earliest_s, line.begin_s), last_s, duration_s, False, f"break {nurse}"
                )
                self.time.SetBreakIntervalsOfVehicle([rest], nurse, busy_at_index)

    def _add_stock(self) -> None:
        day, model = self.day, self.model
        if not any(line.units for line in day.visits):
            return
        units = [-line.units for line in day.visits] + [0] * (len(self._place) - len(day.visits))
        boxes = [line.box for line in day.nurses]
        model.AddDimensionWithVehicleCapacity(
            model.RegisterUnaryTransitVector(units), max(boxes), boxes, False, "stock"
        )
        stock = model.GetDimensionOrDie("stock")
        for visit in range(len(day.visits)):
            stock.SlackVar(self.manager.NodeToIndex(visit)).SetValue(0)
        for nurse, line in enumerate(day.nurses):
            stock.CumulVar(model.Start(nurse)).SetValue(line.stock)
            stock.SlackVar(model.Start(nurse)).SetValue(0)
            mine = [
                self.manager.NodeToIndex(len(day.visits) + index)
                for index, (owner, _) in enumerate(self.pickups)
                if owner == nurse
            ]
            if mine:
                model.AddDisjunction(mine, 0, min(line.max_pickups, len(mine)))
        for index, (owner, counter) in enumerate(self.pickups):
            node = self.manager.NodeToIndex(len(day.visits) + index)
            model.VehicleVar(node).SetValues([-1, owner])
            self._open(node, day.counters[counter].windows)

    def _add_costs(self) -> None:
        """Price arcs: driving (less what the span already prices), and continuity on the way to a visit."""
        day, model = self.day, self.model
        weights = day.problem.weights
        a_second = max(0, weights.travel_mc_per_s - weights.idle_mc_per_s)
        rows = [[a_second * day.drive_s[here][there] for there in self._place] for here in self._place]
        rest = [0] * (len(self._place) - len(day.visits))
        evaluators: dict[tuple[int, ...], int] = {}
        for nurse in range(len(day.nurses)):
            extra = (*day.nurse_cost_mc[nurse], *rest)
            if extra not in evaluators:
                matrix = [[cost + more for cost, more in zip(row, extra, strict=True)] for row in rows]
                evaluators[extra] = model.RegisterTransitMatrix(matrix if any(extra) else rows)
            model.SetArcCostEvaluatorOfVehicle(evaluators[extra], nurse)

    def _add_visits(self) -> None:
        day, model = self.day, self.model
        for visit, line in enumerate(day.visits):
            index = self.manager.NodeToIndex(visit)
            windows = self.greedy.agreed.get(visit, line.windows)
            nurses = [nurse for nurse, row in enumerate(day.allowed) if row[visit]]
            model.AddDisjunction([index], line.penalty_mc + self._served_mc(visit))
            if not windows or not nurses or (day.partner[visit] >= 0 and visit not in self.greedy.agreed):
                model.VehicleVar(index).SetValue(-1)
                continue
            if len(nurses) < len(day.nurses):
                model.VehicleVar(index).SetValues([-1, *nurses])
            self._open(index, windows)
        for visit, partner in enumerate(day.partner):
            if visit < partner and visit in self.greedy.agreed:
                one, other = self.manager.NodeToIndex(visit), self.manager.NodeToIndex(partner)
                solver = model.solver()
                solver.Add(model.ActiveVar(one) == model.ActiveVar(other))
                solver.Add(model.VehicleVar(one) + model.ActiveVar(one) != model.VehicleVar(other) + 1)

    def _open(self, index: int, windows: tuple[tuple[int, int], ...]) -> None:
        cumul = self.time.CumulVar(index)
        latest_s = cumul.Max()
        cumul.SetRange(min(windows[0][0], latest_s), min(windows[-1][1], latest_s))
        for (_, closes_s), (opens_s, _) in pairwise(windows):
            if closes_s + 1 < opens_s <= latest_s:
                cumul.RemoveInterval(closes_s + 1, opens_s - 1)

    def _start_routes(self) -> list[list[int]]:
        node_of = {pair: len(self.day.visits) + index for index, pair in enumerate(self.pickups)}
        position = {pharmacy.id: index for index, pharmacy in enumerate(self.day.problem.pharmacies)}
        routes: list[list[int]] = []
        for nurse in range(len(self.day.nurses)):
            route, nodes = self.greedy.route(nurse), []
            for stop in route.stops if route else ():
                if stop.kind == "visit" and not stop.frozen:
                    nodes.append(self.day.visit_at[stop.ref])
                elif stop.kind == "pickup" and not stop.frozen:
                    nodes.append(node_of.get((nurse, position[stop.ref]), -1))
            routes.append([node for node in nodes if node >= 0])
        return routes

    def _routes(self, solution: Any) -> list[list[int]]:
        routes: list[list[int]] = []
        for nurse in range(len(self.day.nurses)):
            index, visits = self.model.Start(nurse), []
            while not self.model.IsEnd(index):
                node = self.manager.IndexToNode(index)
                if node < len(self.day.visits) and not self.model.IsStart(index):
                    visits.append(node)
                index = solution.Value(self.model.NextVar(index))
            routes.append(visits)
        return routes
