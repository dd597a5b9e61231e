"""What is measured, and how to measure it again: ``make bench``.  Figures are ratios of one run, for machines differ."""
