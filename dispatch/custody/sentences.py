"""Every custody rule by its code: what it says when it is not met, and the way out."""

from dispatch.kernel.refusals import Reason

SENTENCES: dict[str, tuple[str, str]] = {
    # Signatures.
    "not_signed_in": ("An event in the ledger needs a person who is signed in.", "Sign in first."),
    "proof_of_another": ("The proof of identity is not the actor's own.", "Enter your own PIN."),
    "actor_not_fresh": ("The actor's proof of identity is too old.", "Enter the PIN again."),
    "actor_proof_missing": ("The actor has not signed with PIN or password.", "Enter the PIN."),
    "witness_not_fresh": ("The witness's proof of identity is too old.", "Let the witness sign again."),
    "witness_missing": ("A second person has to sign.", "Let a witness sign with an own PIN."),
    "witness_is_actor": ("Nobody can witness an own deed.", "Ask another person to witness."),
    "witness_is_same_person": (
        "The witness's account belongs to the person who acted.",
        "Ask another person to witness.",
    ),
    "witness_in_same_session": (
        "Actor and witness signed in the same session.",
        "Let the witness sign in an own session.",
    ),
    "witness_unknown": ("The witness has no active account.", "Ask a person with an account."),
    "pharmacist_missing": ("A pharmacist has to sign here.", "Let the pharmacist sign."),
    "witness_without_authority": (
        "The witness has no authority to sign this.",
        "Ask a person of a role that policy custody.witnesses names.",
    ),
    "witness_not_licensed": ("The witness is not licensed here now.", "Ask another licensed person."),
    "witness_on_actors_device": (
        "The witness signed by the actor's device.",
        "Let the witness sign on an own device.",
    ),
    "witness_weak": ("Only a companion saw it: the weakest witness.", "Have the next waste seen by video."),
    "witness_kind_not_allowed": ("A waste may not be seen in this way here.", "Compliance was told."),
    "companion_missing": ("It is not said who of the patient's saw it.", "Say it as a relation: spouse."),
    "video_witness_typed_here": (
        "A witness by video cannot have typed a secret on this phone.",
        "Let the witness sign on an own device.",
    ),
    # The actor's standing.
    "not_licensed_here": ("The nurse is not licensed in the visit's state now.", "Ask compliance."),
    "not_the_registrants_agent": (
        "The registrant has not named the nurse as its agent here.",
        "Ask the registrant to authorise her for this state.",
    ),
    "off_shift": ("The nurse is not on shift.", "Ask the dispatcher for a shift."),
    # Time.
    "late_entry": ("The event arrived late.", ""),
    "device_clock_ahead": ("The phone's clock is ahead of the server's.", ""),
    "device_time_runs_back": ("The phone's time lies before the vial's last event.", ""),
    # Chain of custody.
    "state_does_not_allow": ("The vial's state does not allow this.", "Look at the vial's history."),
    "held_by_another": ("Somebody else holds the vial.", "Ask for a hand-off."),
    "hand_off_pending": ("A hand-off of this vial waits for an answer.", "Accept or decline it first."),
    "hand_off_expired": ("The hand-off has expired; the vial is the giver's.", "Ask to be offered it again."),
    "no_hand_off": ("No hand-off of this vial waits for this nurse.", "Ask the holder to offer it."),
    "hand_off_to_oneself": ("A vial cannot be handed to its holder.", "Choose another nurse."),
    "seal_mismatch": ("The seal is not the one on record.", "Report a seal mismatch; do not use the vial."),
    "count_differs": ("The count is not the number of vials listed.", "Count again."),
    "list_changed": ("This pickup came before with another list.", "Send a new pickup with new ids."),
    "seal_missing": ("A sealed vial needs the number of its seal.", "Scan the seal."),
    # Arithmetic.
    "over_draw": ("The vial cannot have held that much.", "Check the amount; compliance was told."),
    "more_than_drawn": ("More than what was drawn up.", "Check the amount; compliance was told."),
    "more_than_left": ("More than what was left.", "Check the amount; compliance was told."),
    "measure_not_plausible": ("A measure lies between 0 and 1 kg.", "Enter what the instrument shows."),
    "amount_not_measured": ("The amount must lie between 1 ug and 1 kg.", "Enter what was measured."),
    "overfill_not_plausible": ("Overfill lies between 0 and 30 percent.", "Check the product."),
    # Order, expiry, beyond use.
    "above_order": ("More than the order allows.", "Ask the prescriber, or record an override."),
    "lot_expired": ("The lot is past its expiry date.", "Return the vial, or record an override."),
    "beyond_use_time": ("The beyond-use time is over.", "Waste it, or record an override."),
    "lot_recalled": ("The lot is recalled.", "Return the vial; do not use it."),
    "state_line_crossed": (
        "The drug came from a stock point in another state.",
        "Drug is not carried across a state line (21 CFR 1301.12); compliance was told.",
    ),
    "presence_not_allowed": ("The prescriber may not be present in this way here.", "Compliance was told."),
    # Infusions and residuals.
    "nothing_drawn": ("Nothing was drawn up for this infusion.", "Record the draw."),
    "infusion_runs": ("An infusion from this vial runs already.", "Stop it first."),
    "no_infusion": ("No infusion from this vial was started.", "Record its start."),
    "given_differs_from_rate": ("The pump's total is not what its rates give.", "Compliance was told."),
    "given_differs_from_residual": (
        "The pump's total is not what was drawn less what is left.",
        "Measure again; compliance was told.",
    ),
    "residual_differs": ("The residual is not what is on record.", "Measure again; compliance was told."),
    "residual_not_measured": ("The residual was not measured before it was wasted.", "Measure it first."),
    "waste_differs_from_measured": ("Another amount was wasted than was measured.", "Compliance was told."),
    "carry_back_not_allowed": ("A residual may not be carried back here.", "Waste it before a witness."),
    "residual_not_sealed": ("The residual was handed in without a recorded seal.", "Compliance was told."),
    # Stock.
    "basis_not_allowed": ("Vials of this kind may not be kept here.", "See policy custody.basis."),
    "units_not_plausible": ("An order is for 1 to 1000 vials.", "Check the number."),
    "more_than_ordered": ("The list has more vials than were ordered.", "Check the order's number."),
    "not_of_this_order": ("This vial is not on the order's list.", "Take it in as a delivery of its own."),
    "not_received": ("A vial that the supplier listed did not arrive.", "Ask the supplier."),
    "not_expired": ("The lot is not past its expiry date.", "Put it in quarantine, if something is wrong."),
    "not_to_set_aside": ("A vial is set aside as quarantined or expired.", "Choose one of the two."),
    "not_for_stock": ("A vial dispensed for a patient never goes back to stock.", "Have it destroyed."),
    "lot_recalled_already": ("This recall is recorded already.", ""),
    # Corrections.
    "nothing_to_reverse": ("This entry moved nothing that could be taken back.", "Look at the history."),
    "reversed_already": ("This entry was taken back already.", "Look at the history."),
    "approver_made_the_entry": ("Nobody approves the correction of an own entry.", "Ask another approver."),
    "later_entries_first": ("Later entries stand on this one.", "Take those back first, the newest first."),
    "no_amount_to_correct": ("This entry has no amount to enter anew.", "Take it back instead."),
    "correction_reason_missing": ("A correction needs a reason.", "Say what was wrong."),
    "corrected": ("Entered anew after a correction.", ""),
    "entry_corrected": ("An entry was taken back.", ""),
    # Exceptions and counts.
    "broken": ("A vial broke.", ""),
    "lost": ("A vial is lost.", ""),
    "stolen": ("A vial was stolen.", ""),
    "not_an_exception": ("This is no exception to report.", "Choose broken, lost, stolen or seal_mismatch."),
    "count_variance": ("Two blind counts differ from the ledger.", ""),
    "count_finished": ("This count is finished.", "Start a new count."),
    "count_id_reused": ("The count's id came before with another figure.", "Send a new count."),
    "event_id_reused": ("The event's id came before with other content.", "Send a new event."),
    "device_sequence_reused": ("The phone used this sequence number before.", "Send a new event."),
    "residual_left": ("There is drug left that nobody has accounted for.", "Waste it before a witness."),
    # Scans.
    "scan_empty": ("Nothing was scanned.", "Scan the code, or type what stands below it."),
    "scan_unreadable": ("This is neither a GS1 code nor one of our labels.", "Scan the square code."),
    "label_unreadable": ("This label of ours is incomplete.", "Scan it again, or type the vial's number."),
    "gtin_missing": ("The code names no product (AI 01).", "Scan the package's square code."),
    "gtin_checksum": ("The product number's check digit is wrong.", "Scan again, or enter it by hand."),
    "expiry_missing": ("The code has no expiry date (AI 17).", "Enter the vial by hand from its label."),
    "expiry_not_a_date": ("The code's expiry (AI 17) is no date.", "Enter the vial by hand from its label."),
    "lot_missing": ("The code has no lot number (AI 10).", "Enter the vial by hand from its label."),
    "serial_missing": (
        "The code has no serial number (AI 21).",
        "Let the scanner send the group separator (FNC1), or enter the vial by hand.",
    ),
    "product_unknown": ("No product has this GTIN.", "Let the pharmacist enter the GTIN."),
    "vial_unknown": ("No vial in the ledger bears this number.", "Let the pharmacist receive it first."),
    "vial_known": ("This vial is in the ledger already.", "If two vials bear it, report a discrepancy."),
    "lot_mismatch": ("The lot is not the one on record.", "Do not use the vial; report a discrepancy."),
    "expiry_mismatch": ("The expiry is not the one on record.", "Do not use the vial; report a discrepancy."),
    "product_mismatch": ("The product is not as on record.", "Do not use the vial; report a discrepancy."),
    "scan_expired": ("The vial is past its expiry date.", "Return it to the pharmacy; do not use it."),
    "gtin_not_valid": ("A GTIN has 8, 12, 13 or 14 digits, the last a check digit.", "Check the package."),
    "gtin_known": ("Another product bears this GTIN.", "Check the package."),
    # Opening and closing a shift.
    "shift_open": ("A custody shift is open already.", "Close it first."),
    "count_missing": ("The shift closes with a blind count.", "Count the sealed vials in your hands."),
    "count_open": ("The count has not ended.", "Count once more."),
    "count_not_own": ("This count is of another holder.", "Count your own box."),
    "count_too_old": ("Vials moved after this count.", "Count again."),
    "shift_not_closed": ("A custody shift could not be closed.", ""),
    "shift_overdue": ("A custody shift is open long after its planned end.", "Call the nurse."),
    "residual_unaccounted": ("Vial {serial}: {amount} mg of opened drug is left.", "Waste it witnessed."),
    "unopened_in_hand": ("Vial {serial} is unopened and still in hand.", "Return it or hand it off."),
    "quarantined_in_hand": ("Vial {serial} has a wrong seal and is in hand.", "Return it to the pharmacy."),
}  # fmt: skip


def reason(code: str, field: str = "", **words: str) -> Reason:
    """Return the rule `code` as a reason for a refusal or an exception."""
    text, way_out = SENTENCES[code]
    return Reason(code=code, text=text.format(**words), field=field, way_out=way_out)


def reasons(codes: tuple[str, ...]) -> tuple[Reason, ...]:
    """Return the rules behind a receipt's codes."""
    return tuple(reason(code) for code in codes)
