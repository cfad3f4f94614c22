"""Experiments at scale: one file describes points, seeds and outputs; results go to disk as they are made.

`description` reads the file, `designs` draws the points, `planning` names the runs and cuts them into parts,
`work` computes a part, `executors` sends parts to processes or to a cluster, `directory` keeps them, and
`results` opens them.
"""
