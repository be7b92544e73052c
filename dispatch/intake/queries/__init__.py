"""What other chapters and screens read of intake."""

from dispatch.intake.queries.cases import (
    AFTER_INTAKE,
    case_history,
    case_of_patient,
    case_view,
    cases_in,
    contact_addresses,
    enquiries,
)
from dispatch.intake.queries.gathered import (
    acknowledgement_of,
    agreements_of,
    consultation_blocks,
    document_of,
    histories,
    indications,
    intake_of,
    links_of,
    medication_list,
    policies_unaccepted,
    providers,
    referrals_of,
    treatments_of,
)

__all__ = [
    "AFTER_INTAKE", "acknowledgement_of", "agreements_of", "case_history", "case_of_patient", "case_view",
    "cases_in", "consultation_blocks", "contact_addresses", "document_of", "enquiries", "histories",
    "indications", "intake_of", "links_of", "medication_list", "policies_unaccepted", "providers",
    "referrals_of", "treatments_of",
]  # fmt: skip
