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
    # The actor's standing.
    "not_licensed_here": ("The nurse is not licensed in the visit's state now.", "Ask compliance."),
    "off_shift": ("The nurse is not on shift.", "Ask the dispatcher for a shift."),
    # Time.
    "late_entry": ("The event arrived late.", ""),
    "device_clock_ahead": ("The phone's clock is ahead of the server's.", ""),
    "device_time_runs_back": ("The phone's time lies before the vial's last event.", ""),
    # Chain of custody.
    "state_does_not_allow": ("The vial's state does not allow this.", "Look at the vial's history."),
    "held_by_another": ("Somebody else holds the vial.", "Ask for a hand-off."),
    "hand_off_pending": ("A hand-off of this vial waits for an answer.", "Accept or decline it first."),
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
    "amount_not_measured": ("The amount must lie between 1 ug and 1 kg.", "Enter what was measured."),
    "overfill_not_plausible": ("Overfill lies between 0 and 30 percent.", "Check the product."),
    # Order, expiry, beyond use.
    "above_order": ("More than the order allows.", "Ask the prescriber, or record an override."),
    "lot_expired": ("The lot is past its expiry date.", "Return the vial, or record an override."),
    "beyond_use_time": ("The beyond-use time is over.", "Waste it, or record an override."),
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
    # Closing a shift.
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
