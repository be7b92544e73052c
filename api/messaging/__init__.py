"""Messages leave the house here: who is reached where, by which provider, and the thread that sends."""
