"""pumpd: bedside safety service for ketamine infusions beside opioids. Not a certified medical device."""

__version__ = "0.1.0"
