"""A stand-in for a Remote Desktop server: it answers the first packet of RDP truly, and then greets instead of drawing a desktop.

    demo_host.py NAME ADDRESS PORT

To an X.224 Connection Request it answers a Connection Confirm with an RDP negotiation response, as Windows does ([MS-RDPBCGR]
2.2.1.2), followed by one data packet with a greeting that names the server and says whether this user had a session here before.
"""
import re
import socket
import struct
import sys
import threading

NAME, ADDRESS, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])
CONFIRM = bytes.fromhex("0300 0013 0e d0 0000 1234 00 02 00 0800 00000000")
sessions = {}


def exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            return None
        data += more
    return data


def serve(connection):
    with connection:
        try:
            head = exactly(connection, 4)
            if head is None or head[0] != 3:
                return
            request = exactly(connection, struct.unpack(">H", head[2:])[0] - 4)
            if request is None or request[1] & 0xF0 != 0xE0:
                return
            connection.sendall(CONFIRM)
            user = re.search(rb"mstshash=([^\r\n]*)", request)
            if user is None:  # a health check: it has what it came for
                return
            user = user.group(1).decode("ascii", "replace")
            known = user in sessions
            sessions[user] = sessions.get(user, 0) + 1
            words = f"{NAME}|{'session resumed' if known else 'new session'}".encode()
            connection.sendall(struct.pack(">BBH", 3, 0, 7 + len(words)) + b"\x02\xf0\x80" + words)
            while connection.recv(4096):
                pass
        except OSError:
            pass


with socket.create_server((ADDRESS, PORT), backlog=128) as listener:
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=serve, args=(accepted,), daemon=True).start()
