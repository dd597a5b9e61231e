"""What is measured, and how to measure it again: ``make bench``.  Compare ratios of one run: machines differ."""
