"""Writers of SQLite take turns in the order in which they came; who waits too long loses the place."""

from threading import Event, Thread

from dispatch.kernel.storage import Turns

PATIENCE_S = 30


def queue_up(turns: Turns, name: str, served: list[str], timeout: float = PATIENCE_S) -> Thread:
    """Let a thread wait for its turn, and return once it stands in the queue."""
    before = len(turns._waiting)

    def wait() -> None:
        if turns.acquire(timeout):
            served.append(name)
            turns.release()

    thread = Thread(target=wait)
    thread.start()
    while len(turns._waiting) == before and thread.is_alive():
        Event().wait(0.001)
    return thread


def test_whoever_asked_first_is_first() -> None:
    turns, served = Turns(), []
    assert turns.acquire(0)
    threads = [queue_up(turns, name, served) for name in "abcde"]
    turns.release()
    for thread in threads:
        thread.join()
    assert served == list("abcde")


def test_who_has_just_had_a_turn_waits_behind_the_others() -> None:
    turns, served = Turns(), []
    assert turns.acquire(0)
    thread = queue_up(turns, "other", served)
    turns.release()
    assert turns.acquire(PATIENCE_S)
    served.append("again")
    thread.join()
    assert served == ["other", "again"]


def test_a_turn_that_does_not_come_in_time_is_none_and_holds_up_nobody() -> None:
    turns, served = Turns(), []
    assert turns.acquire(0)
    assert not turns.acquire(0.001)
    thread = queue_up(turns, "next", served)
    turns.release()
    thread.join()
    assert served == ["next"]
    assert turns.acquire(0)
