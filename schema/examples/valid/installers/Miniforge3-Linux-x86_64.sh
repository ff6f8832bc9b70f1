# Stands for an installer of conda.
