"""The source paper put to the test: its claims against what passive and active practice come to on shared scenarios."""
