"""A load of many quiet sessions, each asking and being answered once in a while, with every delay measured.

Two processes besides the caller's: one epoll loop that echoes (the servers), one that holds the clients and is told over a
pipe what to open, close and report. They are processes so that the caller's own work, such as writing files and reloading,
does not show up in the delays.
"""
import contextlib
import heapq
import multiprocessing
import os
import select
import socket
import time

MESSAGE = 16  # bytes: eight digits of session, eight of turn


def _echo(listeners, ready):
    poll = select.epoll()
    socks = {sock.fileno(): sock for sock in listeners}
    listening = set(socks)
    for number in socks:
        poll.register(number, select.EPOLLIN)
    ready.send(True)
    while True:
        for number, _ in poll.poll():
            if number in listening:
                with contextlib.suppress(OSError):
                    conn, _ = socks[number].accept()
                    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    socks[conn.fileno()] = conn
                    poll.register(conn.fileno(), select.EPOLLIN)
                continue
            try:
                data = socks[number].recv(4096)
                if data:
                    socks[number].sendall(data)
                    continue
            except OSError:
                pass
            poll.unregister(number)
            socks.pop(number).close()


class EchoServers:
    """`count` echoing servers on one host, served by one process."""

    def __init__(self, host, count):
        self.sockets = []
        for _ in range(count):
            sock = socket.socket()
            sock.bind((host, 0))
            sock.listen(1024)
            self.sockets.append(sock)
        self.addresses = [sock.getsockname() for sock in self.sockets]
        here, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=_echo, args=(self.sockets, there), daemon=True)
        self.process.start()
        here.recv()
        for sock in self.sockets:
            sock.close()

    def stop(self):
        self.process.kill()
        self.process.join()


class _Clients:
    """The client process: sessions in named groups, each sending a message every `interval` seconds."""

    def __init__(self, interval):
        self.interval = interval
        self.poll = select.epoll()
        self.sessions = {}   # fd -> [socket, group, turn, sent at or None, received so far]
        self.due = []        # (when, fd, socket): the socket tells a reused descriptor apart
        self.delays = {}     # group -> list of seconds
        self.lost = {}       # group -> how many ended without being asked to
        self.number = 0

    def open(self, group, address, count):
        for _ in range(count):
            sock = socket.create_connection(address, timeout=20)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            self.number += 1
            number = sock.fileno()
            self.sessions[number] = [sock, group, 0, None, b""]
            self.poll.register(number, select.EPOLLIN)
            heapq.heappush(self.due, (time.monotonic() + (self.number % 97) / 97 * self.interval, number, id(sock)))
            self.turn(0)
        return count

    def close(self, group):
        mine = [number for number, session in self.sessions.items() if session[1] == group]
        for number in mine:
            self.drop(number)
        return len(mine)

    def drop(self, number):
        self.poll.unregister(number)
        self.sessions.pop(number)[0].close()

    def report(self, group_prefix):
        """Alive, lost and sorted delays of the groups that begin so; the delays start anew."""
        alive = sum(1 for session in self.sessions.values() if session[1].startswith(group_prefix))
        lost = sum(count for group, count in self.lost.items() if group.startswith(group_prefix))
        delays = []
        for group in [group for group in self.delays if group.startswith(group_prefix)]:
            delays += self.delays.pop(group)
        now = time.monotonic()
        # a question still unanswered counts with the time it has waited so far
        delays += [now - session[3] for session in self.sessions.values()
                   if session[3] and session[1].startswith(group_prefix)]
        return alive, lost, sorted(delays)

    def all_asked_again(self, group_prefix, seconds):
        """Waits until each session of these groups has had one more answer; gives how many had not."""
        wanted = {number: session[2] + 1 for number, session in self.sessions.items() if session[1].startswith(group_prefix)}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.turn(0.01)
            wanted = {number: turn for number, turn in wanted.items()
                      if number in self.sessions and (self.sessions[number][2] < turn or self.sessions[number][3])}
            if not wanted:
                return 0
        return len(wanted)

    def turn(self, longest):
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            _, number, identity = heapq.heappop(self.due)
            session = self.sessions.get(number)
            if session and id(session[0]) == identity:
                self.ask(number, session)
        wait = min(longest, max(0.0, self.due[0][0] - now)) if self.due else longest
        for number, _ in self.poll.poll(wait):
            session = self.sessions.get(number)
            if session:
                self.hear(number, session)

    def ask(self, number, session):
        session[2] += 1
        session[3] = time.monotonic()
        session[4] = b""
        try:
            session[0].sendall(b"%08d%08d" % (number, session[2]))
        except OSError:
            self.lose(number, session)

    def hear(self, number, session):
        try:
            data = session[0].recv(4096)
        except OSError:
            data = b""
        if not data:
            self.lose(number, session)
            return
        session[4] += data
        if len(session[4]) >= MESSAGE:
            if session[4] != b"%08d%08d" % (number, session[2]):
                self.lose(number, session)
                return
            now = time.monotonic()
            self.delays.setdefault(session[1], []).append(now - session[3])
            session[3] = None
            heapq.heappush(self.due, (now + self.interval, number, id(session[0])))

    def lose(self, number, session):
        self.lost[session[1]] = self.lost.get(session[1], 0) + 1
        self.drop(number)


def _clients(pipe, interval):
    clients = _Clients(interval)
    while True:
        if pipe.poll():
            try:
                name, *arguments = pipe.recv()
            except EOFError:
                os._exit(0)
            try:
                pipe.send((True, getattr(clients, name)(*arguments)))
            except OSError as error:
                pipe.send((False, repr(error)))
        clients.turn(0.005)


class Load:
    """The caller's handle on the client process: load.open(group, address, count), close, report, all_asked_again."""

    def __init__(self, interval=1.0):
        self.pipe, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=_clients, args=(there, interval), daemon=True)
        self.process.start()
        there.close()

    def __getattr__(self, name):
        def call(*arguments):
            self.pipe.send((name, *arguments))
            if not self.pipe.poll(120):
                raise TimeoutError(f"the client process did not answer {name}")
            fine, answer = self.pipe.recv()
            if not fine:
                raise OSError(f"{name}{arguments}: {answer}")
            return answer
        return call

    def stop(self):
        self.process.kill()
        self.process.join()
