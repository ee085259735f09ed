"""What goes out, and how: pieces of the outbox become messages, and find their way to people and the channel."""
