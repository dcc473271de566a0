"""The web face: HTTP, the live WebSocket, and the page's files. It decides nothing; every act goes to a bed's inbox."""
