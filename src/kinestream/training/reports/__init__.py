"""What a finished run is worth on recordings it has not learned from."""
