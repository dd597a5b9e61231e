"""A mail relay that does as little as one can, in a process of its own; prints its port, ends with its input."""

from __future__ import annotations

import asyncio
import sys


class Sink(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.out = transport
        self.seen = b""
        self.in_text = False
        self.out.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.seen = (self.seen[-4:] if self.in_text else self.seen) + data
        if self.in_text:
            if self.seen.endswith(b"\r\n.\r\n"):
                self.in_text, self.seen = False, b""
                self.out.write(b"250 2.0.0 queued\r\n")
        elif self.seen.endswith(b"\r\n"):
            verb, self.seen = self.seen[:4].upper(), b""
            self.in_text = verb == b"DATA"
            self.out.write(b"354 go on\r\n" if self.in_text else b"250 ok\r\n")


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
