"""The day's brief: what a subject's facts say, with charts, as one HTML file and as Markdown."""
