"""What readers share: bounded files, numbers out of text, clocks, people, names."""
