"""The operations, a file a family: each forward function with its derivatives beside it."""
