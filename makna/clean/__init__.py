"""Text steps, slang and the judging of rows."""
