"""The decision kernel of one bed. Pure: `now` is an argument, nothing is read or written."""
