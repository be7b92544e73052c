"""The exact engine: route generation, dives, parts of the day and closing, with a proven bound."""
