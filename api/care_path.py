"""A refused booking may leave the prescriber a task: it is kept although the answer is a refusal."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g
from sqlalchemy.orm import Session

from api.actor import actor, clock, keep_although_refused
from api.db import current_session
from api.problems import problem
from dispatch.appointments.care.model import CarePathRefused
from dispatch.appointments.care.service import leave_task

View = TypeVar("View", bound=Callable[..., Any])


def keep_task(refused: CarePathRefused) -> None:
    """Undo what the view did so far, and write the task once it has answered."""
    if refused.task is None:
        return
    task, who, watch = refused.task, actor(), clock()
    before = g.get("reads")
    current_session().rollback()

    def write(session: Session) -> None:
        if before is not None:
            before(session)
        leave_task(session, task, who, watch)

    g.reads = write
    keep_although_refused()


def task_kept(view: View) -> View:
    """Decorate a view (nearest to the function) that books: what a refusal leaves to do is kept."""

    @wraps(view)
    def keeping(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except CarePathRefused as refused:
            if refused.task is None:
                raise
            keep_task(refused)
            return problem(refused.status, refused.title, refused.reasons, refused.extra)

    return keeping  # type: ignore[return-value]
