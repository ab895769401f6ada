"""THE PAGE: templates, a style sheet and small scripts, all of our own, beside the routes that it calls."""
