"""Pathwise training: cost is differentiated through the twin (hindsight differentiable policy optimisation)."""
