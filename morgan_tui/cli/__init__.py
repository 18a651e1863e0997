"""The shell's face of Morgan: stdout is data, stderr is narration."""
