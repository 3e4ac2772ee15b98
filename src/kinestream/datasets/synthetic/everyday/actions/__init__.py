"""The actions, a file for each family."""
