"""Reading and writing video files outside the training pipeline."""
