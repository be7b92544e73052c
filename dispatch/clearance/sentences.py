"""What clearance says when it refuses: one sentence a code, and the way out. No patient's data."""

from collections.abc import Mapping

from dispatch.kernel.refusals import Reason

SENTENCES: Mapping[str, tuple[str, str]] = {
    "not_a_prescriber": (
        "Nobody is entered as a prescriber under this account.",
        "Have the prescriber entered first.",
    ),
    "prescriber_inactive": (
        "The prescriber is not active.",
        "Another prescriber acts, or compliance enters the change.",
    ),
    "prescriber_not_licensed_in_state": (
        "The prescriber has no licence in force in the patient's state on that day.",
        "A prescriber who is licensed there acts, or the licence is entered.",
    ),
    "dea_registration_expired": (
        "The prescriber's DEA registration is no longer in force.",
        "Enter the renewal, or another prescriber acts.",
    ),
    "specialty_not_approved": (
        "The prescriber's specialty is not one of those that need no approval.",
        "The medical director approves the prescriber.",
    ),
    "kind_may_not_prescribe": (
        "This profession may not prescribe here.",
        "See the policy clearance.prescribers.",
    ),
    "dea_number_malformed": (
        "A DEA number has two capital letters, or a letter and a 9, and seven digits.",
        "Copy it from the certificate.",
    ),
    "dea_number_of_another_kind": (
        "The first letter of the DEA number is of another kind of registrant.",
        "Copy it from the certificate.",
    ),
    "dea_number_check_digit": (
        "The last digit of the DEA number does not fit the others.",
        "Copy it from the certificate.",
    ),
    "no_such_state": ("There is no such state.", "Write its two letters, such as OH."),
    "licence_number_missing": (
        "The licence needs its number, of at most 40 characters.",
        "Copy it from the licence.",
    ),
    "licence_ends_before_it_begins": ("The licence ends before it begins.", "Look at both dates."),
    "account_without_role": (
        "The account does not have the role of a prescriber.",
        "An administrator gives it.",
    ),
    "medical_director_approves": (
        "Only the medical director approves a prescriber.",
        "Ask the medical director.",
    ),
    "nobody_approves_oneself": (
        "Nobody approves themselves.",
        "Another medical director, or compliance, looks at it.",
    ),
    "no_such_case": ("There is no such case.", ""),
    "no_such_consultation": ("There is no such consultation.", ""),
    "no_such_hold": ("There is no such hold.", ""),
    "no_such_task": ("There is no such task.", ""),
    "no_such_rule": ("There is no screening rule of that name.", ""),
    "consultation_minutes": (
        "A consultation lasts as long as the policy says, 30 to 60 minutes.",
        "Choose a length in that range.",
    ),
    "consultation_in_the_past": ("A consultation is booked for a time to come.", "Choose a later time."),
    "consultation_clash": (
        "The prescriber has another consultation at that time.",
        "Choose another time or prescriber.",
    ),
    "consultation_not_booked": (
        "The consultation is not waiting to be held.",
        "Look at it again; book another one if it was not held.",
    ),
    "consultation_of_another": (
        "Another prescriber was booked for this consultation.",
        "That prescriber records it.",
    ),
    "consultation_not_begun": ("The consultation has not begun yet.", "Record it when it has been held."),
    "unknown_question": ("There is no question of that code.", "Use the codes of the screening table."),
    "answer_not_known": ("An answer is yes, no or unknown.", ""),
    "substance_screen_missing": (
        "Each consultation has a substance-use screen: three answers of 0 to 4.",
        "Record AUDIT-C.",
    ),
    "monitoring_programme_missing": (
        "Each consultation asks the state's prescription monitoring programme.",
        "Ask the programme, and record when and what it showed.",
    ),
    "moment_out_of_range": (
        "This moment cannot be right: it lies ahead, or far back.",
        "Give the moment at which it happened.",
    ),
    "asa_class_out_of_range": ("ASA physical status is a class from 1 to 6.", ""),
    "weight_out_of_range": ("The weight must lie between 1 and 500 kg.", "Weigh, and give whole grams."),
    "risk_points_out_of_range": ("The points of a risk score lie between 0 and 100.", ""),
    "reason_missing": ("Say why, in a few words.", ""),
    "signature_missing": ("This needs the prescriber's own signature.", "Sign with the password."),
    "proof_of_another": ("The signature is another person's.", "Who decides signs."),
    "proof_not_fresh": ("The proof of identity is too old.", "Sign again."),
    "target_missing": ("Say what has to be reached first.", "Name the target."),
    "recheck_missing": ("Say when it is looked at again.", "Give the date of the recheck."),
    "recheck_in_the_past": ("The recheck lies in the past.", "Give a date from today on."),
    "nothing_to_override": (
        "This rule has nothing against the case now.",
        "Screen again and look at what is unmet.",
    ),
    "not_overridable": ("Nobody can override this rule.", "See what the finding says of a way out."),
    "clinical_lead_signs": ("Only the clinical lead signs this one.", "Ask the clinical lead."),
    "monitoring_note_missing": ("Say what the nurse has to watch for.", "Add the monitoring note."),
    "expiry_out_of_range": (
        "An override ends after now and within the policy's days.",
        "Choose an earlier end.",
    ),
    "list_changed": (
        "The medication list changed since you looked.",
        "Look at the list as it stands, then review it.",
    ),
    "unknown_entry": ("The list has no such entry.", "Look at the list as it stands."),
    "dose_out_of_range": ("A dose a day lies between 0 and 100,000 mg.", "Write milligrams a day."),
    "unknown_class": ("There is no ingredient class of that code.", ""),
    "case_not_ready": (
        "The case is not where this can be done.",
        "Look at where the case stands and what comes next.",
    ),
    "no_list": (
        "There is no medication list yet.",
        "The patient, or somebody for the patient, enters it first.",
    ),
    "already_released": ("The hold was released already.", ""),
    "already_answered": ("The task was answered already.", ""),
    "case_on_hold": ("Treatment is on hold.", "A prescriber looks at what changed and releases the hold."),
    "undecided": (
        "No prescriber has decided on this case yet.",
        "A prescriber decides after the consultation.",
    ),
    "declined": ("A prescriber decided against treatment at home.", "A new case begins with an enquiry."),
    "needs_prior_treatment": (
        "Something has to be treated first.",
        "A prescriber looks again at the recheck.",
    ),
    "more_info": (
        "The prescriber asked for more information.",
        "Give what was asked for; the prescriber decides then.",
    ),
    "clearance_expired": ("The clearance has expired.", "A prescriber screens and decides again."),
    "no_case": ("The patient has no case of the care path.", "Begin with an enquiry and the intake."),
    "subject_missing": ("Say whom it is about.", ""),
    "score_in_the_future": ("A scale cannot be filled in ahead of time.", ""),
    "no_answer": ("Nothing was answered.", "Answer at least one question."),
}


def reason(code: str, field: str = "") -> Reason:
    """Return the reason of that code."""
    text, way_out = SENTENCES[code]
    return Reason(code=code, text=text, field=field, way_out=way_out)
