"""Reports and exports of others' systems, a YAML each: which of their columns stand for which of ours."""
