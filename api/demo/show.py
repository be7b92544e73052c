"""What the demo prints: the plan before and after, who is left and why, and where to look."""

from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from api.demo.courses import TO_GIVE
from api.demo.office import PASSWORD, nurse_email, office_email
from api.demo.told import Links
from api.gaps import MC_PER_DOLLAR, bound_dollars, gap_text
from dispatch.custody.model import State
from dispatch.custody.queries import VialLine
from dispatch.kernel.actor import Role
from dispatch.routes.model import Board, BoardPlan, Figures, Lane, Lateness, Unassigned

ATTRIBUTION = (
    "Map data (c) OpenStreetMap contributors, ODbL 1.0. People, house numbers and firms are invented."
)


def show_plan(console: Console, board: Board) -> None:
    """Print the plan in force beside the first-come day, and every visit that nobody makes."""
    assert board.plan is not None
    assert board.before is not None
    before, after = board.before, board.plan.figures
    title = (
        f"{board.area_name}, {board.day:%A} {board.day}: {board.total} visits, {len(board.lanes)} nurses, "
        f"{len(board.pharmacies)} pharmacies"
    )
    table = Table(title=title, title_justify="left")
    for name in ("", "first come, first served", "planned"):
        table.add_column(name, justify="left" if not name else "right")
    for name, was, is_now in figure_lines(before, after):
        table.add_row(name, was, is_now)
    console.print(table)
    console.print(proof_line(board.plan), highlight=False)
    for left in board.unassigned:
        console.print(f"  not assigned: {unassigned_line(left)}", highlight=False)


def figure_lines(before: Figures, after: Figures) -> list[tuple[str, str, str]]:
    """Return the figures that are compared, each as name, before, after."""
    return [
        ("travel", hours(before.travel_s), hours(after.travel_s)),
        ("idle", hours(before.idle_s), hours(after.idle_s)),
        ("overtime", hours(before.overtime_s), hours(after.overtime_s)),
        ("not assigned", str(before.unassigned), str(after.unassigned)),
        ("nurses on the road", str(before.nurses), str(after.nurses)),
        ("cost", dollars(before.cost_mc), dollars(after.cost_mc)),
    ]


def proof_line(plan: BoardPlan) -> str:
    """Say what the plan costs, the least that any plan costs, and how far they are apart."""
    cost_mc, bound_mc = plan.figures.cost_mc, plan.bound_mc
    bound = "" if not bound_mc else f", no plan costs less than {bound_dollars(bound_mc)}"
    return f"cost {dollars(cost_mc)}{bound}: {gap_text(cost_mc, bound_mc)}"


def hours(seconds: int) -> str:
    """Write a duration as hours and minutes."""
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def dollars(cost_mc: int) -> str:
    """Write millicents as dollars."""
    return f"${cost_mc / MC_PER_DOLLAR:,.0f}"


def unassigned_line(left: Unassigned) -> str:
    """Say which visit it is and what stands against it, with the number of nurses kept away."""
    visit = left.visit
    reasons = (reason.code + (f" ×{reason.nurses}" if reason.nurses else "") for reason in left.reasons)
    return f"{visit.reference} {visit.service}: {', '.join(reasons)}"


def lane_of(board: Board, reference: str) -> list[Lane]:
    """Return the nurse who makes a visit; an empty list when nobody does."""
    return [
        lane
        for lane in board.lanes
        if any(stop.visit and stop.visit.reference == reference for stop in lane.visits)
    ]


def lane_to_show(board: Board) -> Lane:
    """Return the nurse whose day is worth a look: who has the visit to give, else runs late, else is out."""
    running = lane_of(board, TO_GIVE) or [lane for lane in board.lanes if lane.visits]

    def interest(lane: Lane) -> tuple[bool, bool, bool]:
        late = any(
            stop.late is not Lateness.ON_TIME and stop.expected.ends_at > board.now for stop in lane.visits
        )
        out = any(stop.visit and stop.visit.state == "en_route" for stop in lane.visits)
        return late, out, any(stop.expected.ends_at > board.now for stop in lane.visits)

    return max(running or board.lanes, key=interest)


def show_morning(console: Console, board: Board, vials: Sequence[VialLine]) -> None:
    """Print how far the day has come at the demo's present."""
    states = [stop.visit.state for lane in board.lanes for stop in lane.visits if stop.visit]
    done = sum(state == "completed" for state in states)
    under_way = sum(
        state in {"en_route", "arrived", "screening", "ready", "infusing", "recovery", "discharged"}
        for state in states
    )
    waiting = [vial for vial in vials if vial.state is State.RESIDUAL_PENDING and vial.residual_ug]
    now = board.now.astimezone(board.zone)
    console.print(f"It is {now:%H:%M} there: {done} visits done, {under_way} under way.", highlight=False)
    for lane in board.lanes:
        for stop in lane.visits:
            if stop.late is not Lateness.ON_TIME and stop.visit and stop.visit.state == "en_route":
                console.print(
                    f"  running late: {lane.code}, {stop.expected.late_s // 60} minutes behind on the way to "
                    f"{stop.visit.reference}",
                    highlight=False,
                )
    for vial in waiting:
        console.print(
            f"  residual without a witness: vial {vial.serial}, {vial.residual_ug / 1000:.1f} mg, "
            f"held by {vial.holder_label}",
            highlight=False,
        )


def show_box(console: Console, code: str, vials: Sequence[VialLine]) -> None:
    """Print what stands on the vials in a nurse's box: who signs in as her has no glass in the hand."""
    for vial in vials:
        if vial.holder_label == code and vial.state in (State.PICKED_UP, State.IN_TRANSIT):
            console.print(f"  in the box of {code}: vial {vial.serial}, seal {vial.seal}", highlight=False)


def show_links(url: str, nurse: str, witnesses: Sequence[str], links: Links | None) -> None:
    """Print the screens with their sign-ins, the one-time links of patients, and the API."""
    rows = (
        ("dispatcher", f"{url}/board", office_email(Role.DISPATCHER)),
        ("nurse (phone)", f"{url}/today", nurse_email(nurse)),
        ("compliance", f"{url}/custody", office_email(Role.COMPLIANCE)),
        ("prescriber", f"{url}/clearance", office_email(Role.PRESCRIBER)),
        ("enquiries", f"{url}/board/columbus/enquiries", office_email(Role.DISPATCHER)),
        ("asks for a call", f"{url}/enquire", ""),
        ("API", f"{url}/api/v1/docs", ""),
    )
    click.echo(f"\nSign in with the password  {PASSWORD}")
    for who, link, email in rows:
        click.echo(f"  {who:15} {link:45} {email}".rstrip())
    if links is None:
        click.echo("  patient         a dispatcher sends a new link from an enquiry's page")
    else:
        click.echo(f"  patient         {url}/p/{links.half_done}  opens once: an intake, half done")
        click.echo(f"  provider        {url}/p/{links.to_sign}  opens once: to sign for that patient")
        click.echo(f"  patient         {url}/p/{links.today}  opens once: her third infusion is today")
    others = [office_email(role) for role in (Role.PHARMACIST, Role.ADMIN)]
    click.echo(f"  also            {', '.join(others)}")
    click.echo(f"  witnesses       {', '.join(map(nurse_email, witnesses))}; every nurse has such an address")
    click.echo(ATTRIBUTION)
