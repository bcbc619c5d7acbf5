// The tables of commands, one a family file.
#pragma once

#include <span>

#include "admin/command.h"

namespace weir::admin {

extern const std::span<const CliCommand> socket_commands;          // socket.cpp: help, prompt, level, timeout
extern const std::span<const CliCommand> info_commands;            // info.cpp: show info
extern const std::span<const CliCommand> stat_commands;            // stat.cpp: show stat, clear counters
extern const std::span<const CliCommand> session_commands;         // session.cpp: show sess, shutdown session
extern const std::span<const CliCommand> server_state_commands;    // server_state.cpp: show servers, show backend
extern const std::span<const CliCommand> server_commands;          // server.cpp: maintenance, weights, checks, limits
extern const std::span<const CliCommand> set_server_commands;      // set_server.cpp
extern const std::span<const CliCommand> dynamic_server_commands;  // dynamic_server.cpp: add server, del server
extern const std::span<const CliCommand> pool_commands;            // pools.cpp
extern const std::span<const CliCommand> inside_commands;     // inside.cpp: threads, activity, descriptors, libraries
extern const std::span<const CliCommand> pattern_commands;    // pattern.cpp: maps and ACLs
extern const std::span<const CliCommand> update_commands;     // update.cpp: updates of lists
extern const std::span<const CliCommand> wait_commands;       // wait.cpp
extern const std::span<const CliCommand> hand_over_commands;  // hand_over.cpp: sockets for another process
extern const std::span<const CliCommand> schema_commands;     // schema.cpp
extern const std::span<const CliCommand> backend_commands;    // backend.cpp: publish, unpublish
extern const std::span<const CliCommand> frontend_commands;   // frontend.cpp: disable, enable, shutdown, limits
extern const std::span<const CliCommand> table_commands;      // table.cpp: show, set, clear table
extern const std::span<const CliCommand> peers_commands;      // peers.cpp: show peers
extern const std::span<const CliCommand> event_commands;      // event.cpp: show events
extern const std::span<const CliCommand> process_commands;    // process.cpp: env, version, reload
extern const std::span<const CliCommand> variable_commands;   // variable.cpp: get var, set var
extern const std::span<const CliCommand> explain_commands;    // explain.cpp: explain next
extern const std::span<const CliCommand> rule_commands;       // rules.cpp: show rules
extern const std::span<const CliCommand> error_commands;      // errors.cpp: errors

}  // namespace weir::admin
