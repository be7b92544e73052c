"""One nurse's route: its exact timing, its detours to pharmacies, and why a nurse cannot make a visit."""
