// weir's main(): all of it is in app/run.cpp, so that tests can link it.
#include "app/run.h"

int main(int argc, char** argv) { return weir::app::run(argc, argv); }
