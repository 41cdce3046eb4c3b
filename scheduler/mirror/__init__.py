"""The network as the events tell it: a fold of them whose result depends on which there are, not on their order."""

from entrepot.scheduler.mirror.mirror import Mirror as Mirror
