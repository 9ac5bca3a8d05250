"""Label texts: class names to prompts with ids, and their embeddings."""
