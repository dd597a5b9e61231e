"""The running daemon, and what it shares with the commands: opening the means, rendering the documents."""
