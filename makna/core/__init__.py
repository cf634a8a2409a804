"""What travels between the stages; imports no stage."""
