"""An audit bundle of a ledger of any size: how long it takes to write, and to check with its own verifier.

The verifier runs as an inspector runs it: ``python -I verify.py DIR``, a process of its own, read from disk.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Engine

from api.bundles import make_bundle
from benchmarks.custody import KEYRING, fresh_database, say
from dispatch.custody import service
from dispatch.custody.bundle.model import Asked
from dispatch.custody.log.publishing import publish_checkpoint
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import open_engine, transaction
from tests.builders.bundles import LOG
from tests.builders.custody import MG, Scene, a_dose, a_draw, a_pickup, a_scene, a_waste, an_opening

EVENTS_A_VIAL = 8
VIALS_AT_ONCE = 50
DRAWN_MG, GIVEN_MG = 35, 31


def fill(engine: Engine, events: int) -> Scene:
    """Write `events` events: vials received, picked up, opened, drawn, given, wasted in three parts."""
    spent_s = time.process_time()
    with transaction(engine, KEYRING) as session:
        scene = a_scene(session, vials=-(-events // EVENTS_A_VIAL))
    seals = {vial: f"S-{number}" for number, vial in enumerate(scene.vials)}
    for begins in range(0, len(scene.vials), VIALS_AT_ONCE):
        some = scene.vials[begins : begins + VIALS_AT_ONCE]
        with transaction(engine, KEYRING) as session:
            service.pick_up(session, a_pickup(session, scene, *some), scene.nurse, scene.clock)
            for vial in some:
                own = replace(scene, vials=(vial,), visit_id=new_id())
                service.open_container(session, an_opening(own, seal=seals[vial]), own.nurse, own.clock)
                service.draw(session, a_draw(own, DRAWN_MG * MG), own.nurse, own.clock)
                service.administer(session, a_dose(own, GIVEN_MG * MG), own.nurse, own.clock)
                for part in (1, 3, 500 - DRAWN_MG):
                    service.waste_residual(session, a_waste(own, part * MG), own.nurse, own.clock)
        scene.clock.advance(timedelta(minutes=5))
        with transaction(engine, KEYRING) as session:
            publish_checkpoint(session, (LOG,), timedelta(0), scene.clock)
        written = min(begins + VIALS_AT_ONCE, len(scene.vials)) * EVENTS_A_VIAL
        say(f"{written:,} of {events:,} events, {time.process_time() - spent_s:.0f} s of the processor")
    return scene


def checked(folder: Path) -> tuple[float, float, str]:
    """Run the bundle's own verifier; seconds by the clock and of the processor, and what it said first."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        took,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        done.stdout.split("\n")[0],
    )


@click.command("custody-bundle")
@click.option("--database", "backends", type=click.Choice(["sqlite", "postgresql"]), multiple=True)
@click.option("--events", default=10_000, show_default=True)
def custody_bundle(backends: tuple[str, ...], events: int) -> None:
    """An audit bundle of so many events: written, and checked by its own verifier."""
    print("| database | bundle | events | MB | written | checked | of the processor | said | load |")
    print("|---|---|---|---|---|---|---|---|---|")
    results = []
    for backend in backends or ("sqlite", "postgresql"):
        with fresh_database(backend) as url:
            engine = open_engine(url)
            scene = fill(engine, events)
            for name, asked in (
                ("whole log", Asked()),
                ("one nurse, by proofs", Asked(nurse_id=scene.nurse.nurse_id)),
            ):
                begun = time.perf_counter()
                with transaction(engine, KEYRING) as session:
                    files = make_bundle(session, asked, (LOG,), ZoneInfo("UTC"), SYSTEM, scene.clock)
                written_s = time.perf_counter() - begun
                with tempfile.TemporaryDirectory() as place:
                    for each, content in files.items():
                        (Path(place) / each).parent.mkdir(exist_ok=True)
                        (Path(place) / each).write_bytes(content)
                    checked_s, processor_s, said = checked(Path(place))
                size_mb, load = sum(map(len, files.values())) / 1e6, os.getloadavg()[0]
                found = {"written_s": written_s, "checked_s": checked_s, "processor_s": processor_s}
                rounded = {key: round(value, 2) for key, value in found.items()}
                results.append(
                    {"backend": backend, "bundle": name, "events": events, **rounded, "said": said}
                )
                print(
                    f"| {backend} | {name} | {events:,} | {size_mb:.1f} | {written_s:.1f} s "
                    f"| {checked_s:.2f} s | {processor_s:.2f} s | {said} | {load:.1f} |",
                    flush=True,
                )
            engine.dispose()
    print(json.dumps(results))


if __name__ == "__main__":
    custody_bundle()
