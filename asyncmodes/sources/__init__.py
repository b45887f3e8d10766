"""One file a kind of work: each turns tasks into awaitables and owns the sockets and threads they need."""
