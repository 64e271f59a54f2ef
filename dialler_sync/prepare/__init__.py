"""Reads every file through once, before anything is sent."""
