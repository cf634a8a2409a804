"""What is fitted on numbers: baselines, linear systems, calibration."""
