"""The ward file and all it names: read once, validated with precise errors, frozen."""
