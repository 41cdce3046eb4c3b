"""For a cluster; see docs/clusters.md."""
