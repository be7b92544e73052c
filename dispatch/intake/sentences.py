"""Every rule of intake by its code: what it says when it is not met, and the way out."""

from dispatch.kernel.refusals import Reason

SENTENCES: dict[str, tuple[str, str]] = {
    "no_such_case": ("There is no such case.", ""),
    "case_has_patient": ("The case belongs to another patient already.", "Open a new case for this one."),
    "case_over": ("The case is over.", "Open a new one."),
    "case_step_not_allowed": ("A case that is {state} cannot be moved by {deed}.", "Possible now: {known}."),
    "case_step_not_yours": ("Only a {known} may do this.", "Ask one of them."),
    "reason_missing": ("Say why, in a sentence.", "Write at least three characters."),
    "name_missing": ("A name is missing.", "Write how the person is called."),
    "contact_missing": ("A telephone number or an e-mail address is missing.", "Give one of them."),
    "email_malformed": ("That is no e-mail address.", "Write it as name@example.org."),
    "date_out_of_range": ("That date cannot be.", "Check the year."),
    "state_unknown": ("That is no state of the United States.", "Write its two letters, such as OH."),
    "no_such_item": ("The form asks no such question.", "Choose one that the form shows."),
    "saying_missing": ("Choose yes, no or I don't know.", "“I don't know” is an answer."),
    "saying_unfit": ("This question is answered in words only.", "Write the answer."),
    "detail_missing": ("Words are needed beside this answer.", "{prompt}"),
    "no_such_entry": ("The list has no such line.", "Load the page again."),
    "not_in_list_of_ingredients": ("The list does not know that name.", "Choose the one that is suggested."),
    "rxnorm_malformed": ("An RxNorm number has up to 8 digits.", "Leave it empty if you do not know it."),
    "outcome_unknown": ("Say how it went.", "Choose one of the answers."),
    "indication_unknown": ("That is none of the known reasons.", "Choose from the list; there is “other”."),
    "no_such_provider": ("The directory has no such provider.", "Add the provider first."),
    "no_such_document": ("The case has no such document.", "Upload it first."),
    "document_empty": ("The file is empty.", "Choose another file."),
    "document_too_large": ("The file has {size} bytes; at most {most} are taken.", "Scan it again, smaller."),
    "document_type": ("Only PDF, PNG and JPEG files are taken.", "Save the scan as one of these."),
    "picture_unreadable": ("The picture cannot be read.", "Save it again as PNG or JPEG."),
    "no_such_agreement": ("There is no such policy.", "Load the page again."),
    "agreement_changed": ("The words have changed since.", "Read the new version and accept that."),
    "signer_missing": ("The signer's name is missing.", "Write the full name as a signature."),
    "licence_missing": ("The licence number is missing.", "Write it as it is on the licence."),
    "signer_role_unknown": ("That is none of the known roles.", "Choose one of: {known}."),
    "signed_nowhere": ("A signature needs its page or its document.", "Open the link, or upload the "
        "document."),
    "link_dead": (
        "This link does not open anything: it was used, has expired, or was called back.",
        "Ask us for a new one, by telephone.",
    ),
    "no_intake": ("There is no intake behind your link.", "Your visits have a page of their own: /visit."),
    "purpose_unknown": ("There is no link of that kind.", ""),
    # What keeps a consultation from being booked.
    "about_missing": ("About the person, missing: {known}.", "The patient adds it, or a dispatcher by "
        "phone."),
    "referral_reason_missing": (
        "Nobody has said what is to be treated.",
        "The patient, the referral or a dispatcher by phone names it.",
    ),
    "home_reason_missing": (
        "The referral asks for treatment at home and does not say why.",
        "Whoever referred says why, or a dispatcher after asking.",
    ),
    "treatments_missing": (
        "Treatments tried before are not listed.",
        "List them, or answer that there were none.",
    ),
    "medications_missing": ("Medicines are not listed.", "List them, or answer that there are none."),
    "medications_contradicted": (
        "Medicines are listed, and it is answered that there are none.",
        "Correct the answer, or take off the list what does not belong there.",
    ),
    "treatments_contradicted": (
        "Treatments are listed, and it is answered that there were none.",
        "Correct the answer, or take off the list what does not belong there.",
    ),
    "history_incomplete": (
        "{title} is not complete. Missing: {known}.",
        "The patient answers on her page, or a dispatcher writes it down on the phone.",
    ),
    "agreement_missing": ("Not accepted in its present version: {title}.", "The patient accepts it on her "
        "page."),
    "acknowledgement_missing": (
        "No acknowledgement of ongoing care is in force.",
        "The patient's own provider signs it by link, or sends it on paper.",
    ),
    "no_case": ("There is no intake of this patient.", "Open one, from the enquiry on."),
}  # fmt: skip


def reason(code: str, field: str = "", **words: str) -> Reason:
    """Return the reason of that code, its places filled with `words`."""
    text, way_out = SENTENCES[code]
    return Reason(code=code, text=text.format(**words), field=field, way_out=way_out.format(**words))
