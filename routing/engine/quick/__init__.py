"""Days laid in milliseconds: first come, first served; cheapest insertion; one visit by hand."""
