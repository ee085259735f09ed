"""What becomes of Pathway when it is killed, starved, cut off or left alone: `make chaos`, a part at a time or all."""
