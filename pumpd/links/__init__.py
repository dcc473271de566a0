"""Byte pipes: serial ports and TCP, and what plugs them in again."""
