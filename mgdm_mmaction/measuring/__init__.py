"""How to measure: pairs of runs in turns, peak memory, and the machine beside the figures."""
