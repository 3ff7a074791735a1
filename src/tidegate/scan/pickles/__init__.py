"""What a pickle would import and call, read from its opcodes without running any."""
