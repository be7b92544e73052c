"""From the first enquiry to a complete intake."""
