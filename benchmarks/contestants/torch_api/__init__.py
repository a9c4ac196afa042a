"""Every problem in PyTorch's names: one source, run by PyTorch and by tinygrad_sm.

Each file's ``training_step`` takes the framework as its first argument. That the same lines train
the same model in both is half of what the benchmark shows.
"""
