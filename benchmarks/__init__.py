"""Each figure a script that measures Tidegate and a peer in the same run, with a fresh home and registry."""
