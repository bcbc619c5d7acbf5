// The rewriting of versions before 2.1: reqadd, reqrep, reqdeny and their kin, on whole lines of the head.
//
// Each line of the head ("Name: value", and the request or status line itself) is put together again and given to a
// regular expression. New files say it with http-request and http-response; people's files still say it so. The rules
// are asked in the order of their lines, after http-request and http-response. Manual 2.0, 4.2 and 6.
#pragma once

#include "config/keyword.h"
#include "proxy/rule/rule.h"

namespace weir::proxy {

struct ProxyConfig;

enum class OldVerb : std::uint8_t { add, allow, del, deny, pass, rep, tarpit };

/// Reads "<search> [<string>] [if|unless <condition>]" (add: "<string> ...") into the proxy's old rules. Null after
/// errors.
bool read_old_rule(config::ParseContext& context, const config::Line& line, OldVerb verb, bool ignore_case,
                   bool response);

}  // namespace weir::proxy
