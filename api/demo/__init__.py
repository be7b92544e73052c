"""The demonstration: an invented day in Columbus, Ohio, planned and half worked, on real streets."""
