"""The care path of appointments: the gate, fasting, the adult, reminders, wishes, feedback."""
