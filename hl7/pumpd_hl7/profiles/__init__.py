"""What the messages of each profile say, and how they are written. Pure: messages in, values and problems out."""
