"""What a study found, for people: a page that needs nothing else, Markdown, CSV."""
