"""What `make bench` measures: ratios of our work to a floor measured in the same run, never absolute promises."""
