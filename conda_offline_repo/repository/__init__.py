"""The folder that travels, as both sides read, check and write it; needs conda and nothing else."""
