"""Reference algorithms, one file each, in the words of their papers."""
