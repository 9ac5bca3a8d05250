"""From what people have on disk to annotation lists, and checks of every clip."""
