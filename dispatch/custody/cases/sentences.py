"""Every rule of a case by its code: what it says when it is not met, and the way out."""

from dispatch.kernel.refusals import Reason

SENTENCES: dict[str, tuple[str, str]] = {
    "no_such_case": ("There is no such case.", ""),
    "no_such_form": ("There is no such form.", "Choose 106 or 41."),
    "no_such_attachment": ("The case has no such attachment.", ""),
    "unknown_step": ("That is no step a person can add.", "Choose one of the steps shown."),
    "unknown_word": ("{word} is none of the known words.", "Choose one of: {known}."),
    "reason_missing": ("A sentence of explanation is missing.", "Write what you found, in a sentence."),
    "case_resolved": ("The case is resolved.", "Reopen it first; what was found stays in sight."),
    "case_not_resolved": ("The case is open already.", "Go on with it."),
    "case_moved_on": ("Somebody added a step since you looked.", "Look at the case again, then decide."),
    "own_case": (
        "Nobody decides about an own deed: you acted or witnessed on this vial.",
        "Let another compliance officer decide.",
    ),
    "factor_unanswered": (
        "Factor {number} of 21 CFR 1301.76(b) is not answered: {question}",
        "Answer it with a reason; 'not known' is an answer.",
    ),
    "not_classified": ("The case is not classified.", "Say first what it was."),
    "resolution_does_not_fit": (
        "A case classified as {classification} does not end as {resolution}.",
        "Choose one of: {known}.",
    ),
    "duty_not_done": ("{says} is not recorded ({citation}).", "Record when it was done, then resolve."),
    "duty_unknown": ("That is no duty of this case.", "Choose one of: {known}."),
    "duty_done": ("That was recorded before.", "Add a note if it was sent again."),
    "done_in_the_future": ("What was done lies in the future.", "Enter when it was really done."),
    "done_before_discovery": (
        "What was done lies before the discovery.",
        "Enter when it was really done, at or after {discovered}.",
    ),
    "discovered_in_the_future": ("The discovery lies in the future.", "Enter when it was first noticed."),
    "discovered_too_long_ago": (
        "The discovery lies more than {days} days back.",
        "Check the year; explain an older discovery in a note.",
    ),
    "no_such_officer": ("That is no compliance officer with an active account.", "Choose from the list."),
    "no_such_field": ("The form has no such field.", "Send one of: {known}."),
    "residual_is_no_inventory": (
        "Vial {serial} was given to a patient: what is left of it is no inventory, so no Form 41 is made "
        "(21 CFR 1304.21(e), 1317.90, 1317.95).",
        "Record the waste before a witness instead.",
    ),
    "no_inventory_here": (
        "The case names no unopened vial that could be destroyed.",
        "Form 41 is for inventory; open the case of the vial itself.",
    ),
    "no_such_day": ("That is no day of the calendar.", "Write it as 2026-11-23."),
    "witnesses_must_differ": (
        "The two witnesses of a destruction are one person.",
        "Name two different employees (21 CFR 1317.95(d)).",
    ),
    "attachment_empty": ("The file is empty.", "Choose the file again."),
    "attachment_too_large": ("The file has {size} bytes; at most {most}.", "Send a smaller scan."),
    "attachment_type": (
        "The file is none of the kinds that are kept.",
        "Send a PDF, a PNG or JPEG picture, or plain text in UTF-8.",
    ),
    "picture_unreadable": ("The picture could not be read.", "Save it again as PNG or JPEG."),
    "policy_unreadable": (
        "The signed policy of cases cannot be read: {wrong}.",
        "Sign a corrected version of custody.cases.",
    ),
}  # fmt: skip


def reason(code: str, field: str = "", **words: str) -> Reason:
    """Return the rule `code` as a reason for a refusal."""
    text, way_out = SENTENCES[code]
    return Reason(code=code, text=text.format(**words), field=field, way_out=way_out.format(**words))
