"""Stock: ordered, dispensed, received; set aside, recalled, expired, put back, destroyed."""
