// `fcgi-app`: how requests are told to a FastCGI application. A value, shared by the backends that use it.
//
// Backends may name a section that is read later, so they hold it from the moment they do and it is filled in; once the
// configuration is whole, nothing changes any more. Its ACLs and the names in its expressions are its own. Manual: 10.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "log/target.h"
#include "proto/http/head.h"
#include "proxy/names.h"
#include "sample/acl.h"
#include "sample/condition.h"
#include "sample/log_format.h"
#include "sample/regex.h"

namespace weir::proxy {

struct FcgiApp {
  std::string name;
  SourcePosition at;
  std::string docroot;
  std::string index;                               // empty: none
  std::shared_ptr<const sample::Regex> path_info;  // null: none
  std::string path_info_text;                      // as written
  bool log_to_global = false;                      // log-stderr global
  std::vector<log::TargetConfig> log_targets;      // log-stderr
  bool keep_conn = true;
  bool get_values = false;

  struct PassedField {  // pass-header
    std::string name;
    sample::Condition condition;
  };
  struct Param {  // set-param
    std::string name;
    std::shared_ptr<const sample::LogFormat> format;
    sample::Condition condition;
  };
  std::vector<PassedField> passed;
  std::vector<Param> params;

  sample::AclSet acls;
  std::shared_ptr<NameRefs> names = std::make_shared<NameRefs>(std::string());
  std::vector<std::string> lines;  // words joined: a part of what its backends say

  [[nodiscard]] bool logs() const { return log_to_global || !log_targets.empty(); }
};

}  // namespace weir::proxy
