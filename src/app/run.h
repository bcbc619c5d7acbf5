// main(): the command line decides what the process does.
#pragma once

namespace weir::app {

int run(int argc, char** argv);

}  // namespace weir::app
