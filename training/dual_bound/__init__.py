"""A bound on what any policy can cost that doesn't know the future: hindsight, charged for what it learns too early."""
