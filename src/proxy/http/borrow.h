// A connection to a server that rests on another worker is borrowed for good.
//
// Workers share no pool. One that has no resting connection to a server asks the worker with the most of them: that one
// takes the connection out of its epoll set and posts the descriptor. The request waits meanwhile as one that connects,
// under `timeout connect`; with nothing to give, it connects. So many clients on many workers need no more connections
// to a server than requests under way. Threads: each half runs on its own worker, what travels is owned by the post.
// Manual: http-reuse, pool-low-conn, tune.idle-pool.shared.
#pragma once

namespace weir::proxy {

struct IdleWish;
struct Session;

/// True: the session waits for another worker's reply, which goes on with send_request() or open_server_connection().
bool borrow_idle_connection(Session& session, const IdleWish& wish);

}  // namespace weir::proxy
