"""Every message that Housecall sends, as data.

No template holds, or takes, anything about a person's health: no drug, diagnosis, score or treatment
(45 CFR 164.530(c)). None promises an effect (care-rules.md D15), and none tells anybody to stop or leave
out a medicine (A11, B27). Tests read all of them.
"""

from collections.abc import Mapping

from dispatch.messages.model import Channel, Place, Template, ValueKind

DAY, TIME, NUMBER = Place(kind=ValueKind.DAY), Place(kind=ValueKind.TIME), Place(kind=ValueKind.NUMBER)
PHONE, LINK = Place(kind=ValueKind.PHONE), Place(kind=ValueKind.LINK)
REFERENCE = Place(kind=ValueKind.REFERENCE)
# What may wait for somebody; the words say nothing of whom.
TASKS = (
    "enquiry", "referral", "consultation", "review", "decision", "hold", "alarm", "order", "override",
    "report", "document", "question", "booking", "request",
)  # fmt: skip
TASK = Place(kind=ValueKind.WORD, words=TASKS)
TEXT_FIRST = (Channel.TEXT, Channel.MAIL)
MAIL_FIRST = (Channel.MAIL, Channel.TEXT)


def _text(kind: str, words: str, /, **places: Place) -> Template:
    return Template(
        kind=kind, version=1, channels=TEXT_FIRST, title="From Housecall", words=words, places=places
    )


def _mail(kind: str, title: str, words: str, /, **places: Place) -> Template:
    return Template(kind=kind, version=1, channels=MAIL_FIRST, title=title, words=words, places=places)


TO_PATIENTS = (
    _text("enquiry_received", "Housecall: we have your request. Somebody calls you by {day}.", day=DAY),
    _text(
        "page_link",
        "Housecall: your private page: {link} The link works once, until {day}. Do not pass it on.",
        link=LINK, day=DAY,
    ),
    _text("form_waiting", "Housecall: something on your page waits for you. Open it with the link you have."),
    _text("talk_booked", "Housecall: we speak with you on {day} at {time}.", day=DAY, time=TIME),
    _text(
        "visit_booked",
        "Housecall: your visit is booked for {day}. It begins between {begins} and {ends}.",
        day=DAY, begins=TIME, ends=TIME,
    ),
    _text(
        "visit_changed",
        "Housecall: your visit has changed. It is now on {day} and begins between {begins} and {ends}.",
        day=DAY, begins=TIME, ends=TIME,
    ),
    _text("visit_cancelled", "Housecall: your visit on {day} is called off. We are in touch.", day=DAY),
    _text(
        "prepare",
        "Housecall: your visit is on {day}. Keep most of that day clear. An adult whom you chose, and who "
        "can drive, has to be with you from beginning to end. What else to prepare is on your page.",
        day=DAY,
    ),
    _text(
        "fasting",
        "Housecall, for your visit on {day}: fried or fatty food until {fatty}; other solid food, milk, soup "
        "or juice with pulp until {solids}; water, apple juice, black coffee or tea until {clear}. Then "
        "nothing.",
        day=DAY, solids=TIME, clear=TIME, fatty=TIME,
    ),
    _text(
        "after_visit",
        "Housecall: do not drive or use machines for {hours} hours and before you have slept a night. Keep "
        "away from large gatherings and hard work for some days. Your page has more.",
        hours=NUMBER,
    ),
    _text(
        "how_are_you",
        "Housecall: how are you now? Please answer on your page. If something is not as it should be, say so "
        "there or call {phone}. In an emergency call 911.",
        phone=PHONE,
    ),
    _text(
        "how_are_you_page",
        "Housecall: how are you now? Please answer on your page. If something is not as it should be, say so "
        "there or call us. In an emergency call 911.",
    ),
    _text(
        "drive_reminder",
        "Housecall: please do not drive or use machines before {day}, {time}, and not before you have slept "
        "a night.",
        day=DAY, time=TIME,
    ),
    _text("next_day", "Housecall: a short form about how you are today waits on your page."),
    _text(
        "running_late",
        "Housecall: we are running late and are sorry. We now expect to begin at {time}.",
        time=TIME,
    ),
    _text("nurse_on_the_way", "Housecall: your nurse is on the way, expected at {time}.", time=TIME),
    _text("request_received", "Housecall: we have your wish for another time and will answer it."),
)  # fmt: skip

TO_STAFF = (
    _mail(
        "task_waiting", "A task waits", "Housecall: one {what} waits for you. Sign in to see it.", what=TASK
    ),
    _mail(
        "late_for_dispatcher",
        "A visit runs late",
        "Housecall: visit {reference} runs {minutes} minutes late. Sign in to see the board.",
        reference=REFERENCE, minutes=NUMBER,
    ),
    _mail(
        "late_replan",
        "A visit runs late: plan again",
        "Housecall: visit {reference} runs {minutes} minutes late. Plan the rest of the day again.",
        reference=REFERENCE, minutes=NUMBER,
    ),
    _mail(
        "check_in_missed",
        "A check-in is missing",
        "Housecall: the check-in of visit {reference} is {minutes} minutes overdue.",
        reference=REFERENCE, minutes=NUMBER,
    ),
    _mail("safety_alarm", "Alarm", "Housecall: an alarm at visit {reference}. Act now.", reference=REFERENCE),
    _mail(
        "reachable_test",
        "Are you reachable?",
        "Housecall: you are on call. Answer by opening {link} within {minutes} minutes.",
        link=LINK, minutes=NUMBER,
    ),
    _mail(
        "on_call_needed", "You are called", "Housecall: visit {reference} needs you now.",
        reference=REFERENCE,
    ),
)  # fmt: skip

TO_OTHERS = (
    _mail(
        "provider_link",
        "A document for you to sign",
        "Housecall asks you to read and sign a document: {link} The link works until {day}.",
        link=LINK, day=DAY,
    ),
)  # fmt: skip

TEMPLATES: Mapping[str, Template] = {each.kind: each for each in (*TO_PATIENTS, *TO_STAFF, *TO_OTHERS)}
