"""What pages and drawings are made of: elements with escaped text, and scales. Pure; knows nothing of what is drawn."""
