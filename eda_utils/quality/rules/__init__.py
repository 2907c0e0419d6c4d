"""The rules of quality: one module a theme, each of functions that yield findings."""
