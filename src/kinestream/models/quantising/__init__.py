"""Products in eight bits: where their factors lie, and how the steps are found."""
